//! `dW = Xᵀ dZ`, and what the optimiser makes of it.
//!
//! The tile holds gradients: its rows are rows of `W`, its columns columns of `W`, its steps
//! samples. In plain gradient descent the tile is added to `W` from the registers, so that `dW` is never
//! written anywhere; for other rules the tile waits on the stack while the next is summed.
//! Rows of `W` are the outer loop, because `W` is read and written once and should pass by in order; with
//! many samples groups of rows are ([`WeightGrad::group`]). (Other rules take a vector of columns that is
//! left over behind all others, as tiles follow each other by their shapes.)
//!
//! Each gradient is one chain over the samples, from zero. With a single sample and plain gradient
//! descent, rows whose input is exactly zero are not visited: their gradient is zero.

#![allow(unsafe_code)] // pointers into the matrices, whose sizes `new` checks

use super::prefetch::prefetch_at;
use super::rule::{Fused, Step};
use super::sparse::{CHUNK, Nonzero, skips_zeros};
use super::tile::{Groups, NEAR, tile};
use super::vector::{Kernel, Simd};
use crate::math::Real;
use crate::rows::Rows;
use core::ops::Range;

/// Where weights lie, and the first of the numbers that the optimiser keeps for them.
#[derive(Clone, Copy)]
struct Place<T> {
    w: *mut T,
    slots: *mut T,
}

impl<T> Place<T> {
    /// So many columns further right.
    #[inline(always)]
    fn right(self, columns: usize) -> Self {
        Place {
            w: self.w.wrapping_add(columns),
            slots: self.slots.wrapping_add(columns),
        }
    }

    /// So many rows of `stride` numbers further down, each of which has so many rows of `slots`.
    #[inline(always)]
    fn down(self, rows: usize, slots: usize, stride: usize) -> Self {
        Place {
            w: self.w.wrapping_add(rows * stride),
            slots: self.slots.wrapping_add(rows * slots * stride),
        }
    }

    /// Asks for what a rule that keeps so many rows of slots will want.
    #[inline(always)]
    fn prefetch(self, slots: usize, stride: usize) {
        prefetch_at(self.w);
        for slot in 0..slots {
            prefetch_at(self.slots.wrapping_add(slot * stride));
        }
    }
}

/// A tile of gradients, where it begins, and whether the rule is still to see it.
struct Summed<S: Simd> {
    g: [[S::V; 2]; 8],
    at: Place<S::E>,
    waits: bool,
}

impl<S: Simd> Summed<S> {
    #[inline(always)]
    fn none(s: S, at: Place<S::E>) -> Self {
        let (g, waits) = ([[s.zero(); 2]; 8], false);
        Summed { g, at, waits }
    }
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

