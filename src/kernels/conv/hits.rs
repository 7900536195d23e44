//! The windows of a convolution that a gradient hits: where they begin in the image, and the numbers.
//!
//! A gradient lies there as it is, one number for each position of the convolution, or as the one behind
//! a pooling layer, one for each of its windows together with the [`Picks`](super::Picks). In both cases
//! there are places, each with some taps: positions with one tap, or pooling windows with several.
//!
//! Where a window begins is counted in numbers of the image's own type, above [`Real::WHOLE`]: so vectors
//! can do it, and the count is had from the bits.

#![allow(unsafe_code)] // numbers are read and written through pointers, as `Simd` asks

use super::seen::{FILTERS, PIXELS};
use super::{Conv, Picks};
use crate::kernels::vector::Simd;
use crate::math::Real;
use crate::shape::Window;

/// The most numbers of an image, and the most taps of a pooling window: so many can be counted.
pub const SIZE: usize = 1 << 23;

/// How places meet positions, and positions the image.
pub struct Places {
    conv: Conv,
    pool: [Window; 2],
    /// How far the window of a position reaches in the image, vectors that are not full included.
    reach: usize,
    /// Numbers of the image.
    size: usize,
    /// How far the window of the next tap lies behind that of one: in the same row, and how much more where
    /// a row begins.
    steps: [f64; 2],
    /// How far that of the last one lies behind that of the first.
    last: f64,
}

impl Places {
    /// For a gradient as it is, or behind this pooling layer. The windows of the convolution consist of
    /// lines, of which `line_len` numbers are read.
    #[inline(always)]
    pub fn new<T>(conv: &Conv, picks: Option<&Picks<T>>, line_len: usize) -> Self {
        let [down, across] = conv.windows;
        let pool = match picks {
            Some(picks) => picks.pool.windows,
            None => conv.windows.map(|window| Window {
                input: window.output,
                output: window.output,
                ..Window::ONE
            }),
        };
        let row = across.input * conv.channels;
        let step = pool[1].dilation * across.stride * conv.channels;
        let line = pool[0].dilation * down.stride * row;
        Self {
            conv: *conv,
            pool,
            reach: (down.kernel - 1) * down.dilation * row + line_len,
            size: down.input * row,
            steps: [step as f64, line as f64 - (pool[1].kernel * step) as f64],
            last: ((pool[0].kernel - 1) * line + (pool[1].kernel - 1) * step) as f64,
        }
    }

    /// How many there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.pool[0].output * self.pool[1].output
    }

    /// Where a pixel of the image begins.
    #[inline(always)]
    fn begin(&self, row: usize, column: usize) -> usize {
        (row * self.conv.windows[1].input + column) * self.conv.channels
    }

    /// The position of the convolution, down and across, that is a tap of a place. It must be inside.
    #[inline(always)]
    fn position(&self, [p, q]: [usize; 2], [i, j]: [usize; 2]) -> [usize; 2] {
        let [down, across] = self.pool;
        [
            p * down.stride + i * down.dilation - down.before,
            q * across.stride + j * across.dilation - across.before,
        ]
    }

    /// Where the window of a position begins, if it can be read as a whole.
    #[inline(always)]
    fn window(&self, [p, q]: [usize; 2]) -> Option<usize> {
        let [down, across] = self.conv.windows;
        let starts = |window: Window, p: usize| {
            let at = (p * window.stride).checked_sub(window.before)?;
            (at + window.extent() <= window.input).then_some(at)
        };
        let at = self.begin(starts(down, p)?, starts(across, q)?);
        (at + self.reach <= self.size).then_some(at)
    }
}

/// Some places one after another: those all of whose windows can be read as a whole, as bits, and where
/// the first ones begin.
pub struct Spots<T> {
    first: usize,
    /// How many there are.
    pub count: usize,
    pub whole: u128,
    at: [T; PIXELS],
}

impl<T: Real> Spots<T> {
    /// The places from `first` on.
    #[inline(always)]
    pub fn new(places: &Places, first: usize) -> Self {
        let mut spots = Self {
            first,
            count: PIXELS.min(places.len() - first),
            whole: 0,
            at: [T::WHOLE; PIXELS],
        };
        let [down, across] = places.pool;
        // Whether all taps lie on the convolution's output.
        let inside = |window: Window, place: usize| {
            let at = place * window.stride;
            at >= window.before && at - window.before + window.extent() <= window.input
        };
        let corners = [[0, 0], [down.kernel - 1, across.kernel - 1]];
        let (mut p, mut q) = (first / across.output, first % across.output);
        for i in 0..spots.count {
            if inside(down, p) && inside(across, q) {
                let windows = corners.map(|tap| places.window(places.position([p, q], tap)));
                if let [Some(at), Some(_)] = windows {
                    spots.whole |= 1 << i;
                    spots.at[i] = counted(at);
                }
            }
            q += 1;
            if q == across.output {
                (p, q) = (p + 1, 0);
            }
        }
        spots
    }
}

/// A number of the image, counted.
#[inline(always)]
fn counted<T: Real>(at: usize) -> T {
    T::WHOLE + T::of(at as f64)
}

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

    /// The windows that can be read as a whole: where they begin.
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

/// Evaluates the body for each bit that is set, from the lowest on.
macro_rules! each_bit {
    ($bits:expr, $i:ident => $body:block) => {
        let bits: u128 = $bits;
        for (half, first) in [(bits as u64, 0), ((bits >> 64) as u64, 64)] {
            let mut rest = half;
            while rest != 0 {
                let $i = first + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                $body
            }
        }
    };
}

impl<T: Real> Hits<T> {
    /// The hits of filter `f` among those picked whose numbers are not zero, at the places in `seen`.
    #[inline(always)]
    pub fn of_picked(&mut self, picked: &Picked<T>, f: usize, seen: u128) {
        let mut len = 0;
        each_bit!(seen, i => {
            self.hits[len % PIXELS] = picked.0[i][f];
            len += 1;
        });
        self.len = len;
    }

    /// The hits of a filter whose numbers, `stride` apart, are not zero at the positions in `seen`.
    #[inline(always)]
    pub fn of_positions(&mut self, spots: &Spots<T>, dz: &[T], stride: usize, seen: u128) {
        let mut len = 0;
        each_bit!(seen, i => {
            self.hits[len % PIXELS] = [spots.at[i], dz[i * stride]];
            len += 1;
        });
        self.len = len;
    }

    /// The hits at other positions, and which these are.
    #[inline(always)]
    pub fn of_others(&mut self, spots: &Spots<T>, dz: &[T], stride: usize, seen: u128) {
        self.len = 0;
        each_bit!(seen, i => {
            self.push(spots.first + i, dz[i * stride]);
        });
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
        each_bit!(seen, i => {
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
        });
    }
}
