//! The gradients of a convolution where few of its outputs matter: behind max-pooling at least three of
//! four numbers of `dZ` are zero, and behind relu more.
//!
//! Only pairs of a position and a filter whose `dz` is not zero are visited, filter by filter: see
//! [`hits`](super::hits). Each is one product of a number with vectors that run along the channels: of the
//! filter, added to the window of the gradient by the input, or of the window of the input, added to the
//! filter's gradient. What belongs to the filter stays in registers.
//!
//! A filter lies here as the window of an image does, in lines: the taps of a row, with all channels, filled
//! up to whole eights.

#![allow(unsafe_code)] // pointers into images and filters, whose sizes the constructors check

use super::hits::{Hits, OfPositions, Picked};
use super::places::{Places, SIZE, Spots, is_inside};
use super::products::{Part, ROWS, partly, whole};
use super::seen::{FILTERS, PIXELS, Seen};
use super::weight_picks::can_be_looked_up;
use super::{Conv, Picks};
use crate::kernels::channelwise::Channelwise;
use crate::kernels::vector::{Kernel, Simd};
use crate::math::Real;
use crate::rows::{Rows, RowsMut, padded};
use core::ops::Range;

/// Channels of a gradient and numbers of a line go in eights.
pub const EIGHT: usize = 8;

/// Whether a convolution has sizes that [`Sparse`] can do.
#[inline(always)]
pub const fn may_be_sparse(conv: &Conv) -> bool {
    let [down, across] = conv.windows;
    conv.groups == 1
        && across.dilation == 1
        && down.input * across.input * conv.channels <= SIZE
        && conv.filters.is_multiple_of(EIGHT)
}

/// Whether it pays to look for samples of few numbers: where lines are whole eights.
#[inline(always)]
pub const fn looks_for_zeros(conv: &Conv) -> bool {
    may_be_sparse(conv) && conv.channels.is_multiple_of(EIGHT)
}

/// Whether a convolution does best to take its gradient from behind this pooling layer: where most numbers
/// would be zero. (A few channels are too short for lines, so numbers are looked up for the weights; with
/// more, windows at a border cost too much.)
pub const fn follows(conv: &Conv, pool: &Channelwise) -> bool {
    let [down, across] = pool.windows;
    let suits = if looks_for_zeros(conv) {
        is_inside(&conv.windows[0]) && is_inside(&conv.windows[1])
    } else {
        conv.channels < EIGHT && can_be_looked_up(pool)
    };
    suits
        && may_be_sparse(conv)
        && down.kernel * across.kernel <= SIZE
        && 4 * down.output * across.output <= down.input * across.input
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

/// Numbers of a line of a filter: the taps of a row.
#[inline(always)]
const fn run(conv: &Conv) -> usize {
    conv.windows[1].kernel * conv.channels
}

/// Numbers of a filter, its lines filled up to whole eights.
#[inline(always)]
pub const fn filter_len(conv: &Conv) -> usize {
    conv.windows[0].kernel * run(conv).next_multiple_of(EIGHT)
}

/// The weights filter by filter.
pub fn transpose<T: Real>(conv: &Conv, w: &[T], filters: &mut [T]) {
    let (len, run) = (filter_len(conv), run(conv));
    if !run.is_multiple_of(EIGHT) {
        filters.fill(T::zero());
    }
    let rows = w.chunks_exact(padded(conv.filters));
    for (row, w) in rows.take(conv.taps() * conv.channels).enumerate() {
        let at = row / run * run.next_multiple_of(EIGHT) + row % run;
        for (&w, filter) in w.iter().zip(filters.chunks_exact_mut(len)) {
            filter[at] = w;
        }
    }
}

/// One of the two passes over samples of few numbers, as a `Kernel`.
pub struct Sparse<'a, T> {
    conv: Conv,
    dz: Rows<'a, T>,
    picks: Option<Picks<'a, T>>,
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
    pub fn input(
        conv: &Conv,
        dz: Rows<'a, T>,
        picks: Option<Picks<'a, T>>,
        filters: &'a [T],
        dx: RowsMut<'a, T>,
    ) -> Self {
        assert!(
            filters.len() >= filter_len(conv) * conv.filters && dz.len() == dx.len(),
            "the weights or the samples do not fit"
        );
        Self::checked(conv, dz, picks, dx.width(), Pass::Input(filters, dx))
    }

    /// Adds the gradient by the rows of the weights from `first` on that are in `dw`.
    #[inline(always)]
    pub fn weights(
        conv: &Conv,
        x: Rows<'a, T>,
        first: usize,
        dz: Rows<'a, T>,
        picks: Option<Picks<'a, T>>,
        dw: &'a mut [T],
    ) -> Self {
        let rows = first..first + dw.len() / padded(conv.filters);
        assert!(
            rows.end <= conv.taps() * conv.channels && x.len() == dz.len(),
            "the weights or the samples do not fit"
        );
        Self::checked(conv, dz, picks, x.width(), Pass::Weights(x, rows, dw))
    }

    /// The sizes on which the pointers rely.
    #[inline(always)]
    fn checked(
        conv: &Conv,
        dz: Rows<'a, T>,
        picks: Option<Picks<'a, T>>,
        width: usize,
        pass: Pass<'a, T>,
    ) -> Self {
        let [down, across] = conv.windows;
        assert!(may_be_sparse(conv), "the sizes are others");
        let mut positions = [down.output, across.output];
        if let Some(Picks { pool, winners }) = picks {
            let [pool_down, pool_across] = pool.windows;
            assert!(
                [pool_down.input, pool_across.input] == positions
                    && pool_down.kernel * pool_across.kernel <= SIZE
                    && pool.channels == conv.filters
                    && winners.len() == dz.len() * pool.outputs(),
                "the picks do not fit the images"
            );
            positions = [pool_down.output, pool_across.output];
        }
        assert!(
            width == down.input * across.input * conv.channels
                && dz.width() == positions[0] * positions[1] * conv.filters,
            "the images do not fit the rows"
        );
        Self {
            conv: *conv,
            dz,
            picks,
            pass,
        }
    }
}