    /// Adds the gradients to some rows, `MR` at a time, panels of `NV` vectors from `v` on; the first vector
    /// after them.
    ///
    /// # Safety
    /// The rows must exist, a multiple of `MR`.
    #[inline(always)]
    unsafe fn panels<S: Simd<E = T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        rows: Range<usize>,
        mut v: usize,
    ) -> usize {
        while (v + NV) * S::LANES <= self.stride {
            for row in rows.clone().step_by(MR) {
                // SAFETY: the loop's condition for columns, the caller for rows; `new` has checked the
                // matrices.
                unsafe {
                    let mut sums = [[s.zero(); NV]; MR];
                    let x = self.x.as_ptr().wrapping_add(row);
                    let dz = self.dz.as_ptr().wrapping_add(v * S::LANES);
                    let (steps, apart) = (self.rows, self.x_stride);
                    tile::<S, MR, NV>(s, steps, x, 1, apart, dz, self.stride, &mut sums);
                    let w = self.w.as_mut_ptr().add(row * self.stride + v * S::LANES);
                    for i in 0..MR {
                        for j in 0..NV {
                            let w = w.add(i * self.stride + j * S::LANES);
                            s.store(s.add(s.load(w), sums[i][j]), w);
                        }
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
    fn blocks<S: Simd<E = T>, const MR: usize>(&mut self, s: S, row: usize) -> usize {
        let groups = Groups::<MR>::new(row, self.k, self.group());
        let end = groups.end;
        for rows in groups {
            let mut v = 0;
            // SAFETY: a group is whole tiles of rows that exist.
            unsafe {
                if !S::NARROW {
                    if MR == 1 {
                        v = self.panels::<S, MR, 8>(s, rows.clone(), v);
                    }
                    if MR <= 2 {
                        v = self.panels::<S, MR, 4>(s, rows.clone(), v);
                    }
                    v = self.panels::<S, MR, 2>(s, rows.clone(), v);
                }
                if S::ODD {
                    self.panels::<S, MR, 1>(s, rows, v);
                }
            }
        }
        end
    }

    /// How many rows of `W` a panel of columns serves before the next one: as few as can be, so that
    /// `W` passes by in order; but where `dZ` is too large for the near caches, and is read anew each time,
    /// as many as have room there for their inputs.
    #[inline(always)]
    fn group(&self) -> usize {
        if self.rows * self.stride <= NEAR {
            1
        } else {
            NEAR / 2 / self.rows
        }
    }

    /// All gradients, tile by tile, handed to a rule.
    #[inline(always)]
    fn hand_over<S: Simd<E = T>, R: Step<T>>(&mut self, s: S, rule: R) {
        // Made once: a pointer that is made anew takes the right to write from those before it.
        let start = Place {
            w: self.w.as_mut_ptr(),
            slots: self.slots.as_mut_ptr(),
        };
        let places = &mut [Summed::none(s, start), Summed::none(s, start)];
        let mut row = 0;
        if const { S::ROWS == 8 } {
            row = self.ruled_blocks::<S, R, 8>(s, rule, start, row, places);
        } else if const { S::ROWS == 6 } {
            row = self.ruled_blocks::<S, R, 6>(s, rule, start, row, places);
            row = self.ruled_blocks::<S, R, 2>(s, rule, start, row, places);
        } else {
            row = self.ruled_blocks::<S, R, 4>(s, rule, start, row, places);
        }
        self.ruled_blocks::<S, R, 1>(s, rule, start, row, places);
    }

    /// All blocks of `MR` rows from `row` on; the first row after them. (Shapes that a set of instructions
    /// has no use for are left out: where nothing is optimised they would take room on the stack.)
    #[inline(always)]
    fn ruled_blocks<S: Simd<E = T>, R: Step<T>, const MR: usize>(
        &mut self,
        s: S,
        rule: R,
        start: Place<T>,
        row: usize,
        places: &mut [Summed<S>; 2],
    ) -> usize {
        let mut v = 0;
        if const { !S::NARROW } {
            v = self.tiles::<S, R, MR, 2>(s, rule, start, (row, v), places);
        }
        if const { S::ODD } && v * S::LANES < self.stride {
            self.tiles::<S, R, MR, 1>(s, rule, start, (row, v), places);
        }
        self.k - (self.k - row) % MR
    }

    /// Of these the columns from vector `v` on that fill panels of `NV`; the first vector after them.
    ///
    /// The rule's roots and divisions are not made where products are: so it works on one tile
    /// while the next one is summed.
    #[inline(always)]
    fn tiles<S: Simd<E = T>, R: Step<T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        rule: R,
        start: Place<T>,
        (row, v): (usize, usize),
        [one, other]: &mut [Summed<S>; 2],
    ) -> usize {
        let end = self.stride / S::LANES / NV * NV;
        let panels = move || (v..end).step_by(NV);
        let tiles = Groups::<MR>::new(row, self.k, self.group()).flat_map(|rows| {
            panels().flat_map(move |v| rows.clone().step_by(MR).map(move |row| (row, v)))
        });
        let (mut before, mut after) = (one, other);
        before.waits = false;
        // Beside the last tile's rule nothing is summed.
        for tile in tiles.map(Some).chain([None]) {
            let samples = if tile.is_some() { self.rows } else { 0 };
            let (row, v) = tile.unwrap_or_default();
            after.at = start.down(row, R::SLOTS, self.stride).right(v * S::LANES);
            // SAFETY: a group is whole tiles of rows that exist; the tile before was one of these. In the
            // last round, for which the first tile stands, there are no samples.
            unsafe { self.beside::<S, R, MR, NV>(s, rule, before, after, (row, v), samples) };
            core::mem::swap(&mut before, &mut after);
        }
        end
    }

    /// The gradients of `MR` rows from `row` on, of `NV` vectors from `v` on; meanwhile the rule gets those
    /// that were summed before. (Two places in turn: nothing is copied.)
    ///
    /// A processor looks only some hundred instructions ahead. So the rule gets one vector every few
    /// samples, and of a step that has halves the second comes after the first half of the next. What it
    /// will want for this tile is asked for now. (Samples come in pairs, as instructions that only count
    /// are too many here already: a processor takes in so many a cycle.)
    ///
    /// # Safety
    /// Rows and vectors must exist if there are samples, and those of the tile before.
    #[inline(always)]
    unsafe fn beside<S: Simd<E = T>, R: Step<T>, const MR: usize, const NV: usize>(
        &mut self,
        s: S,
        rule: R,
        before: &Summed<S>,
        after: &mut Summed<S>,
        (row, v): (usize, usize),
        samples: usize,
    ) {
        let (x_stride, stride) = (self.x_stride, self.stride);
        let mut sums = [[s.zero(); NV]; MR];
        let pairs = if before.waits {
            samples / (2 * MR * NV)
        } else {
            0
        };
        let left = samples - 2 * pairs * MR * NV;
        let mut x = self.x.as_ptr().wrapping_add(row);
        let mut dz = self.dz.as_ptr().wrapping_add(v * S::LANES);
        // SAFETY: the caller's, for all of it; `new` has checked that x and dz have their rows.
        unsafe {
            let (mut here, mut next) = (before.at, after.at);
            let mut begun = ([s.zero(); 2], here.w);
            if before.waits {
                for i in 0..MR {
                    for j in 0..NV {
                        let here = here.right(j * S::LANES);
                        let half = rule.begin(s, before.g[i][j], here.w, here.slots, stride);
                        // (Once for each line.)
                        if j * size_of::<S::V>() % 64 == 0 {
                            next.right(j * S::LANES).prefetch(R::SLOTS, stride);
                        }
                        for _ in 0..pairs {
                            tile::<S, MR, NV>(s, 2, x, 1, x_stride, dz, stride, &mut sums);
                            x = x.wrapping_add(2 * x_stride);
                            dz = dz.wrapping_add(2 * stride);
                        }
                        if i + j > 0 {
                            rule.finish(s, begun.0, begun.1);
                        }
                        begun = (half, here.w);
                    }
                    here = here.down(1, R::SLOTS, stride);
                    next = next.down(1, R::SLOTS, stride);
                }
            }
            tile::<S, MR, NV>(s, left, x, 1, x_stride, dz, stride, &mut sums);
            if before.waits {
                rule.finish(s, begun.0, begun.1);
            }
        }
        for i in 0..MR {
            for j in 0..NV {
                after.g[i][j] = sums[i][j];
            }
        }
        after.waits = true;
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
                        v = self.panels::<S, 1, 2>(s, row..row + 1, v);
                    }
                    if S::ODD {
                        self.panels::<S, 1, 1>(s, row..row + 1, v);
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
    fn run<S: Simd<E = T>>(self, s: S) {
        let Ruled(mut work, rule) = self;
        work.hand_over(s, rule);
        rule.settle(work.slots, work.w.len());
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
