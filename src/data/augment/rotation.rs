//! Turned images.

use super::resample::{Look, look_settings};
use super::{Augment, Factor, Image};
use crate::Result;
use crate::random::Stream;
use num_traits::Float;

/// Turns an image about its centre by a random share of a full turn: Keras' `RandomRotation`.
/// Positive is counter-clockwise.
///
/// ```
/// use plywood::data::augment::{Augment, RandomRotation};
/// let quarter = RandomRotation::new((0.25, 0.25))?;
/// assert_eq!(quarter.apply(&[[1.0, 2.0], [3.0, 4.0]], 42, 1, 0), [[2.0, 4.0], [1.0, 3.0]]);
/// # Ok::<(), plywood::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomRotation {
    factor: Factor,
    look: Look,
}

impl RandomRotation {
    /// By shares of a full turn within this range: 0.1 means up to 36 degrees either way.
    ///
    /// # Errors
    /// [`Error::BadArgument`](crate::Error::BadArgument) for a range that is not within -1 and 1.
    pub fn new(factor: impl Into<Factor>) -> Result<Self> {
        Ok(Self {
            factor: factor.into().checked("factor")?,
            look: Look::default(),
        })
    }
}

look_settings!(RandomRotation);

impl<X: Image> Augment<X> for RandomRotation {
    type Output = X;

    fn augment(&self, image: &X, out: &mut X, random: &mut Stream) {
        let (sin, cos) = sin_cos(self.factor.draw(random));
        let (middle, centre) = ((X::HEIGHT - 1) as f64 / 2.0, (X::WIDTH - 1) as f64 / 2.0);
        self.look.resample(image, out, |i, j| {
            let (down, right) = (i - middle, j - centre);
            let y = middle + sin * right + cos * down;
            let x = centre + cos * right - sin * down;
            (y, x)
        });
    }
}

/// Sine and cosine of a share of a full turn: the same bits on every machine, and exact for quarters.
fn sin_cos(turns: f64) -> (f64, f64) {
    let quarters = Float::round(4.0 * turns);
    let x = (turns - quarters / 4.0) * core::f64::consts::TAU;
    // Taylor's series, within an eighth of a turn: what is left out is below 1e-17.
    let series = |first: f64, start: f64| {
        let (mut term, mut sum, mut n) = (first, first, start);
        while n < 20.0 {
            term *= -x * x / ((n + 1.0) * (n + 2.0));
            sum += term;
            n += 2.0;
        }
        sum
    };
    let (sin, cos) = (series(x, 1.0), series(1.0, 0.0));
    match (quarters as i64).rem_euclid(4) {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}
