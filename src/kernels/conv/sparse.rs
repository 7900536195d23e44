//! The gradients of a convolution where few of its outputs matter: behind max-pooling at least three of
//! four numbers of `dZ` are zero, and behind relu more.
//!
//! Only pairs of a position and a filter whose `dz` is not zero are visited, filter by filter: see [`Seen`].
//! Each is
//! one product of a number with vectors that run along the channels: of the filter, added to the window
//! of the gradient by the input, or of the window of the input, added to the filter's gradient. What
//! belongs to the filter stays in registers.

#![allow(unsafe_code)] // pointers into images and filters, whose sizes the constructors check

use super::Conv;
use super::seen::{FILTERS, PIXELS, Seen, each_bit};
use crate::kernels::vector::{Kernel, Simd};
use crate::math::Real;
use crate::rows::{Rows, RowsMut, padded};
use core::ops::Range;

/// Channels and rows of the weights go in eights: so threads share the rows.
const EIGHT: usize = 8;
/// The most rows of some filters that go together.
const ROWS: usize = 144;

/// Whether a convolution has sizes that [`Sparse`] can do.
#[inline(always)]
pub const fn may_be_sparse(conv: &Conv) -> bool {
    let [down, across] = conv.windows;
    conv.groups == 1
        && across.dilation == 1
        && down.input * across.input * conv.channels <= u32::MAX as usize
        && conv.channels.is_multiple_of(EIGHT)
        && conv.filters.is_multiple_of(EIGHT)
}

/// Whether a sample's `dz` has few numbers that are not zero: a matter of the sample alone.
#[inline(always)]
pub fn is_sparse<T: Real>(dz: &[T]) -> bool {
    let mut count = 0;
    for dz in dz {
        count += u32::from(!dz.is_zero());
    }
    4 * count as usize <= dz.len()
}

/// The weights filter by filter.
pub fn transpose<T: Real>(conv: &Conv, w: &[T], filters: &mut [T]) {
    let rows = conv.taps() * conv.channels;
    for (row, w) in w.chunks_exact(padded(conv.filters)).take(rows).enumerate() {
        for (&w, filter) in w.iter().zip(filters.chunks_exact_mut(rows)) {
            filter[row] = w;
        }
    }
}

/// One of the two passes over samples of few numbers, as a `Kernel`.
pub struct Sparse<'a, T> {
    conv: Conv,
    dz: Rows<'a, T>,
    pass: Pass<'a, T>,
}

enum Pass<'a, T> {
    /// The filters, and the gradient by the input.
    Input(&'a [T], RowsMut<'a, T>),
    /// The input, and some rows of the gradient by the weights.
    Weights(Rows<'a, T>, Range<usize>, &'a mut [T]),
}

impl<'a, T: Real> Sparse<'a, T> {
    /// The gradient by the input, from the weights as `transpose` left them.
    #[inline(always)]
    pub fn input(conv: &Conv, dz: Rows<'a, T>, filters: &'a [T], dx: RowsMut<'a, T>) -> Self {
        assert!(
            filters.len() >= conv.taps() * conv.channels * conv.filters && dz.len() == dx.len(),
            "the weights or the samples do not fit"
        );
        Self::checked(conv, dz, dx.width(), Pass::Input(filters, dx))
    }

    /// Adds the gradient by the rows of the weights from `first` on that are in `dw`: whole eights.
    #[inline(always)]
    pub fn weights(
        conv: &Conv,
        x: Rows<'a, T>,
        first: usize,
        dz: Rows<'a, T>,
        dw: &'a mut [T],
    ) -> Self {
        let rows = first..first + dw.len() / padded(conv.filters);
        assert!(
            rows.end <= conv.taps() * conv.channels && x.len() == dz.len(),
            "the weights or the samples do not fit"
        );
        assert!(
            rows.start.is_multiple_of(EIGHT) && rows.end.is_multiple_of(EIGHT),
            "the rows of the weights are no eights"
        );
        Self::checked(conv, dz, x.width(), Pass::Weights(x, rows, dw))
    }

    /// The sizes on which the pointers rely.
    #[inline(always)]
    fn checked(conv: &Conv, dz: Rows<'a, T>, width: usize, pass: Pass<'a, T>) -> Self {
        let [down, across] = conv.windows;
        assert!(may_be_sparse(conv), "the sizes are others");
        assert!(
            width == down.input * across.input * conv.channels
                && dz.width() == down.output * across.output * conv.filters,
            "the images do not fit the rows"
        );
        Self {
            conv: *conv,
            dz,
            pass,
        }
    }
}

/// The rows of some filters, and where their numbers of the image lie.
struct Part {
    /// The first filter, and how many.
    first: usize,
    count: usize,
    rows: Range<usize>,
    /// For each eight rows, as seen from the first tap.
    offsets: [usize; ROWS / EIGHT],
}

