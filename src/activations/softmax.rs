//! `softmax`: numbers become probabilities.

use super::Activation;
use super::pointwise::each;
use crate::kernels::Element;
use crate::rows::{Rows, RowsMut};
use crate::simd::Isa;

/// Sums over a row run in so many lanes, whatever the registers hold, so that the bits are the same on
/// all instruction sets.
const LANES: usize = 16;

/// Takes two rows in, number by number, into the lanes one after another.
#[inline(always)]
fn in_lanes<T: Element>(start: T, a: &[T], b: &[T], step: impl Fn(T, T, T) -> T) -> [T; LANES] {
    let mut lanes = [start; LANES];
    let mut take = |a: &[T], b: &[T]| {
        for ((lane, &a), &b) in lanes.iter_mut().zip(a).zip(b) {
            *lane = step(*lane, a, b);
        }
    };
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        take(a, b);
    }
    take(a_rest, b_rest);
    lanes
}

/// One number from all lanes: lane i takes lane i + 8, then those i + 4, down to one.
#[inline(always)]
fn by_halves<T: Element>(mut lanes: [T; LANES], join: impl Fn(T, T) -> T) -> T {
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            lanes[i] = join(lanes[i], lanes[i + half]);
        }
    }
    lanes[0]
}

/// `softmax`: y_i = e^z_i / Σ_j e^z_j, over all numbers of a sample.
#[derive(Clone, Copy, Debug)]
pub struct Softmax;

impl Activation for Softmax {
    const NEEDS_INPUT: bool = false;
    const NORMALIZES: bool = true;

    #[inline(always)]
    fn forward<T: Element, I: Isa>(isa: I, mut z: RowsMut<T>) {
        // The largest number is taken from all, which changes nothing and overflows nowhere.
        let larger = |most, z| if z > most { z } else { most };
        for z in z.iter_mut() {
            let most = by_halves(
                in_lanes(-T::INFINITY, z, z, |most, z, _| larger(most, z)),
                larger,
            );
            for z in z.iter_mut() {
                *z -= most;
            }
        }
        each(&mut z, |z| T::exp(isa, z));
        for e in z.iter_mut() {
            let sum = by_halves(in_lanes(T::zero(), e, e, |sum, e, _| sum + e), T::add);
            let scale = T::one() / sum;
            for e in e.iter_mut() {
                *e *= scale;
            }
        }
    }

    /// dz_i = y_i (dy_i - Σ_j y_j dy_j).
    #[inline(always)]
    fn backward<T: Element, I: Isa>(isa: I, y: Rows<T>, mut dy: RowsMut<T>) {
        for (y, dy) in y.iter().zip(dy.iter_mut()) {
            let products = in_lanes(T::zero(), y, dy, |sum, y, dy| T::fma(isa, y, dy, sum));
            let mean = by_halves(products, T::add);
            for (&y, dy) in y.iter().zip(dy) {
                *dy = y * (*dy - mean);
            }
        }
    }
}
