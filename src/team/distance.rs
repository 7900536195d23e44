//! How far the members of a team are from each other.

use super::{FARTHEST, Parts, Share, Team};
use crate::simd::{Isa, Job};
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering::{Acquire, Release};
use core::time::Duration;
use std::time::Instant;

/// How long to wait for those who must wake up first.
const WAKING: Duration = Duration::from_micros(60);

/// How many times to ask then: the shortest time counts.
const ROUNDS: usize = 8;

/// How often to look for answers before looking at the clock.
const GLANCES: usize = 16;

/// Rounds in which members do nothing but answer: one for them to wake up, and those that are timed. Gives the
/// seconds that the shortest one took, for each of the others; nothing if somebody misses the first two. (One
/// that is missed later is the last.)
pub struct Rounds<'t>(pub Team<'t>);

impl Job for Rounds<'_> {
    type Output = Option<f64>;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Option<f64> {
        let others = self.0.size() - 1;
        let patience = FARTHEST * others as u32;
        self.ask(isa, others, WAKING + patience)?;
        let shortest = (0..ROUNDS)
            .map_while(|_| self.ask(isa, others, patience))
            .min()?;
        Some(shortest.as_secs_f64() / others as f64)
    }
}

impl Rounds<'_> {
    /// A round in which so many others are to answer in time. Gives the time it took if they do.
    #[inline(always)]
    fn ask<I: Isa>(&self, isa: I, others: usize, patience: Duration) -> Option<Duration> {
        let answers = Answers {
            begun: Instant::now(),
            patience,
            missing: AtomicUsize::new(others),
        };
        let mut parts = Parts::new();
        (0..=others).for_each(|member| parts.push(member));
        self.0.share(isa, &answers, &mut parts);
        let took = answers.begun.elapsed();
        (took < patience).then_some(took)
    }
}

/// The answers of a round.
struct Answers {
    begun: Instant,
    patience: Duration,
    missing: AtomicUsize,
}

impl Share<usize> for Answers {
    #[inline(always)]
    fn run<I: Isa>(&self, _: I, member: usize) {
        if member > 0 {
            self.missing.fetch_sub(1, Release);
            return;
        }
        // (A part that nobody has begun by then is the leader's.)
        while self.begun.elapsed() < self.patience {
            for _ in 0..GLANCES {
                if self.missing.load(Acquire) == 0 {
                    return;
                }
                core::hint::spin_loop();
            }
        }
    }
}
