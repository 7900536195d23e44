//! Checkpoints: what it takes to go on with a training where it was, bit for bit.
//!
//! A training keeps the weights to go back to if the loss should run away, in a [`Snapshot`] that is
//! made in the middle of a step: its loss has proved finite, and the weights have not changed yet. A
//! checkpoint is such a snapshot in a file, with the counters of that moment. So it needs no weights
//! before it, and whoever goes on from it takes that step again.
//!
//! [`Snapshot`]: super::snapshot::Snapshot
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

#[cfg(not(feature = "std"))]
mod none;
#[cfg(not(feature = "std"))]
pub(super) use none::Backup;

#[cfg(feature = "std")]
mod backup;
#[cfg(feature = "std")]
mod description;
#[cfg(feature = "std")]
mod format;
#[cfg(feature = "std")]
mod resume;
#[cfg(feature = "std")]
mod values;
#[cfg(feature = "std")]
mod words;
#[cfg(feature = "std")]
pub(super) use backup::Backup;
#[cfg(feature = "std")]
pub(super) use description::Description;
#[cfg(feature = "std")]
pub use values::{StateReader, StateWriter};

use super::epoch::Sums;

/// Where in a fit a training stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    /// How many epochs are complete.
    pub(super) epochs: usize,
    /// How many epochs have begun up to there, over the whole training.
    pub(super) begun: u64,
    /// The epoch that has begun behind them, if one has.
    pub(super) within: Option<Within>,
    /// Whether no epoch is to follow, however many are asked for.
    pub(super) over: bool,
}

/// What else is known about the epochs of a fit.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// The samples of a step, except perhaps for the last one of an epoch.
    pub(super) batch_size: usize,
    /// The steps of an epoch, if they are known.
    pub(super) steps: Option<usize>,
    /// Whether there is validation data.
    pub(super) validated: bool,
}

/// Where in an epoch a training stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Within {
    /// How many steps have been taken.
    pub(super) steps: usize,
    pub(super) sums: Sums,
    /// How long they took.
    pub(super) seconds: f64,
}

impl Place {
    /// How many steps of the epoch have been taken.
    pub(super) fn steps(&self) -> usize {
        self.within.map_or(0, |within| within.steps)
    }
}
