//! What layers of signals have in common: their check.

use crate::shape::Check;

/// Refuses an input that is no signal.
pub const fn expected(dims: &[usize]) -> Check {
    Check::that(
        dims.len() == 2,
        "{layer} expects a signal of two dimensions, [steps, channels], but {from} gives {input}",
        &[],
    )
}
