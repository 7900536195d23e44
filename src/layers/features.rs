//! What layers that treat every feature by itself have in common.
//!
//! A sample is one group of features after another ([`Shape::Features`]). A few features do not fill a
//! vector register: so what is known of each feature is repeated until it does. Such a *pattern* fits
//! onto a sample from its beginning on, as often as there is room, and one loop serves for three
//! channels and for three hundred. Where the features are another axis than the last one, several numbers
//! of one lie side by side: so what is known of it stands there as often in the pattern.

use super::axis::FeatureAxis;
use crate::kernels::Element;
use crate::kernels::channelwise::pattern::{AddUp, add_up};
use crate::layer::Vector;
use crate::rows::Rows;
use crate::shape::{Dim, Shape};
use typenum::Unsigned;

/// A number to divide by, also where a dimension is wrong: at least 1.
pub const fn at_least_one(n: usize) -> usize {
    if n == 0 { 1 } else { n }
}

/// How many features there are; at least 1.
pub const fn features<In: Shape>() -> usize {
    at_least_one(In::Features::USIZE)
}

/// How many places a sample has: groups of features.
pub const fn places<In: Shape>() -> usize {
    In::SIZE / features::<In>()
}

/// How features lie in a sample.
#[derive(Clone, Copy)]
pub struct Pattern {
    /// How many there are.
    pub features: usize,
    /// How many numbers of one lie side by side.
    pub beside: usize,
}

impl Pattern {
    /// Of the features that a shape has.
    pub const fn of<In: Shape>() -> Self {
        Self {
            features: features::<In>(),
            beside: 1,
        }
    }

    /// Of another axis.
    pub const fn of_axis<In: Shape, A: FeatureAxis<In>>() -> Self {
        Self {
            features: at_least_one(A::Features::USIZE),
            beside: at_least_one(A::BESIDE),
        }
    }

    /// How many numbers one after another have something of every feature.
    const fn group(self) -> usize {
        self.features * self.beside
    }

    /// How many numbers a pattern has.
    pub const fn len(self) -> usize {
        let group = self.group();
        if group < 32 {
            32 / group * group
        } else {
            group
        }
    }

    /// Repeats the numbers of all features, with which a pattern begins.
    #[inline(always)]
    pub fn repeat<T: Copy>(self, pattern: &mut [T]) {
        let (first, rest) = pattern.split_at_mut(self.group());
        if self.beside > 1 {
            for feature in (0..self.features).rev() {
                let number = first[feature];
                first[feature * self.beside..][..self.beside].fill(number);
            }
        }
        for group in rest.chunks_exact_mut(first.len()) {
            group.copy_from_slice(first);
        }
    }

    /// The way back: puts one number of each feature first.
    #[inline(always)]
    pub fn gather<T: Copy>(self, pattern: &mut [T]) {
        if self.beside > 1 {
            for feature in 0..self.features {
                pattern[feature] = pattern[feature * self.beside];
            }
        }
    }

    /// Does something with a number of each feature and that of a pattern.
    #[inline(always)]
    pub fn each<T: Copy>(self, numbers: &mut [T], pattern: &[T], work: impl Fn(&mut T, T)) {
        // (A step of one that the compiler only knows would not be vector code.)
        if self.beside == 1 {
            for (number, &known) in numbers.iter_mut().zip(&pattern[..self.features]) {
                work(number, known);
            }
        } else {
            for (number, &known) in numbers.iter_mut().zip(pattern.iter().step_by(self.beside)) {
                work(number, known);
            }
        }
    }

    /// Makes a pattern of one number for each feature, or of another number if there are none.
    #[inline(always)]
    pub fn fill<T: Element, N: Dim>(self, pattern: &mut [T], numbers: &Vector<T, N>, other: T) {
        if N::USIZE == 0 {
            pattern.fill(other);
        } else {
            pattern[..N::USIZE].copy_from_slice(numbers);
            self.repeat(pattern);
        }
    }

    /// Sums over all samples, for each feature, of two rows and a pattern of which something is known.
    #[inline(always)]
    pub fn sum<T: Element, A: AddUp<T> + Copy>(
        self,
        what: A,
        [a, b]: [Rows<T>; 2],
        known: &[T],
        pattern: &mut [T],
    ) {
        pattern.fill(T::zero());
        for (a, b) in a.iter().zip(b.iter()) {
            add_up(what, [a, b], known, pattern);
        }
        let (first, rest) = pattern.split_at_mut(self.group());
        for group in rest.chunks_exact(first.len()) {
            for (sum, &part) in first.iter_mut().zip(group) {
                *sum += part;
            }
        }
        if self.beside > 1 {
            for feature in 0..self.features {
                let own = first[feature * self.beside..][..self.beside].iter();
                first[feature] = own.fold(T::zero(), |sum, &part| sum + part);
            }
        }
        self.repeat(pattern);
    }
}
