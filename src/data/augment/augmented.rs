//! Data in memory, augmented as it is trained on.

use super::{Augment, stream};
use crate::data::Feed;
use crate::random::{Stream, mix};
use crate::{Error, Result};
use alloc::vec::Vec;

/// Images in memory and their targets, for [`fit_stream`](crate::training::Training::fit_stream): in
/// each epoch all of them, in a new random order, augmented anew.
#[derive(Clone, Debug)]
pub struct Augmented<'a, X, Y, A> {
    x: &'a [X],
    y: &'a [Y],
    augment: A,
    seed: u64,
    shuffle: bool,
    epoch: usize,
    /// What is left of the epoch, the next sample last.
    order: Vec<usize>,
}

impl<'a, X, Y, A: Augment<X>> Augmented<'a, X, Y, A> {
    /// Orders and augmentations come from this seed.
    ///
    /// # Errors
    /// [`Error::Empty`] if there are no images, and [`Error::LengthMismatch`] if there are not as many
    /// targets.
    pub fn new(x: &'a [X], y: &'a [Y], augment: A, seed: u64) -> Result<Self> {
        if x.is_empty() {
            return Err(Error::Empty { what: "x" });
        }
        if x.len() != y.len() {
            return Err(Error::LengthMismatch {
                left: "x",
                left_len: x.len(),
                right: "y",
                right_len: y.len(),
            });
        }
        Ok(Self {
            x,
            y,
            augment,
            seed,
            shuffle: true,
            epoch: 0,
            order: Vec::with_capacity(x.len()),
        })
    }

    /// Whether to put the images into a new random order before each epoch.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }
}

impl<X, Y: Clone, A: Augment<X>> Feed for Augmented<'_, X, Y, A> {
    type Item = (A::Output, Y);
    const RESTARTS: bool = true;

    fn begin_epoch(&mut self, epoch: usize) {
        /// Sets the order apart from other random numbers with the same seed.
        const ORDER: u64 = 5;
        self.epoch = epoch;
        self.order.clear();
        self.order.extend((0..self.x.len()).rev());
        if self.shuffle {
            let seed = mix(mix(self.seed, ORDER), epoch as u64);
            Stream::new(seed).shuffle(&mut self.order);
        }
    }

    fn next_sample(&mut self) -> Option<(A::Output, Y)> {
        let index = self.order.pop()?;
        let (x, y) = (self.x.get(index)?, self.y.get(index)?);
        let mut out = bytemuck::Zeroable::zeroed();
        let mut random = stream(self.seed, self.epoch, index);
        self.augment.augment(x, &mut out, &mut random);
        Some((out, y.clone()))
    }
}
