//! `dX = dZ Wᵀ` and `W += Xᵀ dZ` for a single sample, in one pass over `W`.
//!
//! With one sample each weight meets one product in each of the two, and reading it takes longer than that:
//! here it is read once for both. Behind a relu both visit the same rows of `W`: those whose input is not
//! zero.
//!
//! The numbers are those of [`super::grad_input`] and then [`super::grad_weight`] by the rule
//! [`Add`](super::rule::Add), bit for bit: a dot is summed in 16 lanes and by the same tree.

#![allow(unsafe_code)] // rows by their place, which lists of inputs name

use super::sparse::{CHUNK, Nonzero, skips_zeros};
use super::vector::{Kernel, Simd, halved};
use crate::math::Real;
use crate::rows::{Rows, RowsMut};
use core::mem::MaybeUninit;

/// Whether one pass is less work than two, for a matrix of `k` rows of `n` numbers, each padded to `stride`.
/// (Up to 8 columns, rows are turned around to be dotted.)
#[inline(always)]
pub const fn descends(k: usize, n: usize, stride: usize) -> bool {
    n > 8 && skips_zeros(1, k, stride)
}

/// Both products as a [`Kernel`].
pub struct Descent<'a, T> {
    x: Rows<'a, T>,
    dz: Rows<'a, T>,
    w: &'a mut [T],
    dx: RowsMut<'a, T>,
}

impl<'a, T: Real> Descent<'a, T> {
    #[inline(always)]
    pub fn new(x: Rows<'a, T>, dz: Rows<'a, T>, w: &'a mut [T], dx: RowsMut<'a, T>) -> Self {
        let (k, stride) = (dx.width(), dz.stride());
        assert!(
            [x.len(), dz.len(), dx.len()] == [1; 3],
            "there must be one sample"
        );
        assert!(x.width() == k, "the inputs do not fit their gradients");
        assert!(w.len() >= k * stride, "the weights do not fit the rows");
        assert!(
            descends(k, dz.width(), stride) && stride.is_multiple_of(16),
            "the matrix wants two passes, or its rows are not padded"
        );
        Self { x, dz, w, dx }
    }

    /// The first `M` rows of a list of places, counted from `first`, again and again while there are so many;
    /// the places that are left.
    ///
    /// # Safety
    /// There must be a row at each place, and rows must be multiples of 16.
    #[inline(always)]
    unsafe fn rows<'p, S: Simd<E = T>, const M: usize>(
        &mut self,
        s: S,
        first: usize,
        places: &'p [u32],
    ) -> &'p [u32] {
        let (chunks, rest) = places.as_chunks::<M>();
        for places in chunks {
            let rows = places.map(|at| first + at as usize);
            // SAFETY: the caller's.
            let sums = unsafe { self.passes::<S, M>(s, rows) };
            for (four, rows) in sums.chunks(4).zip(rows.chunks(4)) {
                let mut all = [s.zero(); 4];
                all[..four.len()].copy_from_slice(four);
                for (dot, &row) in s.sum4(all).into_iter().zip(rows) {
                    self.dx.padded_data()[row] = dot;
                }
            }
        }
        rest
    }

    /// The lanes of the dots with `M` rows, halved down to one register's; the rows move.
    ///
    /// # Safety
    /// As for `rows`.
    #[inline(always)]
    unsafe fn passes<S: Simd<E = T>, const M: usize>(
        &mut self,
        s: S,
        rows: [usize; M],
    ) -> [S::V; M] {
        if S::LANES == 16 {
            // SAFETY: the caller's.
            return unsafe { self.pass::<S, M>(s, rows, 0) };
        }
        let mut parts = [const { MaybeUninit::<[S::V; M]>::uninit() }; 4];
        for (part, lane) in (0..16).step_by(S::LANES).enumerate() {
            // SAFETY: the caller's.
            parts[part].write(unsafe { self.pass::<S, M>(s, rows, lane) });
        }
        let mut sums = [s.zero(); M];
        for i in 0..M {
            // SAFETY: all parts that registers of so many lanes have, have been written.
            sums[i] = halved(s, |part| unsafe { parts[part].assume_init_ref()[i] });
        }
        sums
    }

    /// The lanes of one pass: those that begin with `lane`.
    ///
    /// # Safety
    /// As for `rows`.
    #[inline(always)]
    unsafe fn pass<S: Simd<E = T>, const M: usize>(
        &mut self,
        s: S,
        rows: [usize; M],
        lane: usize,
    ) -> [S::V; M] {
        let stride = self.dz.stride();
        let (x, dz) = (self.x.padded_data(), self.dz.padded_data().as_ptr());
        let w = self.w.as_mut_ptr();
        let w = rows.map(|row| w.wrapping_add(row * stride));
        let x = rows.map(|row| s.splat(x[row]));
        let mut sums = [s.zero(); M];
        let mut column = lane;
        while column < stride {
            // SAFETY: the caller's for the rows; the column is less than their length, a multiple of 16.
            unsafe {
                let dz = s.load(dz.add(column));
                // All are read before any is written: rows are often multiples of 4 KiB apart, and a
                // processor that compares the low bits of addresses would let a read wait for such a write.
                let mut old = [s.zero(); M];
                for i in 0..M {
                    old[i] = s.load(w[i].add(column));
                    sums[i] = s.fma(dz, old[i], sums[i]);
                }
                for i in 0..M {
                    s.store(s.add(old[i], s.fma(x[i], dz, s.zero())), w[i].add(column));
                }
            }
            column += 16;
        }
        sums
    }
}

impl<T: Real> Kernel<T> for Descent<'_, T> {
    #[inline(always)]
    fn stride(&self) -> usize {
        self.dz.stride()
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(mut self, s: S) {
        let k = self.dx.width();
        self.dx.padded_data()[..k].fill(T::zero());
        let mut nonzero = Nonzero::none();
        let x = &self.x.padded_data()[..k];
        for (part, first) in x.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
            let mut places = nonzero.of(s, part);
            // SAFETY: the list names inputs, that is rows.
            unsafe {
                places = self.rows::<S, 4>(s, first, places);
                self.rows::<S, 1>(s, first, places);
            }
        }
    }
}