/// Where a sample's gradient comes from, chunk by chunk of places and filters.
struct Source<'a, 'h, T> {
    conv: &'h Conv,
    places: &'h Places,
    spots: &'h Spots<T>,
    /// The sample's gradient and its winners, from the chunk's first place on.
    dz: &'a [T],
    winners: &'a [T],
}

/// Room for what is found.
struct Found<'a, T> {
    picked: Picked<'a, T>,
    hits: Hits<T>,
    /// Those whose windows lie inside in part.
    others: Hits<T>,
}

/// Visits all pairs of some filters with the places at hand; what they give is added to the image, or to the
/// filters. `filters` holds the part of one filter after another, `len` apart.
///
/// # Safety
/// The image must be as large as the convolution says, and there must be as many filters and eights.
#[inline(always)]
unsafe fn sample<S: Simd, const TO_IMAGE: bool>(
    s: S,
    source: &Source<S::E>,
    found: &mut Found<'_, S::E>,
    part: &Part,
    image: *mut S::E,
    (filters, len): (*mut S::E, usize),
) {
    let Source {
        conv,
        places,
        spots,
        dz,
        winners,
    } = *source;
    let (stride, picks) = (conv.filters, !winners.is_empty());
    let dz = &dz[part.first..];
    let winners = if picks {
        &winners[part.first..]
    } else {
        winners
    };
    let Found {
        picked,
        hits,
        others,
    } = found;
    let needed = (spots.count - 1) * stride + part.count;
    assert!(dz.len() >= needed && (!picks || winners.len() >= needed));
    // SAFETY: as just seen.
    let seen = unsafe {
        if picks {
            let from = [dz.as_ptr(), winners.as_ptr()];
            picked.set(s, places, spots, from, stride, part.count);
        }
        Seen::of(s, dz.as_ptr(), spots.count, stride, part.count)
    };
    for f in 0..part.count {
        let seen = seen.pixels(f);
        let (inside, outside) = (seen & spots.whole, seen & !spots.whole);
        // SAFETY: hits lie inside the image, the rest is the caller's.
        unsafe {
            let w = filters.add(f * len);
            if picks {
                let hits = picked.of_filter(f, inside);
                whole::<S, _, TO_IMAGE>(s, hits, part, image, w);
            } else {
                let hits = OfPositions {
                    spots,
                    dz: &dz[f..],
                    stride,
                    places: inside.into(),
                };
                whole::<S, _, TO_IMAGE>(s, hits, part, image, w);
            }
            if outside == 0 {
                continue;
            }
            others.clear();
            if picks {
                hits.clear();
                let own = [&dz[f..], &winners[f..]];
                hits.add_others((places, spots), own, stride, outside, others);
                whole::<S, _, TO_IMAGE>(s, hits.all().iter().copied(), part, image, w);
            } else {
                others.add_positions(spots, &dz[f..], stride, outside);
            }
            for &[position, dz] in others.all() {
                let position = position.above_whole();
                partly::<S, TO_IMAGE>(s, conv, position, dz, part, image, w);
            }
        }
    }
}

