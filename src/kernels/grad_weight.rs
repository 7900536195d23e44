//! `dW = Xᵀ dZ`, and what the optimiser makes of it.
//!
//! The tile holds gradients: its rows are rows of `W`, its columns columns of `W`, its steps
//! samples. Plain gradient descent happens in the registers, as `W += -rate * tile`, so that `dW`
//! is never written anywhere; for other rules the tile goes through a small block on the stack.
//! Rows of `W` are the outer loop, because `W` is read and written once and should pass by in order.
//!
//! Each gradient is one chain over the samples, from zero. With a single sample and plain gradient
//! descent, rows whose input is exactly zero are not visited: their gradient is zero.

#![allow(unsafe_code)] // pointers into the matrices, whose sizes `new` checks

use super::rule::{Block, Rule};
use super::sparse::{CHUNK, nonzero, skips_zeros};
use super::tile::tile;
use super::vector::{Kernel, Simd};
use crate::math::Real;
use crate::rows::Rows;
use core::mem::MaybeUninit;

/// The update as a [`Kernel`].
pub struct WeightGrad<'a, T> {
    rows: usize,
    k: usize,
    x: &'a [T],
    x_stride: usize,
    dz: &'a [T],
    stride: usize,
    rule: Rule<T>,
    w: &'a mut [T],
    slots: &'a mut [T],
}

impl<'a, T: Real> WeightGrad<'a, T> {
    #[inline(always)]
    pub fn new(
        x: Rows<'a, T>,
        dz: Rows<'a, T>,
        rule: Rule<T>,
        w: &'a mut [T],
        slots: &'a mut [T],
    ) -> Self {
        let (k, stride) = (x.width(), dz.stride());
        assert!(w.len() >= k * stride, "the weights do not fit the rows");
        assert!(
            slots.len() >= rule.slots() * w.len(),
            "the optimiser's numbers do not fit the weights"
        );
        Self {
            rows: x.len().min(dz.len()),
            k,
            x_stride: x.stride(),
            x: x.padded_data(),
            dz: dz.padded_data(),
            stride,
            rule,
            w,
            slots,
        }
    }

