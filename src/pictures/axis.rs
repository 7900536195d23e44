//! Which numbers stand at an axis.

use std::format;
use std::string::String;

/// The numbers from `low` to `high` that an axis shows, and where they begin and end.
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    /// No number stands before this one.
    first: f64,
    /// 1, 2 or 5 times a power of ten.
    step: f64,
}

/// Larger numbers are not drawn: sums and differences of those that are stay finite.
const LARGEST: f64 = 1e300;

/// Whether a value can be drawn.
pub(super) fn is_drawable(value: f64) -> bool {
    value.abs() <= LARGEST
}

impl Axis {
    /// An axis for these values, with at most about so many numbers.
    pub(super) fn of_values(values: impl Iterator<Item = f64>, most: u32) -> Self {
        let drawable = values.filter(|&value| is_drawable(value));
        let range = drawable.fold(None, |range: Option<(f64, f64)>, x| {
            Some(range.map_or((x, x), |(low, high)| (low.min(x), high.max(x))))
        });
        let (low, high) = range.unwrap_or((0.0, 1.0));
        let size = low.abs().max(high.abs());
        // A constant gets a line in the middle; differences in the last digits are no curve.
        let room = if size < 1e-290 {
            0.5
        } else if high - low <= 1e-6 * size {
            0.1 * size
        } else {
            0.05 * (high - low)
        };
        let (low, high) = (low - room, high + room);
        Self {
            low,
            high,
            first: low,
            step: nice((high - low) / f64::from(most)),
        }
    }

    /// An axis for whole numbers from 1 on, with at most about so many of them.
    pub(super) fn of_epochs(epochs: usize, most: u32) -> Self {
        let last = epochs.max(1) as f64;
        let room = (0.03 * (last - 1.0)).max(0.1);
        Self {
            low: 1.0 - room,
            high: last + room,
            first: 1.0,
            step: nice((last - 1.0) / f64::from(most)).max(1.0),
        }
    }

    /// Where a value lies, from 0 at the low end to 1 at the high end.
    pub(super) fn place(&self, value: f64) -> f32 {
        ((value - self.low) / (self.high - self.low)) as f32
    }

    /// The numbers that stand at the axis.
    pub(super) fn ticks(&self) -> impl Iterator<Item = f64> {
        let first = (self.first / self.step).ceil();
        let count = (self.high / self.step).floor() - first + 1.0;
        (0..count.clamp(0.0, 100.0) as u32).map(move |i| (first + f64::from(i)) * self.step)
    }

    /// A number as it stands at the axis: no more digits than the steps need.
    pub(super) fn label(&self, tick: f64) -> String {
        let size = self.low.abs().max(self.high.abs());
        // Down from the first digit of the largest number to the one that changes.
        let digits = size.log10().floor() - self.step.log10().floor();
        if tick != 0.0 && !(1e-4..1e6).contains(&size) {
            let digits = digits.clamp(0.0, 9.0) as usize;
            return format!("{tick:.digits$e}");
        }
        let decimals = (-self.step.log10().floor()).clamp(0.0, 12.0) as usize;
        // (Zero may have come out negative.)
        format!("{:.decimals$}", tick + 0.0)
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is no smaller.
fn nice(step: f64) -> f64 {
    if step <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(step.log10().floor());
    let times = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|times| times * power >= step);
    times.unwrap_or(10.0) * power
}
