//! `softmax`: numbers become probabilities.

use super::pointwise::each;
use super::{Activation, Pointwise};
use crate::error::Result;
use crate::kernels::Element;
use crate::kernels::channelwise::place;
use crate::lanes::{Largest, Products, Sum, in_lanes, total};
use crate::layer::Arguments;
use crate::onnx::{Attribute, Graph};
use crate::rows::{Rows, RowsMut};
use crate::simd::Isa;

/// e^z.
struct Exponential;
impl Pointwise for Exponential {
    const NEEDS_INPUT: bool = false;
    #[inline(always)]
    fn apply<T: Element, I: Isa>(isa: I, z: T) -> T {
        T::exp(isa, z)
    }
    #[inline(always)]
    fn derivative<T: Element, I: Isa>(_: I, y: T) -> T {
        y
    }
}

/// Takes the largest number from all, which changes nothing and overflows nowhere.
#[inline(always)]
fn lower<T: Element, I: Isa>(isa: I, z: &mut [T]) {
    let most = in_lanes(isa, &Largest, -T::INFINITY, z, z);
    for z in z {
        *z -= most;
    }
}

/// Divides all numbers by their sum.
#[inline(always)]
fn share<T: Element, I: Isa>(isa: I, e: &mut [T]) {
    let scale = T::one() / total(isa, &Sum, e, e);
    for e in e {
        *e *= scale;
    }
}

/// dz_i = y_i (dy_i - Σ_j y_j dy_j), in place.
#[inline(always)]
fn slope<T: Element, I: Isa>(isa: I, y: &[T], dy: &mut [T]) {
    let mean = total(isa, &Products, y, dy);
    for (&y, dy) in y.iter().zip(dy) {
        *dy = y * (*dy - mean);
    }
}

/// `softmax`: y_i = e^z_i / Σ_j e^z_j. Numbers become probabilities: as an argument of a layer,
/// `Dense(10, softmax)`, over all numbers of a sample; or as a layer, Keras' `Softmax`.
///
/// The layer takes any input, and the output has the same shape. Its sums go over the last dimension, of
/// an image over the channels. No arguments.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     /// Learns as with `Dense(3, softmax)`: a cross-entropy takes both derivatives at once.
///     struct Net: [4] => [3] { Dense(3), Softmax }
/// }
/// let p = Net::new(1).predict(&[1.0, 2.0, 3.0, 4.0]);
/// assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
/// ```
///
/// # Errors of the compiler
/// If a sum would go over a single number.
#[derive(Clone, Copy, Debug, Arguments)]
pub struct Softmax;

impl Activation for Softmax {
    const NEEDS_INPUT: bool = false;
    const NORMALIZES: bool = true;

    #[inline(always)]
    fn forward<T: Element, I: Isa>(isa: I, mut z: RowsMut<T>) {
        for z in z.iter_mut() {
            lower(isa, z);
        }
        each::<Exponential, T, I>(isa, &mut z);
        for e in z.iter_mut() {
            share(isa, e);
        }
    }

    #[inline(always)]
    fn backward<T: Element, I: Isa>(isa: I, y: Rows<T>, mut dy: RowsMut<T>) {
        for (y, dy) in y.iter().zip(dy.iter_mut()) {
            slope(isa, y, dy);
        }
    }

    fn onnx(graph: &mut Graph) -> Result<()> {
        graph.apply("Softmax", &[], &[("axis", Attribute::Int(-1))]);
        Ok(())
    }
}

impl Softmax {
    /// The same over each group of so many numbers of a sample.
    #[inline(always)]
    pub(crate) fn forward_groups<T: Element, I: Isa>(isa: I, mut z: RowsMut<T>, group: usize) {
        for z in z.iter_mut() {
            for i in 0..z.len() / group {
                let at = place::start(i, group);
                let z = &mut z[at..at + group];
                let most = in_lanes(isa, &Largest, -T::INFINITY, z, z);
                place::lower(z, most);
            }
        }
        each::<Exponential, T, I>(isa, &mut z);
        for e in z.iter_mut() {
            for i in 0..e.len() / group {
                let at = place::start(i, group);
                let e = &mut e[at..at + group];
                let scale = T::one() / total(isa, &Sum, e, e);
                place::stretch(e, scale);
            }
        }
    }

    /// From dy to dz of that, in place.
    #[inline(always)]
    pub(crate) fn backward_groups<T: Element, I: Isa>(
        isa: I,
        y: Rows<T>,
        mut dy: RowsMut<T>,
        group: usize,
    ) {
        for (y, dy) in y.iter().zip(dy.iter_mut()) {
            for i in 0..y.len() / group {
                let at = place::start(i, group);
                let (y, dy) = (&y[at..at + group], &mut dy[at..at + group]);
                let mean = total(isa, &Products, y, dy);
                place::slope(y, mean, dy);
            }
        }
    }
}
