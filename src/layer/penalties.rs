//! What outputs add to the loss: memory of layers that ends with a number for each row.
//!
//! A layer that [`PENALIZES`](super::Layer::PENALIZES) leaves them there in its forward pass; one that is
//! made of layers adds up what these have left. So they arrive with whoever has called the outermost one,
//! in training and in prediction, row by row: in the same order whatever thread has had the row.

use crate::kernels::Element;

/// Memory for so many rows in two: without the penalties at its end, and these, if there are any.
#[inline(always)]
pub fn split<T>(memory: &mut [T], rows: usize, any: bool) -> (&mut [T], &mut [T]) {
    let len = if any { rows } else { 0 };
    memory.split_at_mut(memory.len() - len)
}

/// Adds the penalties at the end of the memory of a layer to others. The layer may have had several items of
/// each row.
#[inline(always)]
pub fn add<T: Element>(memory: &[T], items: usize, to: &mut [T]) {
    let own = &memory[memory.len() - items * to.len()..];
    for (to, own) in to.iter_mut().zip(own.chunks_exact(items.max(1))) {
        for &own in own {
            *to += own;
        }
    }
}

/// Adds the penalties of so many rows, which are the last numbers of a layer's memory, to the sum of those
/// before: one after another, so that it does not matter how a batch was cut.
pub fn sum<T: Element>(memory: &[T], rows: usize, before: f64) -> f64 {
    let own = &memory[memory.len() - rows..];
    own.iter().fold(before, |sum, x| sum + x.as_f64())
}
