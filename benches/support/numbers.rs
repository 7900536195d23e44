//! Numbers to compute with.

use plywood::rows::padded;
use std::ops::{Deref, DerefMut, Range};

/// Numbers that begin with a cache line, as those of a network do.
pub struct Numbers {
    data: Vec<f32>,
    range: Range<usize>,
}

impl Deref for Numbers {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.data[self.range.clone()]
    }
}

impl DerefMut for Numbers {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.data[self.range.clone()]
    }
}

/// Rows of `n` numbers, padded with zeros.
pub fn numbers(rows: usize, n: usize) -> Numbers {
    let len = rows * padded(n);
    let data = vec![0.0; len + 16];
    let start = data.as_ptr().align_offset(64);
    let range = start..start + len;
    let mut data = Numbers { data, range };
    for (r, row) in data.chunks_exact_mut(padded(n)).enumerate() {
        for (i, x) in row[..n].iter_mut().enumerate() {
            *x = ((r * 31 + i * 17) % 101) as f32 / 50.5 - 0.999;
        }
    }
    data
}
