//! The places of a gradient behind a convolution, and where the windows of their taps begin in the image.
//!
//! A gradient lies there as it is, one number for each position of the convolution, or as the one behind
//! a pooling layer, one for each of its windows together with the [`Picks`]. In both cases there are places,
//! each with some taps: positions with one tap, or pooling windows with several.
//!
//! Where a window begins is counted in numbers of the image's own type, above [`Real::WHOLE`]: so vectors
//! can do it, and the count is had from the bits.

use super::seen::PIXELS;
use super::{Conv, Picks};
use crate::math::Real;
use crate::shape::Window;

/// The most numbers of an image, and the most taps of a pooling window: so many can be counted.
pub const SIZE: usize = 1 << 23;

/// Whether all windows lie inside.
pub const fn is_inside(window: &Window) -> bool {
    window.before == 0 && window.after() == 0
}

/// How places meet positions, and positions the image.
pub struct Places {
    pub(super) conv: Conv,
    pub(super) pool: [Window; 2],
    /// How far the window of a position reaches in the image, vectors that are not full included.
    reach: usize,
    /// Numbers of the image.
    size: usize,
    /// How far the window of the next tap lies behind that of one: in the same row, and how much more where
    /// a row begins.
    pub(super) steps: [f64; 2],
    /// How far that of the last one lies behind that of the first.
    pub(super) last: f64,
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
    pub(super) fn position(&self, [p, q]: [usize; 2], [i, j]: [usize; 2]) -> [usize; 2] {
        let [down, across] = self.pool;
        [
            p * down.stride + i * down.dilation - down.before,
            q * across.stride + j * across.dilation - across.before,
        ]
    }

    /// Where the window of a position begins, if it can be read as a whole.
    #[inline(always)]
    pub(super) fn window(&self, [p, q]: [usize; 2]) -> Option<usize> {
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
    pub(super) first: usize,
    /// How many there are.
    pub count: usize,
    pub whole: u128,
    pub(super) at: [T; PIXELS],
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
pub fn counted<T: Real>(at: usize) -> T {
    T::WHOLE + T::of(at as f64)
}