    /// The gradients of `MR` rows from `row` on, of `NV` vectors from `v` on.
    ///
    /// # Safety
    /// They must exist.
    #[inline(always)]
    unsafe fn sums<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &self,
        s: S,
        row: usize,
        v: usize,
    ) -> [[S::V; NV]; MR] {
        let zero = [[s.zero(); NV]; MR];
        // SAFETY: `new` has checked that x and dz have their rows, and the caller vouches for what
        // is taken of each.
        unsafe {
            let x = self.x.as_ptr().add(row);
            let dz = self.dz.as_ptr().add(v * S::LANES);
            tile::<S, MR, NV>(s, self.rows, x, 1, self.x_stride, dz, self.stride, zero)
        }
    }

    /// Plain gradient descent on `MR` rows, panels of `NV` vectors from `v` on; the first vector
    /// after them.
    ///
    /// # Safety
    /// The rows must exist.
    #[inline(always)]
    unsafe fn panels<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        rate: T,
        row: usize,
        mut v: usize,
    ) -> usize {
        let down = s.splat(-rate);
        while (v + NV) * S::LANES <= self.stride {
            // SAFETY: the loop's condition for columns, the caller for rows; `new` has checked w.
            unsafe {
                let sums = self.sums::<S, MR, NV>(s, row, v);
                let w = self.w.as_mut_ptr().add(row * self.stride + v * S::LANES);
                for i in 0..MR {
                    for j in 0..NV {
                        let w = w.add(i * self.stride + j * S::LANES);
                        s.store(s.fma(down, sums[i][j], s.load(w)), w);
                    }
                }
            }
            v += NV;
        }
        v
    }

    /// Plain gradient descent on all blocks of `MR` rows from `row` on; the first row after them.
    /// The fewer the rows, the wider the panels.
    #[inline(always)]
    fn blocks<S: Simd<E = T>, const MR: usize>(&mut self, s: S, rate: T, mut row: usize) -> usize {
        while row + MR <= self.k {
            let mut v = 0;
            // SAFETY: the loop's condition.
            unsafe {
                if !S::NARROW {
                    if MR == 1 {
                        v = self.panels::<S, MR, 8>(s, rate, row, v);
                    }
                    if MR <= 2 {
                        v = self.panels::<S, MR, 4>(s, rate, row, v);
                    }
                    v = self.panels::<S, MR, 2>(s, rate, row, v);
                }
                if S::ODD {
                    self.panels::<S, MR, 1>(s, rate, row, v);
                }
            }
            row += MR;
        }
        row
    }

    /// The gradients of `MR` rows, written to `to`, vector after vector; how many vectors wide.
    ///
    /// # Safety
    /// The rows and vector `v` must exist, and there must be room for 16 vectors.
    #[inline(always)]
    unsafe fn write<S: Simd<E = T>, const MR: usize>(
        &self,
        s: S,
        row: usize,
        v: usize,
        to: *mut T,
    ) -> usize {
        // SAFETY: the caller's; the condition keeps to vectors that exist.
        unsafe {
            if !S::NARROW && (v + 2) * S::LANES <= self.stride {
                let sums = self.sums::<S, MR, 2>(s, row, v);
                for i in 0..MR {
                    for j in 0..2 {
                        s.store(sums[i][j], to.add((2 * i + j) * S::LANES));
                    }
                }
                2
            } else {
                let sums = self.sums::<S, MR, 1>(s, row, v);
                for i in 0..MR {
                    s.store(sums[i][0], to.add(i * S::LANES));
                }
                1
            }
        }
    }

    /// All gradients, block after block on the stack, handed to the rule from there.
    #[inline(always)]
    fn hand_over<S: Simd<E = T>>(&mut self, s: S) {
        let mut block = [const { MaybeUninit::<T>::uninit() }; 16 * 16];
        let g: *mut T = block.as_mut_ptr().cast();
        let mut row = 0;
        while row < self.k {
            let rows = match self.k - row {
                4.. => 4,
                _ => 1,
            };
            let mut v = 0;
            while v * S::LANES < self.stride {
                let from = row * self.stride + v * S::LANES;
                // SAFETY: the loops' conditions for rows and vectors; a block has at most 8
                // vectors of 16 lanes; `new` has checked w and the slots.
                unsafe {
                    let vectors = match rows {
                        4 => self.write::<S, 4>(s, row, v, g),
                        _ => self.write::<S, 1>(s, row, v, g),
                    };
                    Block {
                        g,
                        rows,
                        vectors,
                        w: self.w.as_mut_ptr().add(from),
                        slots: self.slots.as_mut_ptr().wrapping_add(from),
                        slot: self.w.len(),
                        stride: self.stride,
                    }
                    .apply(s, &self.rule);
                    v += vectors;
                }
            }
            row += rows;
        }
    }

    /// Plain gradient descent with the only sample, visiting only the rows of `W` that move.
    #[inline(always)]
    fn single<S: Simd<E = T>>(&mut self, s: S, rate: T) {
        let mut list = [0; CHUNK];
        for first in (0..self.k).step_by(CHUNK) {
            let count = nonzero(&self.x[first..self.k.min(first + CHUNK)], &mut list);
            for &i in &list[..count] {
                let row = first + i as usize;
                let mut v = 0;
                // SAFETY: the list holds indices of inputs, that is of rows.
                unsafe {
                    if !S::NARROW {
                        v = self.panels::<S, 1, 2>(s, rate, row, v);
                    }
                    if S::ODD {
                        self.panels::<S, 1, 1>(s, rate, row, v);
                    }
                }
            }
        }
    }
}

impl<T: Real> Kernel<T> for WeightGrad<'_, T> {
    #[inline(always)]
    fn stride(&self) -> usize {
        self.stride
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(mut self, s: S) {
        let Some(rate) = self.rule.descent() else {
            return self.hand_over(s);
        };
        if skips_zeros(self.rows, self.k, self.stride) {
            return self.single(s, rate);
        }
        let mut row = 0;
        if S::NARROW || S::ROWS == 8 {
            row = self.blocks::<S, 8>(s, rate, row);
        } else if S::ROWS == 6 {
            row = self.blocks::<S, 6>(s, rate, row);
        }
        row = self.blocks::<S, 4>(s, rate, row);
        row = self.blocks::<S, 2>(s, rate, row);
        self.blocks::<S, 1>(s, rate, row);
    }
}
