//! How far the members of a team are from each other.

use super::{Parts, Share, Team};
use crate::simd::{Isa, Job};
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering::{Acquire, Release};
use std::time::{Duration, Instant};

/// How many times to ask: the shortest time counts.
const ROUNDS: usize = 8;

/// How long to wait for the answers.
const PATIENCE: Duration = Duration::from_micros(5);

/// Rounds in which members do nothing but answer. Gives the seconds that the shortest one took; nothing if
/// somebody has not answered the first.
pub struct Rounds<'t>(pub Team<'t>);

impl Job for Rounds<'_> {
    type Output = Option<f64>;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Option<f64> {
        let mut shortest: Option<f64> = None;
        for _ in 0..ROUNDS {
            let answers = Answers {
                begun: Instant::now(),
                missing: AtomicUsize::new(self.0.size() - 1),
            };
            let mut parts = Parts::new();
            (0..self.0.size()).for_each(|member| parts.push(member));
            self.0.share(isa, &answers, parts);
            let took = answers.begun.elapsed();
            if took >= PATIENCE {
                break;
            }
            let took = took.as_secs_f64();
            shortest = Some(shortest.map_or(took, |shortest| shortest.min(took)));
        }
        shortest
    }
}

/// The answers of a round.
struct Answers {
    begun: Instant,
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
        while self.missing.load(Acquire) > 0 && self.begun.elapsed() < PATIENCE {
            core::hint::spin_loop();
        }
    }
}