impl<T: Real> Sparse<'_, T> {
    /// Visits all pairs of some filters in all samples. `image` says where a sample's image begins.
    ///
    /// # Safety
    /// As for `sample`, for all images.
    #[inline(always)]
    unsafe fn visit<S: Simd<E = T>, const TO_IMAGE: bool>(
        s: S,
        (conv, dz, picks): (&Conv, Rows<T>, Option<&Picks<T>>),
        places: &Places,
        found: &mut Found<'_, T>,
        part: &Part,
        (images, stride): (*mut T, usize),
        filters: (*mut T, usize),
    ) {
        for first in (0..places.len()).step_by(PIXELS) {
            let (spots, start) = (Spots::new(places, first), first * conv.filters);
            for (i, dz) in dz.iter().enumerate() {
                let winners = picks.map_or(&[][..], |picks| {
                    let len = dz.len();
                    &picks.winners[i * len..][..len][start..]
                });
                let source = Source {
                    conv,
                    places,
                    spots: &spots,
                    dz: &dz[start..],
                    winners,
                };
                // SAFETY: the caller's.
                unsafe {
                    let image = images.add(i * stride);
                    sample::<S, TO_IMAGE>(s, &source, found, part, image, filters);
                }
            }
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
        let Self {
            conv,
            dz,
            picks,
            pass,
        } = self;
        let (run, len) = (run(&conv), filter_len(&conv));
        let line = run.next_multiple_of(EIGHT);
        let places = Places::new(&conv, picks.as_ref(), line);
        let gradient = (&conv, dz, picks.as_ref());
        let mut picked = [[[T::zero(); 2]; FILTERS]; PIXELS];
        let mut found = Found {
            picked: Picked(&mut picked),
            hits: Hits::none(),
            others: Hits::none(),
        };
        match pass {
            Pass::Input(filters, mut dx) => {
                for dx in dx.iter_mut() {
                    dx.fill(T::zero());
                }
                let images = (dx.padded_data().as_mut_ptr(), padded(dx.width()));
                for start in (0..len).step_by(ROWS) {
                    for first in (0..conv.filters).step_by(FILTERS) {
                        let part = Part::new(&conv, line, first, start..len);
                        let w = (filters[first * len + start..].as_ptr().cast_mut(), len);
                        // SAFETY: `input` has seen that both fit; only the images are written.
                        unsafe {
                            Self::visit::<S, true>(
                                s, gradient, &places, &mut found, &part, images, w,
                            );
                        }
                    }
                }
            }
            Pass::Weights(x, rows, dw) => {
                let stride = padded(conv.filters);
                let images = (x.padded_data().as_ptr().cast_mut(), x.stride());
                // Where a row of the weights lies in a filter.
                let place = |row: usize| row / run * line + row % run;
                let mut sums = [T::zero(); FILTERS * ROWS];
                let eights = match rows.is_empty() {
                    true => 0..0,
                    false => place(rows.start) / EIGHT * EIGHT..place(rows.end - 1) + 1,
                };
                let end = eights.end.next_multiple_of(EIGHT);
                for start in eights.step_by(ROWS) {
                    for first in (0..conv.filters).step_by(FILTERS) {
                        let part = Part::new(&conv, line, first, start..end);
                        let len = part.len;
                        sums.fill(T::zero());
                        let w = (sums.as_mut_ptr(), len);
                        // SAFETY: `weights` has seen that x fits; only the sums are written.
                        unsafe {
                            Self::visit::<S, false>(
                                s, gradient, &places, &mut found, &part, images, w,
                            );
                        }
                        for (row, dw) in rows.clone().zip(dw.chunks_exact_mut(stride)) {
                            let at = place(row).wrapping_sub(start);
                            if at >= len {
                                continue;
                            }
                            for (f, dw) in dw[first..][..part.count].iter_mut().enumerate() {
                                *dw += sums[f * len + at];
                            }
                        }
                    }
                }
            }
        }
    }
}
