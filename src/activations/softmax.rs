//! `softmax`: numbers become probabilities.

use super::Activation;
use crate::kernels::Element;
use crate::rows::{Rows, RowsMut};
use crate::simd::Isa;

/// `softmax`: y_i = e^z_i / Σ_j e^z_j, over all numbers of a sample.
#[derive(Clone, Copy, Debug)]
pub struct Softmax;

impl Activation for Softmax {
    const NEEDS_INPUT: bool = false;
    const NORMALIZES: bool = true;

    #[inline(always)]
    fn forward<T: Element, I: Isa>(isa: I, mut z: RowsMut<T>) {
        for z in z.iter_mut() {
            // The largest number is taken from all, which changes nothing and overflows nowhere.
            let most = z
                .iter()
                .fold(-T::INFINITY, |most, &z| if z > most { z } else { most });
            for z in z.iter_mut() {
                *z = T::exp(isa, *z - most);
            }
            let sum = z.iter().fold(T::zero(), |sum, &e| sum + e);
            let scale = T::one() / sum;
            for z in z.iter_mut() {
                *z *= scale;
            }
        }
    }

    /// dz_i = y_i (dy_i - Σ_j y_j dy_j).
    #[inline(always)]
    fn backward<T: Element, I: Isa>(isa: I, y: Rows<T>, mut dy: RowsMut<T>) {
        for (y, dy) in y.iter().zip(dy.iter_mut()) {
            let mean = y
                .iter()
                .zip(&*dy)
                .fold(T::zero(), |sum, (&y, &dy)| T::fma(isa, y, dy, sum));
            for (&y, dy) in y.iter().zip(dy) {
                *dy = y * (*dy - mean);
            }
        }
    }
}
