//! The range of something random.

use crate::random::Stream;
use crate::{Error, Result};
use alloc::format;

/// A range to draw from, as a share of the whole: `0.2` means -0.2 to 0.2, `(0.1, 0.3)` what it says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor {
    lower: f64,
    upper: f64,
}

impl From<f64> for Factor {
    fn from(factor: f64) -> Self {
        Self {
            lower: -factor.abs(),
            upper: factor.abs(),
        }
    }
}

impl From<(f64, f64)> for Factor {
    fn from((lower, upper): (f64, f64)) -> Self {
        Self { lower, upper }
    }
}

impl Factor {
    /// It, if it is within -1 and 1.
    pub(super) fn checked(self, name: &'static str) -> Result<Self> {
        if -1.0 <= self.lower && self.lower <= self.upper && self.upper <= 1.0 {
            return Ok(self);
        }
        Err(Error::BadArgument {
            name,
            expected: "a range within -1 and 1",
            found: format!("{} to {}", self.lower, self.upper),
        })
    }

    pub(super) fn draw(self, random: &mut Stream) -> f64 {
        self.lower + random.uniform() * (self.upper - self.lower)
    }
}
