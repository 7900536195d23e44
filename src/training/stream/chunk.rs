//! Some batches of a stream.

use crate::error::Error;
use crate::training::lap::Check;
use alloc::vec::Vec;

/// Some batches, and why there are not more.
pub(super) struct Chunk<X, Y> {
    pub(super) x: Vec<X>,
    pub(super) y: Vec<Y>,
    /// The weights of the samples, if they have any.
    pub(super) weights: Vec<f64>,
    /// The number of its first sample in the stream.
    pub(super) first: usize,
    /// What comes behind its last sample, if it is not another chunk of the same epoch.
    pub(super) end: Option<End>,
    /// Whether no chunk follows.
    pub(super) last: bool,
}

/// What ends an epoch.
pub(super) enum End {
    /// It has all its samples.
    Epoch,
    /// There will be no more.
    Failed(Error),
}

impl<X, Y> Default for Chunk<X, Y> {
    fn default() -> Self {
        Self {
            x: Vec::new(),
            y: Vec::new(),
            weights: Vec::new(),
            first: 0,
            end: None,
            last: false,
        }
    }
}

impl<X, Y> Chunk<X, Y> {
    /// Makes room, from sample `first` on.
    pub(super) fn clear(&mut self, first: usize) {
        self.x.clear();
        self.y.clear();
        self.first = first;
        self.end = None;
    }

    /// Ends with the last whole batch before sample `index` of the chunk, because of an error there.
    pub(super) fn fail(&mut self, index: usize, batch_size: usize, error: Error) {
        let whole = index / batch_size * batch_size;
        self.x.truncate(whole);
        self.y.truncate(whole);
        self.end = Some(End::Failed(error));
    }

    /// Keeps the whole batches before the first sample that is bad.
    pub(super) fn check(&mut self, check: &Check<'_, X, Y>, batch_size: usize) {
        while !self.x.is_empty()
            && let Err(mut error) = check(&self.x, &self.y)
        {
            let mut bad = 0;
            if let Error::NotFinite { index, .. } | Error::LabelOutOfRange { index, .. } =
                &mut error
            {
                bad = *index;
                *index += self.first;
            }
            self.fail(bad, batch_size, error);
        }
    }
}
