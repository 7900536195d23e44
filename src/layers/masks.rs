//! Numbers that a row is multiplied by in training, and kept for the way back.

use crate::kernels::Element;
use crate::layer::Moment;
use crate::random::Stream;
use crate::rows::{Rows, RowsMut};

/// Draws a mask: 0 with probability `rate`, and 1 / (1 - `rate`) otherwise.
#[inline(always)]
pub fn leave_out<T: Element>(mask: &mut [T], rate: f64, stream: &mut Stream) {
    let scale = T::of(1.0 / (1.0 - rate));
    // A number stays if 32 random bits are at least this.
    let threshold = (rate * 4_294_967_296.0) as u32;
    for masks in mask.chunks_mut(2) {
        let bits = stream.bits();
        for (mask, bits) in masks.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
            *mask = if bits >= threshold { scale } else { T::zero() };
        }
    }
}

/// Draws a mask of `len` numbers for each row by `draw`, and multiplies the rows by them.
#[inline(always)]
pub fn apply<T: Element>(
    x: Rows<T>,
    y: RowsMut<T>,
    masks: &mut [T],
    len: usize,
    moment: Moment<'_>,
    draw: impl Fn(&mut [T], &mut Stream),
) {
    for (row, mask) in masks.chunks_exact_mut(len.max(1)).take(x.len()).enumerate() {
        draw(mask, &mut moment.stream(row));
    }
    multiply(x, masks, len, y);
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
