//! The values of an image between its pixels, and beyond its edges.

use super::Image;
use crate::math::Real;
use num_traits::Float;

/// What is beyond the edges of an image `a b c d`: Keras' `fill_mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum FillMode {
    /// `k k k k | a b c d | k k k k`
    Constant(f64),
    /// `a a a a | a b c d | d d d d`
    Nearest,
    /// `d c b a | a b c d | d c b a`
    #[default]
    Reflect,
    /// `a b c d | a b c d | a b c d`
    Wrap,
}

/// What is between the pixels of an image: Keras' `interpolation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// The mean of the four pixels around, by their distances.
    #[default]
    Bilinear,
    /// The nearest pixel.
    Nearest,
}

impl FillMode {
    /// The pixel at place `i` of `n`, if there is one.
    fn place(self, i: isize, n: usize) -> Option<usize> {
        let len = n as isize;
        let i = match self {
            FillMode::Constant(_) => i,
            FillMode::Nearest => i.clamp(0, len - 1),
            FillMode::Wrap => i.rem_euclid(len),
            FillMode::Reflect => {
                let i = i.rem_euclid(2 * len);
                i.min(2 * len - 1 - i)
            }
        };
        usize::try_from(i).ok().filter(|&i| i < n)
    }
}

/// How to look at an image.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    pub(super) fill_mode: FillMode,
    pub(super) interpolation: Interpolation,
}

impl Look {
    /// Writes to each pixel of `out` the value of `image` at the place that `source(row, column)` says,
    /// in all channels.
    pub(super) fn resample<X: Image>(
        self,
        image: &X,
        out: &mut X,
        source: impl Fn(f64, f64) -> (f64, f64),
    ) {
        let size = X::HEIGHT * X::WIDTH;
        let pixels = image.pixels().chunks_exact(size);
        for (plane, out) in pixels.zip(out.pixels_mut().chunks_exact_mut(size)) {
            for (i, row) in out.chunks_exact_mut(X::WIDTH).enumerate() {
                for (j, pixel) in row.iter_mut().enumerate() {
                    let (y, x) = source(i as f64, j as f64);
                    *pixel = self.value::<X>(plane, settled(y), settled(x));
                }
            }
        }
    }

    /// The value of a plane at a place.
    fn value<X: Image>(self, plane: &[X::Number], y: f64, x: f64) -> X::Number {
        let (y, x) = match self.interpolation {
            Interpolation::Bilinear => (y, x),
            Interpolation::Nearest => (Float::floor(y + 0.5), Float::floor(x + 0.5)),
        };
        let (top, left) = (Float::floor(y), Float::floor(x));
        let (down, right) = (y - top, x - left);
        let (top, left) = (top as isize, left as isize);
        let pixel = |i, j| {
            let place = self
                .fill_mode
                .place(i, X::HEIGHT)
                .zip(self.fill_mode.place(j, X::WIDTH));
            let found = place.and_then(|(i, j)| plane.get(i * X::WIDTH + j));
            match self.fill_mode {
                FillMode::Constant(fill) => found.copied().unwrap_or(X::Number::of(fill)),
                _ => found.copied().unwrap_or_default(),
            }
        };
        let mut sum = X::Number::of(0.0);
        for (i, weight_i) in [(top, 1.0 - down), (top + 1, down)] {
            for (j, weight_j) in [(left, 1.0 - right), (left + 1, right)] {
                // (What has no weight does not count, even if it is NaN.)
                if weight_i != 0.0 && weight_j != 0.0 {
                    sum += X::Number::of(weight_i * weight_j) * pixel(i, j);
                }
            }
        }
        sum
    }
}

/// A place without the rounding errors of whole pixels.
fn settled(x: f64) -> f64 {
    let whole = Float::round(x);
    if Float::abs(x - whole) < 1e-9 {
        whole
    } else {
        x
    }
}

/// The settings of what looks at images.
macro_rules! look_settings {
    ($augment:ident) => {
        impl $augment {
            /// What is beyond the edges; their reflection, if not said.
            pub fn fill_mode(mut self, mode: $crate::data::augment::FillMode) -> Self {
                self.look.fill_mode = mode;
                self
            }

            /// What is between the pixels; bilinear, if not said.
            pub fn interpolation(mut self, to: $crate::data::augment::Interpolation) -> Self {
                self.look.interpolation = to;
                self
            }
        }
    };
}
pub(super) use look_settings;
