//! Where the batches of an epoch come from: some samples in memory at a time, and their order.

use super::ahead::{Ahead, stream};
use crate::error::Result;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;

/// Samples to go through once, in order.
pub(super) struct Lap<'a, X, Y> {
    pub(super) x: &'a [X],
    pub(super) y: &'a [Y],
    /// What the loss of each sample is multiplied by.
    pub(super) weights: Option<&'a [f64]>,
    pub(super) order: &'a [u32],
    pub(super) batch_size: usize,
}

impl<X, Y> Clone for Lap<'_, X, Y> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<X, Y> Copy for Lap<'_, X, Y> {}

impl<'a, X, Y> Lap<'a, X, Y> {
    /// Samples that all count alike.
    pub(super) fn new((x, y): (&'a [X], &'a [Y]), order: &'a [u32], batch_size: usize) -> Self {
        Self {
            x,
            y,
            weights: None,
            order,
            batch_size,
        }
    }

    /// The same samples in the order of an epoch, without so many of its steps.
    fn of_epoch<'o>(&self, order: &'o [u32], skipped: usize) -> Lap<'o, X, Y>
    where
        'a: 'o,
    {
        let epoch = Lap { order, ..*self };
        epoch.part(skipped..epoch.steps())
    }

    /// How many samples a step takes at most.
    pub(super) fn rows(&self) -> usize {
        self.batch_size.min(self.order.len())
    }

    /// How many steps it has.
    pub(super) fn steps(&self) -> usize {
        self.order.len().div_ceil(self.batch_size)
    }

    /// Some of its steps, counted from 0.
    pub(super) fn part(&self, steps: Range<usize>) -> Self {
        let sample = |step: usize| step.saturating_mul(self.batch_size).min(self.order.len());
        Self {
            order: &self.order[sample(steps.start)..sample(steps.end)],
            ..*self
        }
    }
}

/// Says what is wrong with samples, if anything is.
pub(super) type Check<'c, X, Y> = dyn Fn(&[X], &[Y]) -> Result<()> + 'c;

/// The laps of a training, one or more for each epoch. The samples of two of them are in memory: the
/// step that spoils a model is found by the loss of the next one, and to undo it the steps before it
/// are taken again.
pub(super) trait Laps<X, Y> {
    /// Goes on to the first lap of an epoch (counted over the whole training), leaving so many of its
    /// steps out; `false` if there are no more samples.
    fn begin(&mut self, epoch: u64, steps: usize, check: &Check<'_, X, Y>) -> Result<bool>;

    /// Goes on to the next lap of the epoch; `false`, and where it was, if the epoch is over.
    fn go_on(&mut self, check: &Check<'_, X, Y>) -> Result<bool>;

    /// The lap, which has at least one sample.
    fn lap(&self) -> Lap<'_, X, Y>;

    /// The same, with the order of the epoch that comes next, if it may be worked out along with the steps.
    fn lap_and_ahead(&mut self) -> (Lap<'_, X, Y>, Option<&mut Ahead>) {
        (self.lap(), None)
    }

    /// The lap before it, to be asked for at the end of a training only.
    fn lap_before(&mut self) -> Lap<'_, X, Y>;

    /// How many samples an epoch has, if it is known.
    fn samples(&self) -> Option<usize>;
}

/// All samples in memory: one lap an epoch.
pub(super) struct InMemory<'a, X, Y> {
    /// The samples to train on, in ascending order.
    all: Lap<'a, X, Y>,
    /// The same in the order of the epoch.
    order: Vec<u32>,
    /// That of the next epoch, where it is worked out along with the steps.
    ahead: Option<Ahead>,
    /// The seed of the order, if it is to change.
    shuffle: Option<u64>,
    epoch: u64,
    /// The steps of the epoch that are left out.
    skipped: usize,
}

impl<'a, X, Y> InMemory<'a, X, Y> {
    pub(super) fn new(all: Lap<'a, X, Y>, shuffle: Option<u64>) -> Self {
        Self {
            all: Lap {
                batch_size: all.rows(),
                ..all
            },
            order: all.order.to_vec(),
            ahead: None,
            shuffle,
            epoch: 0,
            skipped: 0,
        }
    }

    /// The same, where the steps of an epoch may work out the order of the next one.
    pub(super) fn looking_ahead(self) -> Self {
        let ahead = self.shuffle.map(|_| Ahead::new(self.order.len()));
        Self { ahead, ..self }
    }

    /// Puts the samples into the order of an epoch, which depends on nothing but seed and epoch.
    fn arrange(&mut self, epoch: u64, skipped: usize) {
        (self.epoch, self.skipped) = (epoch, skipped);
        let Some(seed) = self.shuffle else { return };
        match self.ahead.as_mut().and_then(|ahead| ahead.finish(epoch)) {
            Some(order) => mem::swap(&mut self.order, order),
            None => {
                self.order.copy_from_slice(self.all.order);
                stream(seed, epoch).shuffle(&mut self.order);
            }
        }
    }
}

impl<X, Y> Laps<X, Y> for InMemory<'_, X, Y> {
    fn begin(&mut self, epoch: u64, steps: usize, _: &Check<'_, X, Y>) -> Result<bool> {
        self.arrange(epoch, steps);
        if let (Some(ahead), Some(seed)) = (&mut self.ahead, self.shuffle) {
            ahead.begin(self.all.order, seed, epoch + 1);
        }
        Ok(true)
    }

    fn go_on(&mut self, _: &Check<'_, X, Y>) -> Result<bool> {
        Ok(false)
    }

    fn lap(&self) -> Lap<'_, X, Y> {
        self.all.of_epoch(&self.order, self.skipped)
    }

    fn lap_and_ahead(&mut self) -> (Lap<'_, X, Y>, Option<&mut Ahead>) {
        let lap = self.all.of_epoch(&self.order, self.skipped);
        (lap, self.ahead.as_mut())
    }

    fn lap_before(&mut self) -> Lap<'_, X, Y> {
        self.arrange(self.epoch - 1, 0);
        self.lap()
    }

    fn samples(&self) -> Option<usize> {
        Some(self.all.order.len())
    }
}
