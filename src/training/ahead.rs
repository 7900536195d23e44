//! The order of the next epoch, worked out along with the steps of this one.
//!
//! The steps of a tiny network wait for one number after another, and so does a generator of random numbers:
//! both at once take no longer than the steps.

use super::settings::Purpose;
use crate::random::{Stream, mix};
use alloc::vec;
use alloc::vec::Vec;

/// The random numbers that make the order of an epoch, which depends on nothing but seed and epoch.
pub(super) fn stream(seed: u64, epoch: u64) -> Stream {
    Stream::new(mix(mix(seed, Purpose::Shuffle as u64), epoch))
}

/// The order of an epoch to come.
pub(super) struct Ahead {
    /// The epoch, counted over the whole training, if one has begun.
    epoch: Option<u64>,
    order: Vec<u32>,
    stream: Stream,
    /// How many samples, the first ones, have no place yet.
    left: usize,
}

impl Ahead {
    /// Room for so many samples.
    pub(super) fn new(samples: usize) -> Self {
        Self {
            epoch: None,
            order: vec![0; samples],
            stream: Stream::new(0),
            left: 0,
        }
    }

    /// Begins with an epoch.
    pub(super) fn begin(&mut self, list: &[u32], seed: u64, epoch: u64) {
        self.order.copy_from_slice(list);
        (self.epoch, self.left) = (Some(epoch), list.len());
        self.stream = stream(seed, epoch);
    }

    /// The whole order of an epoch, if that is the one at hand: once.
    pub(super) fn finish(&mut self, epoch: u64) -> Option<&mut Vec<u32>> {
        self.epoch.take_if(|begun| *begun == epoch)?;
        Shuffling::of(Some(self)).advance(usize::MAX);
        Some(&mut self.order)
    }
}

/// An order that is being worked out: what changes all the time, in registers, until it is dropped.
pub(super) struct Shuffling<'a> {
    stream: Stream,
    left: usize,
    order: &'a mut [u32],
    home: Option<(&'a mut Stream, &'a mut usize)>,
}

impl<'a> Shuffling<'a> {
    /// Goes on with an order, if there is one.
    #[inline(always)]
    pub(super) fn of(ahead: Option<&'a mut Ahead>) -> Self {
        match ahead {
            Some(ahead) => Self {
                stream: ahead.stream.clone(),
                left: ahead.left,
                order: &mut ahead.order,
                home: Some((&mut ahead.stream, &mut ahead.left)),
            },
            None => Self {
                stream: Stream::new(0),
                left: 0,
                order: &mut [],
                home: None,
            },
        }
    }

    /// Finds the places of so many samples: [`Stream::shuffle`], left halfway.
    #[inline(always)]
    pub(super) fn advance(&mut self, samples: usize) {
        for _ in 0..samples {
            if self.left <= 1 {
                break;
            }
            self.left -= 1;
            self.stream.fill(self.order, self.left);
        }
    }
}

impl Drop for Shuffling<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some((stream, left)) = &mut self.home {
            (**stream, **left) = (self.stream.clone(), self.left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_parts_it_is_the_same_order() {
        for samples in [1, 2, 3, 100] {
            let list: Vec<u32> = (0..samples).collect();
            let mut whole = list.clone();
            stream(7, 3).shuffle(&mut whole);
            for parts in [vec![], vec![1, 2], vec![40, 0, 59], vec![98, 7]] {
                let mut ahead = Ahead::new(list.len());
                ahead.begin(&list, 7, 3);
                for part in parts {
                    Shuffling::of(Some(&mut ahead)).advance(part);
                }
                assert!(ahead.finish(2).is_none());
                assert_eq!(ahead.finish(3), Some(&mut whole));
                assert!(ahead.finish(3).is_none());
            }
        }
    }
}
