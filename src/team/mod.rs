//! Threads that share the work of one step.
//!
//! A team works in rounds. In a round each member gets a part of something that was split
//! beforehand, and the round ends when all are done; so nothing here can change what is computed,
//! only when. Rounds follow each other within microseconds: members wait for the next one awake,
//! and go to sleep when it does not come soon, or when others want their processor.

#[cfg(feature = "std")]
mod distance;
#[cfg(feature = "std")]
mod helpers;
mod pace;
#[cfg(test)]
mod tests;

use crate::simd::{Isa, Job};
use core::ops::Range;
use core::time::Duration;

pub use pace::Pace;

/// The most members of a team.
pub const MOST: usize = 16;

/// How many multiply-adds make it worth while to wake another member: about a microsecond.
const WORTH: usize = 50_000;

/// Answers that take longer, for each of those who are asked, are not waited for: a member may have no
/// processor.
const FARTHEST: Duration = Duration::from_micros(5);

/// Something that can be done in parts, independent of each other.
pub trait Share<P>: Sync {
    /// Does a part. Mark it `#[inline(always)]`.
    fn run<I: Isa>(&self, isa: I, part: P);
}

/// A part, to be done with the instructions of some level.
struct Part<'a, W, P> {
    work: &'a W,
    part: P,
}

impl<P, W: Share<P>> Job for Part<'_, W, P> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        self.work.run(isa, self.part);
    }
}

/// The parts of a round, one for each member from the first on.
pub struct Parts<P> {
    parts: [Option<P>; MOST],
    count: usize,
}

impl<P> Parts<P> {
    /// None yet.
    #[inline(always)]
    pub fn new() -> Self {
        Parts {
            parts: [const { None }; MOST],
            count: 0,
        }
    }

    /// Adds one.
    ///
    /// # Panics
    /// If there are [`MOST`] already.
    #[inline(always)]
    pub fn push(&mut self, part: P) {
        self.parts[self.count] = Some(part);
        self.count += 1;
    }
}

impl<P> Default for Parts<P> {
    fn default() -> Self {
        Self::new()
    }
}

/// Which rows belong to which part: whole blocks, as the kernels take them, and the rest to the last.
#[derive(Clone, Copy, Debug)]
pub struct Split {
    rows: usize,
    block: usize,
    parts: usize,
}

impl Split {
    /// How many parts.
    #[inline(always)]
    pub fn len(self) -> usize {
        self.parts
    }

    /// Always false: there is at least one part.
    #[inline(always)]
    pub fn is_empty(self) -> bool {
        false
    }

    /// The rows of a part.
    #[inline(always)]
    pub fn rows(self, part: usize) -> Range<usize> {
        let blocks = self.rows / self.block;
        let start = |part: usize| blocks * part / self.parts * self.block;
        let end = if part + 1 == self.parts {
            self.rows
        } else {
            start(part + 1)
        };
        start(part)..end
    }
}

/// The threads that work together: the one that has the team, and its helpers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Team<'t> {
    #[cfg(feature = "std")]
    helpers: Option<&'t helpers::Helpers>,
    #[cfg(not(feature = "std"))]
    helpers: core::marker::PhantomData<&'t ()>,
}

impl Team<'_> {
    /// A team of one.
    pub fn alone() -> Self {
        Self::default()
    }

    /// How many members it has.
    #[inline(always)]
    pub fn size(self) -> usize {
        #[cfg(feature = "std")]
        if let Some(helpers) = self.helpers {
            return 1 + helpers.len();
        }
        1
    }

    /// How to do rows that take `cost` multiply-adds each, of which `block` stay together.
    #[inline(always)]
    pub fn split(self, rows: usize, block: usize, cost: usize) -> Split {
        let parts = match self.size() {
            1 => 1,
            size => size
                .min(rows / block)
                .min(rows.saturating_mul(cost) / WORTH)
                .max(1),
        };
        Split { rows, block, parts }
    }

    /// How many seconds it takes to say something to each of the others and to get an answer, if all of them
    /// are awake and answer within some microseconds.
    #[cfg(feature = "std")]
    pub fn distance(self) -> Option<f64> {
        crate::simd::dispatch(distance::Rounds(self))
    }

    /// Does all parts, and returns when they are done. (Within a part, all others that it shares are its own.)
    #[inline(always)]
    pub fn share<I: Isa, P: Send, W: Share<P>>(self, isa: I, work: &W, parts: &mut Parts<P>) {
        #[cfg(feature = "std")]
        if let Some(helpers) = self.helpers
            && parts.count > 1
            && helpers.round(isa, work, parts)
        {
            return;
        }
        for part in parts.parts.iter_mut().take(parts.count) {
            if let Some(part) = part.take() {
                run(isa, work, part);
            }
        }
    }
}

/// Does a part, in a function that is compiled for the instructions that there are.
#[inline(always)]
pub(crate) fn run<I: Isa, P, W: Share<P>>(isa: I, work: &W, part: P) {
    isa.enter(Part { work, part });
}

/// How many of the threads that were asked for have anything to do for batches of `rows` samples that
/// take `macs` multiply-adds each, forward: no more than there are processors.
pub fn members(asked: usize, rows: usize, macs: usize) -> usize {
    if rows >= 16 && rows.saturating_mul(macs) >= 4 * WORTH {
        asked.min(processors())
    } else {
        1
    }
}

/// How many processors there are for this program; 1 if nobody knows.
fn processors() -> usize {
    #[cfg(feature = "std")]
    if let Ok(count) = std::thread::available_parallelism() {
        return count.get();
    }
    1
}

/// Lends a team of `size` members, at most [`MOST`], for as long as `work` takes. Without the feature
/// `std` it has one.
pub fn with_team<R>(size: usize, work: impl FnOnce(Team<'_>) -> R) -> R {
    #[cfg(feature = "std")]
    if size > 1 {
        return helpers::with_helpers(size.min(MOST) - 1, |helpers| {
            work(Team {
                helpers: Some(helpers),
            })
        });
    }
    let _ = size;
    work(Team::alone())
}
