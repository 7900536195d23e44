//! Products of numbers with windows of an image and with filters.

#![allow(unsafe_code)] // pointers into images and filters, for which the callers vouch

use super::Conv;
use super::hits::Hit;
use super::seen::FILTERS;
use super::sparse::EIGHT;
use crate::kernels::vector::Simd;
use crate::math::Real;
use core::ops::Range;

/// The most numbers of some filters that go together.
pub const ROWS: usize = 144;

/// Some numbers of some filters, and where those of the image lie that they meet.
pub struct Part {
    /// The first filter, and how many.
    pub first: usize,
    pub count: usize,
    /// Where it begins in a filter, and how many numbers: whole eights.
    start: usize,
    pub len: usize,
    /// Numbers of a line of a filter.
    line: usize,
    /// For each eight numbers, as seen from the first tap.
    offsets: [usize; ROWS / EIGHT],
}

impl Part {
    /// As many of these numbers as can be, of the filters from `first` on.
    #[inline(always)]
    pub fn new(conv: &Conv, line: usize, first: usize, numbers: Range<usize>) -> Self {
        let [down, across] = conv.windows;
        let of_image = down.dilation * across.input * conv.channels;
        let (start, len) = (numbers.start, numbers.len().min(ROWS));
        let mut offsets = [0; ROWS / EIGHT];
        for (at, offset) in (start..start + len).step_by(EIGHT).zip(&mut offsets) {
            *offset = at / line * of_image + at % line;
        }
        Self {
            first,
            count: FILTERS.min(conv.filters - first),
            start,
            len,
            line,
            offsets,
        }
    }
}

/// The windows that can be read as a whole, with the part of a filter at `w`.
///
/// # Safety
/// They must lie in the image, and there must be as many numbers as the part says.
#[inline(always)]
pub unsafe fn whole<S: Simd, H: Iterator<Item = Hit<S::E>> + Clone, const TO_IMAGE: bool>(
    s: S,
    hits: H,
    part: &Part,
    image: *mut S::E,
    w: *mut S::E,
) {
    let (mut v, eights) = (0, part.len / EIGHT);
    while v < eights {
        let offsets = &part.offsets[v..eights];
        // SAFETY: the caller's.
        unsafe {
            let w = w.add(v * EIGHT);
            v += match eights - v {
                9.. => visit::<S, H, TO_IMAGE, 9>(s, hits.clone(), image, offsets, w),
                5.. => visit::<S, H, TO_IMAGE, 5>(s, hits.clone(), image, offsets, w),
                4 => visit::<S, H, TO_IMAGE, 4>(s, hits.clone(), image, offsets, w),
                3 => visit::<S, H, TO_IMAGE, 3>(s, hits.clone(), image, offsets, w),
                _ => visit::<S, H, TO_IMAGE, 1>(s, hits.clone(), image, offsets, w),
            };
        }
    }
}

/// The first N eights; N.
///
/// # Safety
/// As for `whole`.
#[inline(always)]
unsafe fn visit<S: Simd, H: Iterator<Item = Hit<S::E>>, const TO_IMAGE: bool, const N: usize>(
    s: S,
    hits: H,
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
        if TO_IMAGE {
            for [at, dz] in hits {
                let (x, dz) = (image.add(at.above_whole()), s.splat(dz));
                for i in 0..N {
                    for j in 0..EIGHT / S::LANES {
                        let x = x.add(eights[i] + j * S::LANES);
                        s.store(s.fma(dz, sums[i][j], s.load(x)), x);
                    }
                }
            }
            return N;
        }
        for [at, dz] in hits {
            let (x, dz) = (image.add(at.above_whole()), s.splat(dz));
            for i in 0..N {
                for j in 0..EIGHT / S::LANES {
                    let x = s.load(x.add(eights[i] + j * S::LANES));
                    sums[i][j] = s.fma(dz, x, sums[i][j]);
                }
            }
        }
        for i in 0..N {
            for j in 0..EIGHT / S::LANES {
                s.store(sums[i][j], w.add(i * EIGHT + j * S::LANES));
            }
        }
    }
    N
}

/// One pair of a filter and a position whose window lies inside only in part.
///
/// # Safety
/// The image must be as large as the convolution says, and there must be as many numbers as the part says.
#[inline(always)]
pub unsafe fn partly<S: Simd, const TO_IMAGE: bool>(
    s: S,
    conv: &Conv,
    position: usize,
    dz: S::E,
    part: &Part,
    image: *mut S::E,
    w: *mut S::E,
) {
    let [down, across] = conv.windows;
    let channels = conv.channels;
    let (tap_down, taps_down, top) = down.inside(position / across.output);
    let (tap_across, taps_across, column) = across.inside(position % across.output);
    // Where lines are whole eights, so are the taps.
    let step = if channels.is_multiple_of(EIGHT) {
        S::LANES
    } else {
        1
    };
    for t in 0..taps_down {
        let first = (tap_down + t) * part.line + tap_across * channels;
        let from = first.max(part.start);
        let end = (first + taps_across * channels).min(part.start + part.len);
        let x = ((top + t * down.dilation) * across.input + column) * channels;
        for at in (from..end).step_by(step) {
            // SAFETY: the taps lie inside, the numbers are among those of the part.
            unsafe {
                let x = image.add(x + (at - first));
                let w = w.add(at - part.start);
                let (from, to) = if TO_IMAGE { (w, x) } else { (x, w) };
                if step == 1 {
                    let sum = s.fma(s.splat(dz), s.splat(*from), s.splat(*to));
                    s.store_first(sum, to, 1);
                } else {
                    s.store(s.fma(s.splat(dz), s.load(from), s.load(to)), to);
                }
            }
        }
    }
}
