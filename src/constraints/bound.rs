//! The norms of weights along some of their axes, and how weights are brought to others.

use crate::kernels::Element;
use crate::layer::{Argument, Kind};
use crate::math::Real;
use crate::shape::Shape;
use crate::simd::{Isa, Job};

/// What holds for a tensor after each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// No weight is negative.
    NonNegative,
    /// The norms along some axes are in a range.
    Norm {
        /// The smallest norm.
        min: f64,
        /// The largest norm.
        max: f64,
        /// How far a norm outside goes to the range in a step: 1 is all the way.
        rate: f64,
        /// The axes: the lowest bit is axis 0.
        axes: u8,
    },
}

/// Keras' `epsilon()`: what is added to a norm, so that nothing is divided by 0.
const EPSILON: f64 = 1e-7;

/// Whether an argument is an axis or a list of them, each once.
pub(super) const fn is_axis<A: Argument>() -> bool {
    matches!(A::KIND, Kind::Int | Kind::List) && {
        let dims = A::Dims::DIMS;
        let (mut seen, mut i) = (0_u8, 0);
        while i < dims.len() && dims[i] < 4 && seen & (1 << dims[i]) == 0 {
            seen |= 1 << dims[i];
            i += 1;
        }
        i == dims.len()
    }
}

/// The axes of an argument, of which [`is_axis`] is true; else axis 0.
pub(super) const fn axes<A: Argument>() -> u8 {
    if !is_axis::<A>() {
        return 1;
    }
    let dims = A::Dims::DIMS;
    let (mut axes, mut i) = (0, 0);
    while i < dims.len() {
        axes |= 1 << dims[i];
        i += 1;
    }
    axes
}

impl Bound {
    /// Whether a tensor of these dimensions has the axes.
    pub(crate) const fn suits(&self, dims: &[usize]) -> bool {
        match *self {
            Bound::NonNegative => true,
            Bound::Norm { axes, .. } => axes >> dims.len() == 0,
        }
    }

    /// Makes it hold for weights of these dimensions, whose rows lie `stride` apart.
    pub(crate) fn apply<T: Element, I: Isa>(
        &self,
        isa: I,
        dims: &[usize],
        stride: usize,
        w: &mut [T],
    ) {
        match *self {
            Bound::NonNegative => {
                for w in w {
                    if *w < T::zero() {
                        *w = T::zero();
                    }
                }
            }
            Bound::Norm {
                min,
                max,
                rate,
                axes,
            } => isa.enter(Rescale {
                range: (min, max),
                rate,
                axes,
                dims,
                stride,
                w,
            }),
        }
    }
}

/// Brings the norms of weights to a range.
struct Rescale<'a, T> {
    range: (f64, f64),
    rate: f64,
    axes: u8,
    dims: &'a [usize],
    stride: usize,
    w: &'a mut [T],
}

/// How many columns are taken together.
const LANES: usize = 16;

impl<T: Element> Job for Rescale<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Some((_, outer)) = self.dims.split_last() else {
            return;
        };
        let stride = self.stride;
        let across = self.axes >> outer.len() & 1 == 1;
        // The rows that share norms lie `inside` apart from the first of them.
        let inside = Walk::new(outer, self.axes);
        for first in Walk::new(outer, !self.axes) {
            let rows = inside.clone().map(|row| (first + row) * stride);
            if across {
                let mut lanes = [0.0; LANES];
                for start in rows.clone() {
                    for chunk in self.w[start..start + stride].chunks(LANES) {
                        add_squares(isa, chunk, &mut lanes);
                    }
                }
                for half in [8, 4, 2, 1] {
                    for i in 0..half {
                        lanes[i] += lanes[i + half];
                    }
                }
                let scale = T::of(self.scale(lanes[0]));
                for start in rows {
                    for w in &mut self.w[start..start + stride] {
                        *w *= scale;
                    }
                }
            } else {
                for column in (0..stride).step_by(LANES) {
                    let len = LANES.min(stride - column);
                    let mut lanes = [0.0; LANES];
                    for start in rows.clone() {
                        let w = &self.w[start + column..][..len];
                        add_squares(isa, w, &mut lanes);
                    }
                    let scales = lanes.map(|squares| T::of(self.scale(squares)));
                    for start in rows.clone() {
                        let w = &mut self.w[start + column..][..len];
                        for (w, &scale) in w.iter_mut().zip(&scales) {
                            *w *= scale;
                        }
                    }
                }
            }
        }
    }
}

impl<T> Rescale<'_, T> {
    /// By what to multiply weights whose squares have this sum.
    #[inline(always)]
    fn scale(&self, squares: f64) -> f64 {
        let norm = num_traits::Float::sqrt(squares);
        let wanted = norm.max(self.range.0).min(self.range.1);
        (self.rate * wanted + (1.0 - self.rate) * norm) / (EPSILON + norm)
    }
}

/// Adds the square of each weight to its lane, in `f64`, where those of `f32` neither overflow nor
/// vanish.
#[inline(always)]
fn add_squares<T: Element, I: Isa>(isa: I, w: &[T], lanes: &mut [f64; LANES]) {
    for (lane, w) in lanes.iter_mut().zip(w) {
        let w = w.as_f64();
        *lane = f64::fma(isa, w, w, *lane);
    }
}

/// The numbers of those rows of a tensor whose places on all other axes are 0, in order.
#[derive(Clone)]
struct Walk<'a> {
    dims: &'a [usize],
    axes: u8,
    next: usize,
    end: usize,
}

impl<'a> Walk<'a> {
    /// Along these axes of the dimensions.
    fn new(dims: &'a [usize], axes: u8) -> Self {
        let along = |&(axis, _): &(usize, _)| axes >> axis & 1 == 1;
        let end = dims
            .iter()
            .enumerate()
            .filter(along)
            .map(|(_, n)| n)
            .product();
        Self {
            dims,
            axes,
            next: 0,
            end,
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.next == self.end {
            return None;
        }
        let (mut rest, mut row, mut rows) = (self.next, 0, 1);
        for (axis, &n) in self.dims.iter().enumerate().rev() {
            if self.axes >> axis & 1 == 1 {
                row += rest % n * rows;
                rest /= n;
            }
            rows *= n;
        }
        self.next += 1;
        Some(row)
    }
}