impl Part {
    /// The rows from `start` on, at most up to `end`, of the filters from `first` on.
    #[inline(always)]
    fn new(conv: &Conv, first: usize, start: usize, end: usize) -> Self {
        let [down, across] = conv.windows;
        let run = across.kernel * conv.channels;
        let line = down.dilation * across.input * conv.channels;
        let rows = start..end.min(start + ROWS);
        let mut offsets = [0; ROWS / EIGHT];
        for (row, offset) in rows.clone().step_by(EIGHT).zip(&mut offsets) {
            *offset = row / run * line + row % run;
        }
        Self {
            first,
            count: FILTERS.min(conv.filters - first),
            rows,
            offsets,
        }
    }
}

/// Some positions one after another: those whose windows lie inside, as bits, and where these begin.
struct Spots {
    inside: u128,
    at: [u32; PIXELS],
}

impl Spots {
    /// The positions from `first` on.
    #[inline(always)]
    fn new(conv: &Conv, first: usize, count: usize) -> Self {
        let [down, across] = conv.windows;
        let mut spots = Self {
            inside: 0,
            at: [0; PIXELS],
        };
        let line_len = across.input * conv.channels;
        let (mut p, mut q) = (first / across.output, first % across.output);
        // The columns at which windows lie inside.
        let inside = across.before.div_ceil(across.stride)
            ..match (across.input + across.before).checked_sub(across.kernel) {
                Some(last) => (last / across.stride + 1).min(across.output),
                None => 0,
            };
        let (mut done, mut rest) = (0, count);
        while rest > 0 {
            let (_, taps, line) = down.inside(p);
            let here = rest.min(across.output - q);
            let (from, to) = (inside.start.max(q), inside.end.min(q + here));
            if taps == down.kernel && from < to {
                let from = from - q;
                let bits = u128::MAX >> (PIXELS - (to - q - from));
                spots.inside |= bits << (done + from);
                let mut at =
                    line * line_len + ((q + from) * across.stride - across.before) * conv.channels;
                for spot in &mut spots.at[done + from..done + to - q] {
                    *spot = at as u32;
                    at += across.stride * conv.channels;
                }
            }
            (p, q) = (p + 1, 0);
            (done, rest) = (done + here, rest - here);
        }
        spots
    }
}

/// The pairs of a filter with these positions and the first N eights of these rows; N. `dz` is the filter's
/// number of the first position, and they lie `stride` apart.
///
/// # Safety
/// The windows at the positions in `pixels` must lie inside the image, and there must be as many rows.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // of a kernel
unsafe fn eights<S: Simd, const TO_IMAGE: bool, const N: usize>(
    s: S,
    pixels: u128,
    spots: &Spots,
    (dz, stride): (*const S::E, usize),
    image: *mut S::E,
    offsets: &[usize],
    w: *mut S::E,
) -> usize {
    let mut eights = [0; N];
    eights.copy_from_slice(&offsets[..N]);
    let mut sums = [[s.zero(); EIGHT]; N];
    // SAFETY: the caller's.
    unsafe {
        for i in 0..N {
            for j in 0..EIGHT / S::LANES {
                sums[i][j] = s.load(w.add(i * EIGHT + j * S::LANES));
            }
        }
        each_bit!(pixels, pixel => {
            let x = image.add(spots.at[pixel] as usize);
            let dz = s.splat(*dz.add(pixel * stride));
            for i in 0..N {
                for j in 0..EIGHT / S::LANES {
                    let x = x.add(eights[i] + j * S::LANES);
                    if TO_IMAGE {
                        s.store(s.fma(dz, sums[i][j], s.load(x)), x);
                    } else {
                        sums[i][j] = s.fma(dz, s.load(x), sums[i][j]);
                    }
                }
            }
        });
        if !TO_IMAGE {
            for i in 0..N {
                for j in 0..EIGHT / S::LANES {
                    s.store(sums[i][j], w.add(i * EIGHT + j * S::LANES));
                }
            }
        }
    }
    N
}

/// One pair of a filter and a position whose window lies inside only in part.
///
/// # Safety
/// As for `sample`.
#[inline(always)]
unsafe fn partly<S: Simd, const TO_IMAGE: bool>(
    s: S,
    conv: &Conv,
    position: usize,
    dz: S::E,
    rows: &Range<usize>,
    image: *mut S::E,
    w: *mut S::E,
) {
    let [down, across] = conv.windows;
    let channels = conv.channels;
    let (line_len, run) = (across.input * channels, across.kernel * channels);
    let (tap_down, taps_down, line) = down.inside(position / across.output);
    let (tap_across, taps_across, column) = across.inside(position % across.output);
    for t in 0..taps_down {
        let row = (tap_down + t) * run + tap_across * channels;
        let from = row.max(rows.start);
        let end = (row + taps_across * channels).min(rows.end);
        let x = (line + t * down.dilation) * line_len + column * channels;
        for row_at in (from..end).step_by(S::LANES) {
            // SAFETY: the taps lie inside, the rows are wanted.
            unsafe {
                let x = image.add(x + (row_at - row));
                let w = w.add(row_at - rows.start);
                let (from, to) = if TO_IMAGE { (w, x) } else { (x, w) };
                s.store(s.fma(s.splat(dz), s.load(from), s.load(to)), to);
            }
        }
    }
}

