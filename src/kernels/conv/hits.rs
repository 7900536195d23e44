//! The windows of a convolution that a gradient hits: where they begin in the image, counted as
//! [`places`](super::places) does, and the numbers.

#![allow(unsafe_code)] // numbers are read and written through pointers, as `Simd` asks

use super::places::{Places, Spots, counted};
use super::seen::{FILTERS, PIXELS};
use crate::kernels::vector::Simd;
use crate::math::Real;

/// Where a window begins, counted, and the number that it is multiplied by.
pub type Hit<T> = [T; 2];

/// Some of them.
pub struct Hits<T> {
    hits: [Hit<T>; PIXELS],
    len: usize,
}

impl<T: Real> Hits<T> {
    /// None yet.
    #[inline(always)]
    pub fn none() -> Self {
        Self {
            hits: [[T::zero(); 2]; PIXELS],
            len: 0,
        }
    }

    /// None any more.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    #[inline(always)]
    fn push(&mut self, at: usize, dz: T) {
        self.hits[self.len % PIXELS] = [counted(at), dz];
        self.len += 1;
    }

    /// All of them: where windows begin or, of those that lie inside in part, which positions they have.
    #[inline(always)]
    pub fn all(&self) -> &[Hit<T>] {
        &self.hits[..self.len.min(PIXELS)]
    }
}

/// What would be the hits of some filters at some places, if no number were zero: of what was picked.
/// (Borrowed: unoptimised, each move of so large an array would take its place on the stack again.)
pub struct Picked<'a, T>(pub &'a mut [[Hit<T>; FILTERS]; PIXELS]);

impl<T: Real> Picked<'_, T> {
    /// Those of `filters` filters, the first ones of `stride`, from their gradients and winners.
    ///
    /// # Safety
    /// There must be so many numbers, whole vectors, for each place.
    #[inline(always)]
    pub unsafe fn set<S: Simd<E = T>>(
        &mut self,
        s: S,
        places: &Places,
        spots: &Spots<T>,
        [dz, winners]: [*const T; 2],
        stride: usize,
        filters: usize,
    ) {
        let [down, across] = places.pool;
        let (zero, one) = (s.zero(), s.splat(T::one()));
        let [step, row_step] = places.steps.map(|step| s.splat(T::of(step)));
        for (i, picked) in self.0.iter_mut().enumerate().take(spots.count) {
            let first = s.splat(spots.at[i]);
            let last = s.splat(spots.at[i] + T::of(places.last));
            for f in (0..filters.min(FILTERS)).step_by(S::LANES) {
                // SAFETY: the caller's, and there is room for all filters.
                unsafe {
                    let tap = s.load(winners.add(i * stride + f));
                    let mut at = s.fma(tap, step, first);
                    for row in 1..down.kernel {
                        // 1 from the row's first tap on, 0 before.
                        let before = s.splat(T::of((row * across.kernel - 1) as f64));
                        let is_behind = s.min(s.max(s.sub(tap, before), zero), one);
                        at = s.fma(is_behind, row_step, at);
                    }
                    // What is no tap must not lead out of the image.
                    let at = s.min(s.max(at, first), last);
                    let [low, high] = s.interleave(at, s.load(dz.add(i * stride + f)));
                    let to = picked.as_mut_ptr().add(f).cast::<T>();
                    s.store(low, to);
                    s.store(high, to.add(S::LANES));
                }
            }
        }
    }
}

/// Places whose bits are set, from the lowest on.
#[derive(Clone, Copy)]
pub struct Bits {
    /// The bits of the places from `first` on.
    low: u64,
    high: u64,
    first: usize,
}

impl From<u128> for Bits {
    #[inline(always)]
    fn from(bits: u128) -> Self {
        Self {
            low: bits as u64,
            high: (bits >> 64) as u64,
            first: 0,
        }
    }
}

impl Iterator for Bits {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.low == 0 {
            if self.high == 0 {
                return None;
            }
            (self.low, self.high) = (self.high, 0);
            self.first += 64;
        }
        let i = self.first + self.low.trailing_zeros() as usize;
        self.low &= self.low - 1;
        Some(i)
    }
}

/// The hits of a filter among those picked, at some places: found while they are visited.
#[derive(Clone, Copy)]
pub struct OfPicked<'a, T> {
    picked: &'a [[Hit<T>; FILTERS]; PIXELS],
    filter: usize,
    places: Bits,
}

impl<T: Copy> Iterator for OfPicked<'_, T> {
    type Item = Hit<T>;

    #[inline(always)]
    fn next(&mut self) -> Option<Hit<T>> {
        let i = self.places.next()?;
        Some(self.picked[i % PIXELS][self.filter % FILTERS])
    }
}

impl<T> Picked<'_, T> {
    /// Those of a filter at the places in `seen`.
    #[inline(always)]
    pub fn of_filter(&self, filter: usize, seen: u128) -> OfPicked<'_, T> {
        OfPicked {
            picked: self.0,
            filter,
            places: seen.into(),
        }
    }
}

/// The hits of a filter whose numbers, `stride` apart, are not zero at some positions.
#[derive(Clone, Copy)]
pub struct OfPositions<'a, T> {
    pub spots: &'a Spots<T>,
    pub dz: &'a [T],
    pub stride: usize,
    pub places: Bits,
}

impl<T: Copy> Iterator for OfPositions<'_, T> {
    type Item = Hit<T>;

    #[inline(always)]
    fn next(&mut self) -> Option<Hit<T>> {
        let i = self.places.next()?;
        Some([self.spots.at[i % PIXELS], self.dz[i * self.stride]])
    }
}

impl<T: Real> Hits<T> {
    /// Adds the hits at other positions, and which these are.
    #[inline(always)]
    pub fn add_positions(&mut self, spots: &Spots<T>, dz: &[T], stride: usize, seen: u128) {
        for i in Bits::from(seen) {
            self.push(spots.first + i, dz[i * stride]);
        }
    }

    /// Adds those at other places, whose windows may lie inside in part only: those go to `partly`, with their
    /// positions. `winner` says what the filter has picked.
    #[inline(always)]
    pub fn add_others(
        &mut self,
        (places, spots): (&Places, &Spots<T>),
        [dz, winners]: [&[T]; 2],
        stride: usize,
        seen: u128,
        partly: &mut Hits<T>,
    ) {
        for i in Bits::from(seen) {
            let ([down, across], place) = (places.pool, spots.first + i);
            let (dz, tap) = (dz[i * stride], T::WHOLE + winners[i * stride]);
            let tap = tap.above_whole().min(down.kernel * across.kernel - 1);
            let [p, q] = places.position(
                [place / across.output, place % across.output],
                [tap / across.kernel, tap % across.kernel],
            );
            match places.window([p, q]) {
                Some(at) => self.push(at, dz),
                None => partly.push(p * places.conv.windows[1].output + q, dz),
            }
        }
    }
}
