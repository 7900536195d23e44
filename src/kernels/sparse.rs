//! Which inputs of a single sample are not zero.
//!
//! Half of what a ReLU gives is zero, and so are the dark pixels of an image. With one sample a
//! product reads each row of the weights once, for one input: where that is zero, the row need not
//! be read at all. The list is made without branches, since nobody can predict them.

#![allow(unsafe_code)] // vectors are read through pointers, as `Simd` asks

use super::vector::Simd;
use core::mem::MaybeUninit;

/// How many inputs are listed at a time: the list lies on the stack.
pub const CHUNK: usize = 512;

/// Whether a product of one sample skips zeros: where the matrix is large enough to repay the
/// list. A matter of shapes alone, so that it is the same for all instruction sets.
#[inline(always)]
pub const fn skips_zeros(rows: usize, k: usize, stride: usize) -> bool {
    rows == 1 && k * stride > 1024
}

/// The places of those of some inputs that are not zero.
pub struct Nonzero {
    /// A vector too many may be written behind the last one.
    places: [MaybeUninit<u32>; CHUNK + 16],
}

impl Nonzero {
    /// None yet.
    #[inline(always)]
    pub fn none() -> Self {
        Nonzero {
            places: [const { MaybeUninit::uninit() }; CHUNK + 16],
        }
    }

    /// The places among at most [`CHUNK`] inputs, in ascending order.
    #[inline(always)]
    pub fn of<S: Simd>(&mut self, s: S, x: &[S::E]) -> &[u32] {
        let x = &x[..x.len().min(CHUNK)];
        let whole = x.len() / S::LANES * S::LANES;
        let places = self.places.as_mut_ptr().cast::<u32>();
        let mut count = 0;
        // SAFETY: each vector of inputs exists, at most as many places are written as inputs have been
        // read and those of a vector more, and the first `count` of them have been written.
        unsafe {
            for first in (0..whole).step_by(S::LANES) {
                count += s.nonzero(x.as_ptr().add(first), first as u32, places.add(count));
            }
            for (i, x) in x.iter().enumerate().skip(whole) {
                *places.add(count) = i as u32;
                count += usize::from(!num_traits::Zero::is_zero(x));
            }
            core::slice::from_raw_parts(places, count)
        }
    }
}

/// The most inputs whose places are bits of one number.
pub const FEW: usize = 64;

/// The places of those of at most [`FEW`] inputs that are not zero, in ascending order. (For so few, a list
/// takes longer to write than it saves.)
#[derive(Clone, Copy)]
pub struct Few(u64);

impl Few {
    /// The places among the first [`FEW`] inputs.
    #[inline(always)]
    pub fn of<S: Simd>(s: S, x: &[S::E]) -> Self {
        let x = &x[..x.len().min(FEW)];
        let whole = x.len() / S::LANES * S::LANES;
        let mut bits = 0;
        for first in (0..whole).step_by(S::LANES) {
            // SAFETY: each vector of inputs exists.
            bits |= u64::from(unsafe { s.mask(x.as_ptr().add(first)) }) << first;
        }
        for (i, x) in x.iter().enumerate().skip(whole) {
            bits |= u64::from(!num_traits::Zero::is_zero(x)) << i;
        }
        Few(bits)
    }
}

impl Iterator for Few {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let place = self.0.trailing_zeros() as usize;
        let is_there = self.0 != 0;
        self.0 &= self.0.wrapping_sub(1);
        is_there.then_some(place)
    }
}
