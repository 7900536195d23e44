//! What all targets share: an allocator that counts, and a small network.

#[path = "../../tests/memory/mod.rs"]
mod memory;

pub mod checkpoint;

use plywood::prelude::*;

/// Runs a reader, and panics if it holds more memory than this at any time.
pub fn within<T>(most: usize, work: impl FnOnce() -> T) -> T {
    let (result, peak) = memory::peak(work);
    assert!(peak <= most, "{peak} bytes, more than {most}");
    result
}

sequential! {
    /// The network whose weights are read.
    pub struct Net: [2] => [1] { Dense(3, tanh), Dense(1) }
}