/// Visits all pairs of a sample; what they give is added to the image, or to the filters. `filters` holds
/// the rows of one filter after another, `len` apart.
///
/// # Safety
/// The image must be as large as the convolution says, and there must be as many filters and rows.
#[inline(always)]
unsafe fn sample<S: Simd, const TO_IMAGE: bool>(
    s: S,
    conv: &Conv,
    dz: &[S::E],
    part: &Part,
    image: *mut S::E,
    filters: *mut S::E,
    len: usize,
) {
    let positions = conv.windows[0].output * conv.windows[1].output;
    let (stride, rows) = (conv.filters, part.rows.len() / EIGHT);
    for first in (0..positions).step_by(PIXELS) {
        let count = PIXELS.min(positions - first);
        let spots = Spots::new(conv, first, count);
        let dz = &dz[first * stride + part.first..];
        // SAFETY: dz has so many pixels of `stride` numbers, of which the part has its own.
        let seen = unsafe { Seen::of(s, dz.as_ptr(), count, stride, part.count) };
        for f in 0..part.count {
            let pixels = seen.pixels(f);
            let inside = pixels & spots.inside;
            let mut v = 0;
            while v < rows {
                let offsets = &part.offsets[v..rows];
                // SAFETY: the caller's, here and below.
                unsafe {
                    let w = filters.add(f * len + v * EIGHT);
                    let dz = (dz.as_ptr().add(f), stride);
                    v += match rows - v {
                        9.. => eights::<S, TO_IMAGE, 9>(s, inside, &spots, dz, image, offsets, w),
                        5.. => eights::<S, TO_IMAGE, 5>(s, inside, &spots, dz, image, offsets, w),
                        4 => eights::<S, TO_IMAGE, 4>(s, inside, &spots, dz, image, offsets, w),
                        _ => eights::<S, TO_IMAGE, 1>(s, inside, &spots, dz, image, offsets, w),
                    };
                }
            }
            each_bit!(pixels & !spots.inside, pixel => {
                let dz = dz[pixel * stride + f];
                // SAFETY: the caller's.
                unsafe {
                    let w = filters.add(f * len);
                    partly::<S, TO_IMAGE>(s, conv, first + pixel, dz, &part.rows, image, w);
                }
            });
        }
    }
}

impl<T: Real> Kernel<T> for Sparse<'_, T> {
    #[inline(always)]
    fn stride(&self) -> usize {
        EIGHT
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(self, s: S) {
        let Self { conv, dz, pass } = self;
        let all = conv.taps() * conv.channels;
        let rows = match &pass {
            Pass::Input(..) => 0..all,
            Pass::Weights(_, rows, _) => rows.clone(),
        };
        match pass {
            Pass::Input(filters, mut dx) => {
                for dx in dx.iter_mut() {
                    dx.fill(T::zero());
                }
                for start in rows.clone().step_by(ROWS) {
                    for first in (0..conv.filters).step_by(FILTERS) {
                        let part = Part::new(&conv, first, start, rows.end);
                        let w = filters[first * all + start..].as_ptr().cast_mut();
                        for (dz, dx) in dz.iter().zip(dx.iter_mut()) {
                            let x = dx.as_mut_ptr();
                            // SAFETY: `input` has seen that both fit; only the image is written.
                            unsafe { sample::<S, true>(s, &conv, dz, &part, x, w, all) };
                        }
                    }
                }
            }
            Pass::Weights(x, _, dw) => {
                let stride = padded(conv.filters);
                let mut sums = [T::zero(); FILTERS * ROWS];
                for start in rows.clone().step_by(ROWS) {
                    for first in (0..conv.filters).step_by(FILTERS) {
                        let part = Part::new(&conv, first, start, rows.end);
                        let len = part.rows.len();
                        sums.fill(T::zero());
                        for (x, dz) in x.iter().zip(dz.iter()) {
                            let (x, w) = (x.as_ptr().cast_mut(), sums.as_mut_ptr());
                            // SAFETY: `weights` has seen that x fits; only the sums are written.
                            unsafe { sample::<S, false>(s, &conv, dz, &part, x, w, len) };
                        }
                        let dw = dw[(start - rows.start) * stride..].chunks_exact_mut(stride);
                        for (row, dw) in dw.take(len).enumerate() {
                            for (f, dw) in dw[first..][..part.count].iter_mut().enumerate() {
                                *dw += sums[f * len + row];
                            }
                        }
                    }
                }
            }
        }
    }
}
