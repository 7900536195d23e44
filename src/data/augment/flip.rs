//! Mirrored images.

use super::{Augment, Image};
use crate::random::Stream;

/// Mirrors an image, or does not, each with a chance of one half: Keras' `RandomFlip`.
///
/// ```
/// use plywood::data::augment::{Augment, RandomFlip};
/// let flip = RandomFlip::horizontal();
/// let images: Vec<_> = (0..10).map(|i| flip.apply(&[[1.0, 2.0, 3.0]], 42, 1, i)).collect();
/// assert!(images.contains(&[[1.0, 2.0, 3.0]]) && images.contains(&[[3.0, 2.0, 1.0]]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomFlip {
    horizontal: bool,
    vertical: bool,
}

impl RandomFlip {
    /// Left and right change places.
    pub fn horizontal() -> Self {
        Self {
            horizontal: true,
            vertical: false,
        }
    }

    /// Top and bottom change places.
    pub fn vertical() -> Self {
        Self {
            horizontal: false,
            vertical: true,
        }
    }

    /// Either, both or none of the two, one as likely as the other.
    pub fn horizontal_and_vertical() -> Self {
        Self {
            horizontal: true,
            vertical: true,
        }
    }
}

impl Default for RandomFlip {
    fn default() -> Self {
        Self::horizontal_and_vertical()
    }
}

impl<X: Image> Augment<X> for RandomFlip {
    type Output = X;

    fn augment(&self, image: &X, out: &mut X, random: &mut Stream) {
        let mut toss = |asked| asked && random.uniform() < 0.5;
        let (horizontal, vertical) = (toss(self.horizontal), toss(self.vertical));
        *out = *image;
        if horizontal {
            for row in out.pixels_mut().chunks_exact_mut(X::WIDTH) {
                row.reverse();
            }
        }
        if vertical {
            for plane in out.pixels_mut().chunks_exact_mut(X::HEIGHT * X::WIDTH) {
                // All pixels in reverse, and then each row.
                plane.reverse();
                for row in plane.chunks_exact_mut(X::WIDTH) {
                    row.reverse();
                }
            }
        }
    }
}
