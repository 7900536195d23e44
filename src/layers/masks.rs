//! Numbers that a row is multiplied by in training, and kept for the way back.

use crate::kernels::Element;
use crate::random::Places;
use crate::rows::{Rows, RowsMut};

/// Draws a mask: 0 with probability `rate`, and 1 / (1 - `rate`) otherwise.
#[inline(always)]
pub fn leave_out<T: Element>(mask: &mut [T], rate: f64, random: Places) {
    let scale = T::of(1.0 / (1.0 - rate));
    // A number stays if its 32 random bits are at least this.
    let threshold = (rate * 4_294_967_296.0) as u32;
    for (place, mask) in mask.iter_mut().enumerate() {
        let stays = random.bits(place as u32) >= threshold;
        *mask = if stays { scale } else { T::zero() };
    }
}

/// The masks of `len` numbers each of the first rows.
#[inline(always)]
pub fn of_rows<T>(
    masks: &mut [T],
    len: usize,
    rows: usize,
) -> impl Iterator<Item = (usize, &mut [T])> {
    masks.chunks_exact_mut(len.max(1)).take(rows).enumerate()
}

/// `y = x mask`, each row with its mask of `len` numbers, from the row's beginning on as often as there
/// is room.
#[inline(always)]
pub fn multiply<T: Element>(x: Rows<T>, masks: &[T], len: usize, mut y: RowsMut<T>) {
    let len = len.max(1);
    for ((x, y), mask) in x.iter().zip(y.iter_mut()).zip(masks.chunks_exact(len)) {
        for (x, y) in x.chunks(len).zip(y.chunks_mut(len)) {
            for ((y, &x), &mask) in y.iter_mut().zip(x).zip(mask) {
                *y = x * mask;
            }
        }
    }
}
