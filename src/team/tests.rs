//! Whatever the team, everything is done once.

use super::*;
use crate::simd::{Level, dispatch_on};

/// Doubles numbers.
struct Double;
impl<'p> Share<&'p mut [u64]> for Double {
    fn run<I: Isa>(&self, _: I, part: &'p mut [u64]) {
        part.iter_mut().for_each(|x| *x *= 2);
    }
}

/// Panics over the number 1.
struct Refuse;
impl<'p> Share<&'p mut [u64]> for Refuse {
    fn run<I: Isa>(&self, _: I, part: &'p mut [u64]) {
        assert!(part[0] != 1, "no ones");
    }
}

/// Shares numbers, `N` in each part.
struct Numbers<'a, W, const N: usize>(Team<'a>, W, &'a mut [u64]);
impl<W: for<'p> Share<&'p mut [u64]>, const N: usize> Job for Numbers<'_, W, N> {
    type Output = ();
    fn run<I: Isa>(self, isa: I) {
        let mut parts = Parts::new();
        self.2.chunks_mut(N).for_each(|part| parts.push(part));
        self.0.share(isa, &self.1, &mut parts);
    }
}

#[test]
fn every_part_is_done_once() {
    let rounds = if cfg!(miri) { 3 } else { 2_000 };
    for size in [1, 2, 3, 16] {
        with_team(size, |team| {
            assert_eq!(team.size(), if cfg!(feature = "std") { size } else { 1 });
            for round in 0..rounds {
                let mut numbers: [u64; MOST] = core::array::from_fn(|i| round + i as u64);
                let count = 1 + round as usize % team.size();
                let job = Numbers::<_, 1>(team, Double, &mut numbers[..count]);
                dispatch_on(Level::current(), job);
                for (i, &x) in numbers.iter().enumerate() {
                    let factor = if i < count { 2 } else { 1 };
                    assert_eq!(x, factor * (round + i as u64));
                }
            }
        });
    }
}

/// Shares two numbers in each of its parts.
struct Within<'a>(Team<'a>);
impl<'p> Share<&'p mut [u64]> for Within<'_> {
    fn run<I: Isa>(&self, isa: I, part: &'p mut [u64]) {
        let mut parts = Parts::new();
        part.chunks_mut(1).for_each(|part| parts.push(part));
        self.0.share(isa, &Double, &mut parts);
    }
}

#[test]
fn a_round_within_a_round_is_done_once() {
    with_team(3, |team| {
        for _ in 0..if cfg!(miri) { 3 } else { 1_000 } {
            let mut numbers: [u64; 6] = core::array::from_fn(|i| i as u64);
            let job = Numbers::<_, 2>(team, Within(team), &mut numbers);
            dispatch_on(Level::current(), job);
            assert_eq!(numbers, [0, 2, 4, 6, 8, 10]);
        }
    });
}

/// Whether they answer in time or not.
#[test]
#[cfg(feature = "std")]
fn members_are_asked_how_far_they_are() {
    with_team(3, |team| {
        for _ in 0..if cfg!(miri) { 2 } else { 100 } {
            let farthest = FARTHEST.as_secs_f64();
            assert!(team.distance().is_none_or(|seconds| seconds < farthest));
        }
    });
}

/// Helpers that sleep are woken.
#[test]
#[cfg(feature = "std")]
fn a_long_pause_does_not_matter() {
    with_team(3, |team| {
        for _ in 0..3 {
            std::thread::sleep(std::time::Duration::from_millis(20));
            let mut numbers = [1, 2, 3];
            dispatch_on(
                Level::current(),
                Numbers::<_, 1>(team, Double, &mut numbers),
            );
            assert_eq!(numbers, [2, 4, 6]);
        }
    });
}

/// Whoever panics, the leader hears of it once all are done, and the team goes on.
#[test]
#[cfg(feature = "std")]
fn a_panic_reaches_the_leader() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    with_team(3, |team| {
        for i in 0..3 {
            let mut numbers = [0, 0, 0];
            numbers[i] = 1;
            let job = || {
                dispatch_on(
                    Level::current(),
                    Numbers::<_, 1>(team, Refuse, &mut numbers),
                )
            };
            let said = catch_unwind(AssertUnwindSafe(job)).unwrap_err();
            assert_eq!(said.downcast_ref::<&str>(), Some(&"no ones"));
            let mut numbers = [1, 2, 3];
            dispatch_on(
                Level::current(),
                Numbers::<_, 1>(team, Double, &mut numbers),
            );
            assert_eq!(numbers, [2, 4, 6]);
        }
    });
}

const BLOCK: usize = 16;

#[test]
fn splits_cover_all_rows_in_blocks() {
    with_team(16, |team| {
        for rows in 0..200 {
            let split = team.split(rows, BLOCK, 1 << 20);
            let mut next = 0;
            for part in 0..split.len() {
                let range = split.rows(part);
                assert_eq!((range.start, range.start % BLOCK), (next, 0));
                assert!(split.len() == 1 || range.len() >= BLOCK);
                next = range.end;
            }
            assert_eq!(next, rows);
        }
        assert_eq!(team.split(1000, BLOCK, 1).len(), 1);
    });
}
