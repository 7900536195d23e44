//! Shifted images.

use super::resample::{Look, look_settings};
use super::{Augment, Factor, Image};
use crate::Result;
use crate::random::Stream;

/// Shifts an image by a random share of its height and of its width: Keras' `RandomTranslation`.
/// Positive is down and to the right.
///
/// ```
/// use plywood::data::augment::{Augment, FillMode, RandomTranslation};
/// let shift = RandomTranslation::new(0.0, (0.25, 0.25))?.fill_mode(FillMode::Constant(0.0));
/// assert_eq!(shift.apply(&[[1.0, 2.0, 3.0, 4.0]], 42, 1, 0), [[0.0, 1.0, 2.0, 3.0]]);
/// # Ok::<(), plywood::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomTranslation {
    height: Factor,
    width: Factor,
    look: Look,
}

impl RandomTranslation {
    /// By shares of the height and of the width within these ranges.
    ///
    /// # Errors
    /// [`Error::BadArgument`](crate::Error::BadArgument) for a range that is not within -1 and 1.
    pub fn new(height_factor: impl Into<Factor>, width_factor: impl Into<Factor>) -> Result<Self> {
        Ok(Self {
            height: height_factor.into().checked("height_factor")?,
            width: width_factor.into().checked("width_factor")?,
            look: Look::default(),
        })
    }
}

look_settings!(RandomTranslation);

impl<X: Image> Augment<X> for RandomTranslation {
    type Output = X;

    fn augment(&self, image: &X, out: &mut X, random: &mut Stream) {
        let down = self.height.draw(random) * X::HEIGHT as f64;
        let right = self.width.draw(random) * X::WIDTH as f64;
        self.look.resample(image, out, |i, j| (i - down, j - right));
    }
}
