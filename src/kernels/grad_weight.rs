//! `dW = Xᵀ dZ`, and what the optimiser makes of it.
//!
//! The tile holds gradients: its rows are rows of `W`, its columns columns of `W`, its steps
//! samples. In plain gradient descent the tile is added to `W` from the registers, so that `dW` is never
//! written anywhere; for other rules the tile waits on the stack while the next is summed.
//! Rows of `W` are the outer loop, because `W` is read and written once and should pass by in order.
//!
//! Each gradient is one chain over the samples, from zero. With a single sample and plain gradient
//! descent, rows whose input is exactly zero are not visited: their gradient is zero.

#![allow(unsafe_code)] // pointers into the matrices, whose sizes `new` checks

use super::rule::{Fused, Step};
use super::sparse::{CHUNK, Nonzero, skips_zeros};
use super::tile::tile;
use super::vector::{Kernel, Simd};
use crate::math::Real;
use crate::rows::Rows;

/// A tile of gradients that the rule has not seen yet: `rows` rows of `across` vectors (1 or 2), and where
/// their weights and what the optimiser keeps for these begin.
struct Summed<S: Simd> {
    g: [[S::V; 2]; 8],
    rows: usize,
    across: usize,
    w: *mut S::E,
    slots: *mut S::E,
}

impl<S: Simd> Summed<S> {
    #[inline(always)]
    fn none(s: S) -> Self {
        Summed {
            g: [[s.zero(); 2]; 8],
            rows: 0,
            across: 0,
            w: core::ptr::null_mut(),
            slots: core::ptr::null_mut(),
        }
    }

    /// How many vectors it has.
    #[inline(always)]
    fn count(&self) -> usize {
        self.rows * self.across
    }

    /// Vector number `i`: the gradients, and where their weights lie and the first of their `slots`, if
    /// rows have `stride` numbers.
    #[inline(always)]
    fn vector(&self, i: usize, slots: usize, stride: usize) -> (S::V, *mut S::E, *mut S::E) {
        let (i, j) = if self.across == 2 {
            (i / 2, i % 2)
        } else {
            (i, 0)
        };
        let right = j * S::LANES;
        let slots = self.slots.wrapping_add(i * slots * stride + right);
        (self.g[i][j], self.w.wrapping_add(i * stride + right), slots)
    }
}

/// Where a tile begins: row and vector, and their weights and what the optimiser keeps for these.
#[derive(Clone, Copy)]
struct Place<T> {
    row: usize,
    v: usize,
    w: *mut T,
    slots: *mut T,
}

/// The update as a [`Kernel`].
pub struct WeightGrad<'a, T> {
    rows: usize,
    k: usize,
    x: &'a [T],
    x_stride: usize,
    dz: &'a [T],
    stride: usize,
    rule: Fused<T>,
    w: &'a mut [T],
    slots: &'a mut [T],
}

impl<'a, T: Real> WeightGrad<'a, T> {
    #[inline(always)]
    pub fn new(
        x: Rows<'a, T>,
        first: usize,
        dz: Rows<'a, T>,
        rule: Fused<T>,
        w: &'a mut [T],
        slots: &'a mut [T],
    ) -> Self {
        let stride = dz.stride();
        let k = w.len() / stride;
        assert!(first + k <= x.width(), "the weights do not fit the rows");
        assert!(
            slots.len() >= rule.slots() * w.len(),
            "the optimiser's numbers do not fit the weights"
        );
        Self {
            rows: x.len().min(dz.len()),
            k,
            x_stride: x.stride(),
            x: x.padded_data().get(first..).unwrap_or_default(),
            dz: dz.padded_data(),
            stride,
            rule,
            w,
            slots,
        }
    }

    /// The rule.
    #[inline(always)]
    pub fn rule(&self) -> Fused<T> {
        self.rule
    }

