//! What layers that treat every feature by itself have in common.
//!
//! A sample is one group of features after another ([`Shape::Features`]). A few features do not fill a
//! vector register: so what is known of each feature is repeated until it does. Such a *pattern* fits
//! onto a sample from its beginning on, as often as there is room, and one loop serves for three
//! channels and for three hundred.

use crate::kernels::Element;
use crate::kernels::channelwise::pattern::{AddUp, add_up};
use crate::layer::Vector;
use crate::rows::Rows;
use crate::shape::{Dim, Shape};
use typenum::Unsigned;

/// How many features there are; at least 1.
pub const fn features<In: Shape>() -> usize {
    if In::Features::USIZE == 0 {
        1
    } else {
        In::Features::USIZE
    }
}

/// How many places a sample has: groups of features.
pub const fn places<In: Shape>() -> usize {
    In::SIZE / features::<In>()
}

/// How many numbers a pattern has.
pub const fn pattern<In: Shape>() -> usize {
    let features = features::<In>();
    if features < 32 {
        32 / features * features
    } else {
        features
    }
}

/// Repeats the first features of a pattern.
#[inline(always)]
pub fn repeat<In: Shape, T: Element>(pattern: &mut [T]) {
    let (first, rest) = pattern.split_at_mut(features::<In>());
    for group in rest.chunks_exact_mut(first.len()) {
        group.copy_from_slice(first);
    }
}

/// Makes a pattern of one number for each feature, or of another number if there are none.
#[inline(always)]
pub fn fill<In: Shape, T: Element, N: Dim>(pattern: &mut [T], numbers: &Vector<T, N>, other: T) {
    if N::USIZE == 0 {
        pattern.fill(other);
    } else {
        pattern[..N::USIZE].copy_from_slice(numbers);
        repeat::<In, T>(pattern);
    }
}

/// Sums over all samples, for each feature, of two rows and a pattern of which something is known.
#[inline(always)]
pub fn sum<In: Shape, T: Element, A: AddUp<T> + Copy>(
    what: A,
    [a, b]: [Rows<T>; 2],
    known: &[T],
    pattern: &mut [T],
) {
    pattern.fill(T::zero());
    for (a, b) in a.iter().zip(b.iter()) {
        add_up(what, [a, b], known, pattern);
    }
    let (first, rest) = pattern.split_at_mut(features::<In>());
    for group in rest.chunks_exact(first.len()) {
        for (sum, &part) in first.iter_mut().zip(group) {
            *sum += part;
        }
    }
    repeat::<In, T>(pattern);
}
