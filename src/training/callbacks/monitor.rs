//! A value to watch from epoch to epoch, and whether it gets better.

use super::{EpochEnd, TrainBegin};
use crate::error::{Error, Result};
#[cfg(feature = "std")]
use crate::training::{StateReader, StateWriter};
use alloc::string::ToString;

/// Which values of a monitored quantity are better: Keras' `mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Losses should fall, and metrics of which a small value is a good one (they know); everything
    /// else should rise.
    #[default]
    Auto,
    /// Smaller ones.
    Min,
    /// Larger ones.
    Max,
}

/// Watches one value.
#[derive(Clone, Debug)]
pub(super) struct Monitor {
    /// What to watch; `val_loss`, or `loss` if nothing is validated, if it was not said.
    pub(super) name: Option<&'static str>,
    pub(super) mode: Mode,
    /// By how much a value must be better to count as better.
    pub(super) min_delta: f64,
    best: Option<f64>,
}

impl Monitor {
    pub(super) fn new(min_delta: f64) -> Self {
        Self {
            name: None,
            mode: Mode::Auto,
            min_delta,
            best: None,
        }
    }

    /// Forgets what it has seen, and looks whether there will be anything to see.
    pub(super) fn begin(&mut self, callback: &'static str, begin: &TrainBegin<'_>) -> Result<()> {
        self.best = None;
        if !(self.min_delta.is_finite() && self.min_delta >= 0.0) {
            return Err(Error::BadArgument {
                name: "min_delta",
                expected: "a finite number, 0 or more",
                found: self.min_delta.to_string(),
            });
        }
        match self.name {
            Some(name) if !begin.names.iter().any(|own| own == name) => Err(Error::NoSuchValue {
                callback,
                name,
                names: begin.names.join(", "),
            }),
            _ => Ok(()),
        }
    }

    #[cfg(feature = "std")]
    pub(super) fn save_state(&self, state: &mut StateWriter) {
        state.f64s(self.best.as_slice());
    }

    #[cfg(feature = "std")]
    pub(super) fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<()> {
        self.best = match state.f64s()?[..] {
            [] => None,
            [best] => Some(best),
            _ => return Err(state.refuse("the best value", "several")),
        };
        Ok(())
    }

    /// Whether this epoch was better than all before it.
    pub(super) fn is_better(&mut self, end: &EpochEnd<'_>) -> bool {
        let named = |name| end.value(name).map(|value| (name, value));
        let value = match self.name {
            Some(name) => named(name),
            None => named("val_loss").or_else(|| named("loss")),
        };
        let Some((name, value)) = value else {
            return false;
        };
        let falls = match self.mode {
            Mode::Auto => end.history.lower_is_better(name),
            Mode::Min => true,
            Mode::Max => false,
        };
        let better = self.best.is_none_or(|best| {
            if falls {
                value + self.min_delta < best
            } else {
                value - self.min_delta > best
            }
        });
        if better {
            self.best = Some(value);
        }
        better
    }
}

/// The settings that callbacks with a monitor have in common.
macro_rules! monitor_settings {
    ($callback:ident) => {
        impl $callback {
            /// What to watch: `loss`, `val_loss`, or a metric. A name that nothing has is an error of
            /// `fit`, [`Error::NoSuchValue`](crate::Error::NoSuchValue).
            pub fn monitor(mut self, name: &'static str) -> Self {
                self.monitor.name = Some(name);
                self
            }

            /// Whether smaller or larger values are better.
            pub fn mode(mut self, mode: $crate::training::Mode) -> Self {
                self.monitor.mode = mode;
                self
            }

            /// By how much a value must be better to count as better.
            pub fn min_delta(mut self, min_delta: f64) -> Self {
                self.monitor.min_delta = min_delta;
                self
            }
        }
    };
}
pub(super) use monitor_settings;
