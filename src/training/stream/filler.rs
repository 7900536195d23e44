//! Takes samples from a feed into chunks.

use super::Supply;
use super::chunk::{Chunk, End};
use crate::data::{Feed, Sample};
use crate::error::{Error, Result};
use crate::training::checkpoint::Place;

/// The most batches of a chunk. With many, it costs little to keep the weights of before each chunk.
const MOST_BATCHES: usize = 64;

/// The most bytes of a chunk that has more than one batch.
const MOST_BYTES: usize = 16 << 20;

pub(super) struct Filler<F> {
    feed: F,
    /// The epoch, counted over the whole training, and how many there are left with it.
    epoch: usize,
    epochs: usize,
    /// Whether the epoch has begun.
    begun: bool,
    batch_size: usize,
    /// How many batches the next chunk takes at most: few at first, so that training begins soon.
    batches: usize,
    steps_per_epoch: Option<usize>,
    /// The steps of the epoch for which samples have been taken.
    steps: usize,
    /// The samples taken so far.
    samples: usize,
    /// How many samples have been trained on before the first chunk, by a fit that goes on here.
    skip: usize,
    /// Whether the feed has no more.
    over: bool,
}

impl<F: Feed<Item: Sample>> Filler<F> {
    pub(super) fn new(
        feed: F,
        (place, epochs): (Place, usize),
        batch_size: usize,
        steps_per_epoch: Option<usize>,
    ) -> Self {
        let steps = place.steps();
        let before = match steps_per_epoch {
            _ if F::RESTARTS => 0,
            Some(steps) => place.epochs.saturating_mul(steps),
            None => 0,
        };
        let epochs = epochs.saturating_sub(place.epochs);
        // Without a number of steps, an iterator ends with its first epoch.
        let ended = !F::RESTARTS && steps_per_epoch.is_none() && place.epochs > 0;
        Self {
            feed,
            epoch: place.begun as usize + 1,
            epochs,
            begun: false,
            batch_size,
            batches: 1,
            steps_per_epoch,
            steps,
            samples: 0,
            skip: before.saturating_add(steps).saturating_mul(batch_size),
            over: epochs == 0 || place.over || ended,
        }
    }

    /// Fills a chunk, unless it is to be left.
    pub(super) fn fill<X, Y>(&mut self, chunk: &mut Chunk<X, Y>, leave: impl Fn() -> bool)
    where
        F::Item: Sample<Input = X, Target = Y>,
    {
        chunk.clear(self.samples);
        if self.over {
            chunk.end = Some(End::Epoch);
        } else {
            self.take(chunk, leave);
        }
        chunk.last = self.over;
    }

    fn take<X, Y>(&mut self, chunk: &mut Chunk<X, Y>, leave: impl Fn() -> bool)
    where
        F::Item: Sample<Input = X, Target = Y>,
    {
        if !self.begun {
            self.begun = true;
            self.feed.begin_epoch(self.epoch);
        }
        while self.skip > 0 && !leave() {
            let index = self.samples;
            let source = match self.feed.next_sample().map(Sample::sample) {
                Some(Ok(_)) => {
                    self.samples += 1;
                    self.skip -= 1;
                    continue;
                }
                Some(Err(source)) => source,
                None => "the stream ends before the place of the checkpoint".into(),
            };
            self.over = true;
            let error = Error::Stream { index, source };
            return chunk.fail(0, self.batch_size, error);
        }
        chunk.first = self.samples;
        let batches = match self.steps_per_epoch {
            Some(steps) => self.batches.min(steps - self.steps),
            None => self.batches,
        };
        let room = self.batch_size.saturating_mul(batches);
        while chunk.x.len() < room && !leave() {
            let index = self.samples;
            match self.feed.next_sample().map(Sample::sample) {
                Some(Ok((x, y))) => {
                    self.samples += 1;
                    chunk.x.push(x);
                    chunk.y.push(y);
                }
                Some(Err(source)) => {
                    self.over = true;
                    let error = Error::Stream { index, source };
                    return chunk.fail(chunk.x.len(), self.batch_size, error);
                }
                None => {
                    self.over = !F::RESTARTS;
                    return self.end_epoch(chunk);
                }
            }
        }
        self.steps += batches;
        if self.steps_per_epoch == Some(self.steps) {
            return self.end_epoch(chunk);
        }
        let bytes = (size_of::<X>() + size_of::<Y>()).saturating_mul(room);
        if bytes <= MOST_BYTES / 2 {
            self.batches = (2 * self.batches).min(MOST_BATCHES);
        }
    }

    fn end_epoch<X, Y>(&mut self, chunk: &mut Chunk<X, Y>) {
        chunk.end = Some(End::Epoch);
        self.steps = 0;
        self.begun = false;
        self.epoch += 1;
        self.epochs -= 1;
        self.over |= self.epochs == 0;
    }
}

impl<F: Feed<Item: Sample<Input = X, Target = Y>>, X, Y> Supply<X, Y> for Filler<F> {
    fn exchange(&mut self, mut spare: Chunk<X, Y>) -> Result<Chunk<X, Y>> {
        self.fill(&mut spare, || false);
        Ok(spare)
    }
}
