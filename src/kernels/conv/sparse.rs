//! The gradients of a convolution where few of its outputs matter: behind max-pooling at least three of
//! four numbers of `dZ` are zero, and behind relu more.
//!
//! Only pairs of a position and a filter whose `dz` is not zero are visited, filter by filter. Each is
//! one product of a number with vectors that run along the channels: of the filter, added to the window
//! of the gradient by the input, or of the window of the input, added to the filter's gradient. What
//! belongs to the filter stays in registers.

#![allow(unsafe_code)] // pointers into images and filters, whose sizes the constructors check

use super::Conv;
use crate::kernels::sparse::{CHUNK, Nonzero};
use crate::kernels::vector::{Kernel, Simd};
use crate::math::Real;
use crate::rows::{Rows, RowsMut, padded};
use core::mem::MaybeUninit;
use core::ops::Range;

/// Channels and rows of the weights go in eights: so threads share the rows.
const EIGHT: usize = 8;
/// How many filters go together.
const FILTERS: usize = 16;
/// The most rows of these filters that go together.
const ROWS: usize = 144;
/// The most positions that are looked at before their pairs are visited.
const POSITIONS: usize = 128;
/// The most of them that are listed together.
const LISTED: usize = CHUNK / FILTERS;

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
        count += usize::from(!dz.is_zero());
    }
    4 * count <= dz.len()
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

/// The pairs of some positions whose windows lie inside, filter by filter: where the window begins, and
/// dz.
struct Pairs<T> {
    counts: [usize; FILTERS],
    at: [[MaybeUninit<u32>; POSITIONS]; FILTERS],
    dz: [[MaybeUninit<T>; POSITIONS]; FILTERS],
}

impl<T: Real> Pairs<T> {
    #[inline(always)]
    fn none() -> Self {
        Self {
            counts: [0; FILTERS],
            at: [const { [const { MaybeUninit::uninit() }; POSITIONS] }; FILTERS],
            dz: [const { [const { MaybeUninit::uninit() }; POSITIONS] }; FILTERS],
        }
    }

    #[inline(always)]
    fn push(&mut self, filter: usize, at: usize, dz: T) {
        let i = self.counts[filter];
        self.at[filter][i].write(at as u32);
        self.dz[filter][i].write(dz);
        self.counts[filter] = i + 1;
    }

    /// Visits them; then there are none. `filters` holds the rows of one filter after another, `len`
    /// apart.
    ///
    /// # Safety
    /// All windows must lie inside the image, and there must be as many filters and rows.
    #[inline(always)]
    unsafe fn visit<S: Simd<E = T>, const TO_IMAGE: bool>(
        &mut self,
        s: S,
        part: &Part,
        image: *mut T,
        filters: *mut T,
        len: usize,
    ) {
        let eights = part.rows.len() / EIGHT;
        for f in 0..part.count {
            let mut v = 0;
            while v < eights {
                // SAFETY: the caller's.
                unsafe {
                    let w = filters.add(f * len + v * EIGHT);
                    let offsets = &part.offsets[v..eights];
                    v += match eights - v {
                        9.. => self.eights::<S, TO_IMAGE, 9>(s, f, image, offsets, w),
                        5.. => self.eights::<S, TO_IMAGE, 5>(s, f, image, offsets, w),
                        4 => self.eights::<S, TO_IMAGE, 4>(s, f, image, offsets, w),
                        _ => self.eights::<S, TO_IMAGE, 1>(s, f, image, offsets, w),
                    };
                }
            }
            self.counts[f] = 0;
        }
    }

    /// The pairs of a filter with the first N eights of these rows; N.
    ///
    /// # Safety
    /// As for `visit`.
    #[inline(always)]
    unsafe fn eights<S: Simd<E = T>, const TO_IMAGE: bool, const N: usize>(
        &self,
        s: S,
        filter: usize,
        image: *mut T,
        offsets: &[usize],
        w: *mut T,
    ) -> usize {
        let count = self.counts[filter];
        let (at, dz) = (&self.at[filter][..count], &self.dz[filter][..count]);
        let mut eights = [0; N];
        eights.copy_from_slice(&offsets[..N]);
        let mut sums = [[s.zero(); EIGHT]; N];
        // SAFETY: the caller's; the first `count` pairs have been written.
        unsafe {
            for i in 0..N {
                for j in 0..EIGHT / S::LANES {
                    sums[i][j] = s.load(w.add(i * EIGHT + j * S::LANES));
                }
            }
            for (at, dz) in at.iter().zip(dz) {
                let x = image.add(at.assume_init() as usize);
                let dz = s.splat(dz.assume_init());
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
            }
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
}

/// Visits all pairs of a sample; what they give is added to the image, or to the filters.
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
    let [down, across] = conv.windows;
    let channels = conv.channels;
    let (line_len, run) = (across.input * channels, across.kernel * channels);
    let mut nonzero = Nonzero::none();
    let mut pairs = Pairs::none();
    let mut positions = 0;
    for p in 0..down.output {
        let (tap_down, taps_down, line) = down.inside(p);
        let line = line * line_len;
        for start in (0..across.output).step_by(LISTED) {
            let pixels = LISTED.min(across.output - start);
            positions += pixels;
            if positions > POSITIONS {
                // SAFETY: the caller's, here and below.
                unsafe { pairs.visit::<S, TO_IMAGE>(s, part, image, filters, len) };
                positions = pixels;
            }
            let dz = &dz[(p * across.output + start) * conv.filters + part.first..];
            for &place in nonzero.of_pixels(s, dz, pixels, conv.filters, part.count) {
                let (q, f) = (place as usize / FILTERS, place as usize % FILTERS);
                let dz = dz[q * conv.filters + f];
                let at = (start + q) * across.stride;
                if taps_down == down.kernel
                    && at >= across.before
                    && at - across.before + across.kernel <= across.input
                {
                    pairs.push(f, line + (at - across.before) * channels, dz);
                    continue;
                }
                let (tap_across, taps_across, column) = across.inside(start + q);
                for t in 0..taps_down {
                    let row = (tap_down + t) * run + tap_across * channels;
                    let from = row.max(part.rows.start);
                    let end = (row + taps_across * channels).min(part.rows.end);
                    let x = line + t * down.dilation * line_len + column * channels;
                    for row_at in (from..end).step_by(S::LANES) {
                        // SAFETY: the taps lie inside, the rows are wanted.
                        unsafe {
                            let x = image.add(x + (row_at - row));
                            let w = filters.add(f * len + (row_at - part.rows.start));
                            let (from, to) = if TO_IMAGE { (w, x) } else { (x, w) };
                            s.store(s.fma(s.splat(dz), s.load(from), s.load(to)), to);
                        }
                    }
                }
            }
        }
    }
    // SAFETY: as above.
    unsafe { pairs.visit::<S, TO_IMAGE>(s, part, image, filters, len) };
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