    /// Adds what `steps` samples from `sample` on have to say to the gradients of `MR` rows from
    /// `row` on, of `NV` vectors from `v` on.
    ///
    /// # Safety
    /// They must exist.
    #[inline(always)]
    unsafe fn more<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &self,
        s: S,
        row: usize,
        v: usize,
        sample: usize,
        steps: usize,
        sums: &mut [[S::V; NV]; MR],
    ) {
        // SAFETY: `new` has checked that x and dz have their rows, and the caller vouches for what
        // is taken of each.
        unsafe {
            let x = self.x.as_ptr().add(sample * self.x_stride + row);
            let dz = self.dz.as_ptr().add(sample * self.stride + v * S::LANES);
            tile::<S, MR, NV>(s, steps, x, 1, self.x_stride, dz, self.stride, sums);
        }
    }

    /// Adds the gradients to `MR` rows, panels of `NV` vectors from `v` on; the first vector
    /// after them.
    ///
    /// # Safety
    /// The rows must exist.
    #[inline(always)]
    unsafe fn panels<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        row: usize,
        mut v: usize,
    ) -> usize {
        while (v + NV) * S::LANES <= self.stride {
            // SAFETY: the loop's condition for columns, the caller for rows; `new` has checked w.
            unsafe {
                let mut sums = [[s.zero(); NV]; MR];
                self.more::<S, MR, NV>(s, row, v, 0, self.rows, &mut sums);
                let w = self.w.as_mut_ptr().add(row * self.stride + v * S::LANES);
                for i in 0..MR {
                    for j in 0..NV {
                        let w = w.add(i * self.stride + j * S::LANES);
                        s.store(s.add(s.load(w), sums[i][j]), w);
                    }
                }
            }
            v += NV;
        }
        v
    }

    /// The same for all blocks of `MR` rows from `row` on; the first row after them.
    /// The fewer the rows, the wider the panels.
    #[inline(always)]
    fn blocks<S: Simd<E = T>, const MR: usize>(&mut self, s: S, mut row: usize) -> usize {
        while row + MR <= self.k {
            let mut v = 0;
            // SAFETY: the loop's condition.
            unsafe {
                if !S::NARROW {
                    if MR == 1 {
                        v = self.panels::<S, MR, 8>(s, row, v);
                    }
                    if MR <= 2 {
                        v = self.panels::<S, MR, 4>(s, row, v);
                    }
                    v = self.panels::<S, MR, 2>(s, row, v);
                }
                if S::ODD {
                    self.panels::<S, MR, 1>(s, row, v);
                }
            }
            row += MR;
        }
        row
    }

    /// All gradients, tile by tile, handed to a rule. The rule's roots and divisions are not made
    /// where products are: so it works on one tile while the next one is summed.
    #[inline(always)]
    fn hand_over<S: Simd<E = T>, R: Step<T>>(&mut self, s: S, rule: R) {
        let (mut one, mut other) = (Summed::none(s), Summed::none(s));
        let mut tiles = [&mut one, &mut other];
        // Made once: a pointer that is made anew takes the right to write from those before it.
        let start = [self.w.as_mut_ptr(), self.slots.as_mut_ptr()];
        let row = if const { S::ROWS == 8 } {
            self.tiles::<S, R, 8>(s, rule, start, 0, &mut tiles)
        } else {
            self.tiles::<S, R, 4>(s, rule, start, 0, &mut tiles)
        };
        self.tiles::<S, R, 1>(s, rule, start, row, &mut tiles);
        let [before, _] = tiles;
        for i in 0..before.count() {
            let (g, w, slots) = before.vector(i, R::SLOTS, self.stride);
            // SAFETY: these sums were made for weights that exist.
            unsafe { rule.take(s, g, w, slots, self.stride) };
        }
    }

    /// All tiles of `MR` rows from `row` on; the first row after them. The first of two places is what was
    /// summed before. (Shapes that a set of instructions has no use for are left out: where nothing is
    /// optimised they would take room on the stack.)
    #[inline(always)]
    fn tiles<S: Simd<E = T>, R: Step<T>, const MR: usize>(
        &mut self,
        s: S,
        rule: R,
        [w, slots]: [*mut T; 2],
        mut row: usize,
        tiles: &mut [&mut Summed<S>; 2],
    ) -> usize {
        let stride = self.stride;
        let place = |row, v| Place {
            row,
            v,
            w: w.wrapping_add(row * stride + v * S::LANES),
            slots: slots.wrapping_add(row * R::SLOTS * stride + v * S::LANES),
        };
        while row + MR <= self.k {
            let mut v = 0;
            // SAFETY: the conditions.
            unsafe {
                if const { !S::NARROW } {
                    while (v + 2) * S::LANES <= stride {
                        self.beside::<S, R, MR, 2>(s, rule, place(row, v), tiles);
                        v += 2;
                    }
                }
                if const { S::ODD } && v * S::LANES < stride {
                    self.beside::<S, R, MR, 1>(s, rule, place(row, v), tiles);
                }
            }
            row += MR;
        }
        row
    }

    /// The gradients of `MR` rows of `NV` vectors from a place on; meanwhile the rule
    /// gets those that were summed before. (Two places in turn: nothing is copied.)
    ///
    /// A processor looks only some hundred instructions ahead. So the rule gets one vector every few
    /// samples, and of a step that has halves the second comes after the first half of the next.
    ///
    /// # Safety
    /// Rows and vectors must exist, also those of `before`.
    #[inline(always)]
    unsafe fn beside<S: Simd<E = T>, R: Step<T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        rule: R,
        at: Place<T>,
        tiles: &mut [&mut Summed<S>; 2],
    ) {
        let Place { row, v, .. } = at;
        let [before, after] = tiles;
        let mut sums = [[s.zero(); NV]; MR];
        let mut sample = 0;
        let each = (self.rows / 16).max(1);
        let mut half = [s.zero(); 2];
        // SAFETY: the caller's, for all of it.
        unsafe {
            for i in 0..before.count() {
                let (g, w, slots) = before.vector(i, R::SLOTS, self.stride);
                let next = rule.begin(s, g, w, slots, self.stride);
                let steps = each.min(self.rows - sample);
                self.more::<S, MR, NV>(s, row, v, sample, steps, &mut sums);
                sample += steps;
                if i > 0 {
                    let (_, w, _) = before.vector(i - 1, R::SLOTS, self.stride);
                    rule.finish(s, half, w);
                }
                half = next;
            }
            self.more::<S, MR, NV>(s, row, v, sample, self.rows - sample, &mut sums);
            if let Some(last) = before.count().checked_sub(1) {
                let (_, w, _) = before.vector(last, R::SLOTS, self.stride);
                rule.finish(s, half, w);
            }
        }
        for i in 0..MR {
            for j in 0..NV {
                after.g[i][j] = sums[i][j];
            }
        }
        (after.rows, after.across) = (MR, NV);
        (after.w, after.slots) = (at.w, at.slots);
        tiles.swap(0, 1);
    }

    /// Adds the gradients by the only sample, visiting only the rows of `W` that move.
    #[inline(always)]
    fn single<S: Simd<E = T>>(&mut self, s: S) {
        let mut nonzero = Nonzero::none();
        for (part, first) in self.x[..self.k].chunks(CHUNK).zip((0..).step_by(CHUNK)) {
            for &i in nonzero.of(s, part) {
                let row = first + i as usize;
                let mut v = 0;
                // SAFETY: the list holds indices of inputs, that is of rows.
                unsafe {
                    if !S::NARROW {
                        v = self.panels::<S, 1, 2>(s, row, v);
                    }
                    if S::ODD {
                        self.panels::<S, 1, 1>(s, row, v);
                    }
                }
            }
        }
    }
}

/// The update by a rule other than [`Add`](super::rule::Add), as a [`Kernel`].
pub struct Ruled<'a, T, R>(pub WeightGrad<'a, T>, pub R);

impl<T: Real, R: Step<T>> Kernel<T> for Ruled<'_, T, R> {
    #[inline(always)]
    fn stride(&self) -> usize {
        self.0.stride
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(mut self, s: S) {
        self.0.hand_over(s, self.1);
    }
}

impl<T: Real> Kernel<T> for WeightGrad<'_, T> {
    #[inline(always)]
    fn stride(&self) -> usize {
        self.stride
    }

    /// By [`Add`](super::rule::Add); other rules have [`Ruled`].
    #[inline(always)]
    fn run<S: Simd<E = T>>(mut self, s: S) {
        if skips_zeros(self.rows, self.k, self.stride) {
            return self.single(s);
        }
        let mut row = 0;
        if S::NARROW || S::ROWS == 8 {
            row = self.blocks::<S, 8>(s, row);
        } else if S::ROWS == 6 {
            row = self.blocks::<S, 6>(s, row);
        }
        row = self.blocks::<S, 4>(s, row);
        row = self.blocks::<S, 2>(s, row);
        self.blocks::<S, 1>(s, row);
    }
}
