//! Whether a team is faster than its leader alone.
//!
//! Two processors may have no cache in common, or other programs may want one of them: then a step takes
//! longer with both. Who takes it changes nothing but its time. So both ways are tried: all members first if
//! they answer and are near enough. The faster way goes on, and now and then the other one gets another try.

use super::{FARTHEST, Team};

/// In each step members exchange the weights, and each leaves a part of their products to the others. So a
/// team is worth a first try if its distance is at most so many seconds for each product of a weight.
/// (Processors with a cache in common are 0.16 microseconds from each other, others may be 0.35 to 0.6.)
const PRODUCT: f64 = 8e-9;

/// In how many steps to ask how far members are from each other, if there is no answer. (The leader takes those
/// without one alone.)
const LOOKS: u32 = 2;

/// The steps of so many seconds behind that do not count. (The system may begin a helper on the processor of its
/// parent, and needs some time to see that another one has nothing to do. In later fits of the training this is
/// not waited for again.)
const SETTLING: f64 = 0.004;

/// How many steps all members take behind that. (A leader who begins alone takes `STAY[1]`.)
const FIRST: u32 = 16;

/// The steps of a try: of all members, which must wake up, and of the leader alone.
const TRY: [u32; 2] = [8, 4];

/// A step of the leader alone that takes so many times what all members took ends its try: the first one, for
/// which data move to its cache, and those after it.
const HOPELESS: [f64; 2] = [1.75, 1.4];

/// All members pay if their steps take at most so much of those of the leader alone. (Beside a busy program
/// they take about as long, and now and then much longer.)
const PAYS: f64 = 0.95;

/// How many steps the way that has won a try goes on before the other one gets its own: all members, which may
/// have been lucky beside a busy program, and the leader alone. (After each try that is lost, twice as many.)
const STAY: [u32; 2] = [32, 128];

/// How many steps a way goes on at most.
const LONGEST: u32 = 1024;

/// Who takes the next step of a training.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often to ask yet how far members are from each other.
    looks: u32,
    /// Whether the leader takes the steps of this run alone.
    alone: bool,
    /// Whether this run is the try of a way.
    tries: bool,
    /// The steps of this run, and those that are left of it.
    run: u32,
    left: u32,
    /// The rows of the largest step.
    usual: usize,
    /// The rows of its timed steps, and how many seconds they took.
    rows: usize,
    seconds: f64,
    /// Seconds that a row took the other way.
    other: f64,
    /// How many steps the faster way goes on.
    stay: u32,
    /// Seconds until all are settled.
    settling: f64,
    #[cfg(feature = "std")]
    begun: Option<std::time::Instant>,
}

impl Default for Pace {
    /// All members take the first steps, unless they are asked for their distance and do not answer or are far.
    fn default() -> Self {
        Pace {
            looks: LOOKS,
            alone: false,
            tries: false,
            run: FIRST,
            left: FIRST,
            usual: 0,
            rows: 0,
            seconds: 0.0,
            other: f64::INFINITY,
            stay: STAY[1],
            settling: SETTLING,
            #[cfg(feature = "std")]
            begun: None,
        }
    }
}

impl Pace {
    /// All members take the first steps, wherever they are.
    #[cfg(test)]
    pub fn together() -> Self {
        Pace {
            looks: 0,
            ..Pace::default()
        }
    }

    /// Who of a team takes the step that begins now, in which each weight is in so many products (forward).
    #[inline(always)]
    pub fn begin<'t>(&mut self, team: Team<'t>, products: usize) -> Team<'t> {
        let _ = products;
        #[cfg(feature = "std")]
        {
            let others = team.size() > 1;
            if others && self.looks > 0 {
                self.look(products, || team.distance());
            }
            self.begun = others.then(std::time::Instant::now);
        }
        if self.alone { Team::alone() } else { team }
    }

    /// Asks the others how far they are. If they do not answer or are too far, the leader goes on alone until
    /// they are asked again, or until their first try. (An answer in time cannot be too far for large batches;
    /// and nothing is known of models most of whose weights are in no products, such as embeddings. Nobody is
    /// asked for these.)
    #[cfg_attr(not(feature = "std"), allow(dead_code))] // without it there are no teams
    fn look(&mut self, products: usize, distance: impl FnOnce() -> Option<f64>) {
        let most = PRODUCT * products as f64;
        self.alone = if products == 0 || most >= FARTHEST.as_secs_f64() {
            self.looks = 0;
            false
        } else if let Some(distance) = distance() {
            self.looks = 0;
            distance > most
        } else {
            self.looks -= 1;
            true
        };
        self.run = if self.alone { STAY[1] } else { FIRST };
        self.left = self.run;
    }

    /// The step, of so many rows, is over.
    #[inline(always)]
    pub fn end(&mut self, rows: usize) {
        #[cfg(feature = "std")]
        if let Some(begun) = self.begun.take() {
            self.took(rows, begun.elapsed().as_secs_f64());
        }
        let _ = rows;
    }

    /// A step of so many rows took so many seconds.
    #[cfg_attr(not(feature = "std"), allow(dead_code))] // without it there are no teams to time
    fn took(&mut self, rows: usize, seconds: f64) {
        if self.looks > 0 {
            return;
        }
        if self.settling > 0.0 {
            self.settling -= seconds;
            return;
        }
        // (A smaller batch takes longer for a row: what is done for the weights is the same.)
        self.usual = self.usual.max(rows);
        let counts = self.tries && self.alone && rows == self.usual;
        let most = HOPELESS[usize::from(self.left < self.run)] * self.other;
        if counts && seconds > most * rows as f64 {
            self.left = 1;
        }
        // In the first half of a run helpers wake up, and data move to their caches.
        if self.left <= self.run / 2 {
            self.rows += rows;
            self.seconds += seconds;
        }
        self.left -= 1;
        if self.left > 0 {
            return;
        }
        let this = self.seconds / self.rows as f64;
        if !self.tries {
            // The other way gets a try.
            self.other = this;
            self.alone = !self.alone;
            self.run = TRY[usize::from(self.alone)];
        } else {
            let most = if self.alone {
                self.other / PAYS
            } else {
                self.other * PAYS
            };
            if this < most {
                self.stay = STAY[usize::from(self.alone)];
            } else {
                self.alone = !self.alone;
                self.stay = (2 * self.stay).min(LONGEST);
            }
            self.run = self.stay;
        }
        self.tries = !self.tries;
        self.left = self.run;
        (self.rows, self.seconds) = (0, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so many steps, those that the leader takes alone, if one takes so many seconds shared and alone.
    fn alone(pace: &mut Pace, steps: u32, seconds: [f64; 2]) -> u32 {
        let mut count = 0;
        for _ in 0..steps {
            count += u32::from(pace.alone);
            pace.took(32, seconds[usize::from(pace.alone)]);
        }
        count
    }

    #[test]
    fn the_faster_way_goes_on_and_the_other_gets_few_steps() {
        for (seconds, fewest, most) in [
            ([2.0, 1.0], 9850, 9950),
            ([1.0, 1.2], 20, 100),
            // Hopeless: two steps a try, and one.
            ([1.0, 1.5], 20, 40),
            ([1.0, 2.0], 10, 20),
        ] {
            let count = alone(&mut Pace::together(), 10_000, seconds);
            assert!((fewest..=most).contains(&count), "{seconds:?}: {count}");
        }
        assert!(alone(&mut Pace::together(), 100, [2.0, 1.0]) > 80);
    }

    #[test]
    fn a_leader_whose_team_is_far_begins_alone() {
        for (distance, products, is_far) in [
            (0.19e-6, 31, false),
            (0.33e-6, 31, true),
            (0.6e-6, 128, false),
            (1.5e-6, 128, true),
        ] {
            let mut pace = Pace::default();
            pace.look(products, || Some(distance));
            assert_eq!(pace.alone, is_far, "{distance:?}, {products}");
            alone(&mut pace, 1, [SETTLING; 2]);
            assert_eq!(alone(&mut pace, 4, [1.0, 2.0]), 4 * u32::from(is_far));
            // All the same, who is faster goes on.
            assert!(alone(&mut pace, 10_000, [1.0, 2.0]) < 200);
        }
    }

    #[test]
    fn where_an_answer_would_say_nothing_nobody_is_asked() {
        for (products, silent) in [(0, 0), (1000, 0), (1000, 1)] {
            let mut pace = Pace::default();
            (0..silent).for_each(|_| pace.look(32, || None));
            pace.look(products, || panic!("asked"));
            assert_eq!((pace.looks, pace.alone, pace.left), (0, false, FIRST));
        }
    }

    #[test]
    fn steps_before_an_answer_are_forgotten() {
        for silent in 0..LOOKS {
            let mut pace = Pace::default();
            for _ in 0..silent {
                pace.look(32, || None);
                assert_eq!(alone(&mut pace, 1, [1.0, 100.0]), 1);
            }
            pace.look(32, || Some(0.1e-6));
            alone(&mut pace, 1, [SETTLING; 2]);
            // Then comes the leader's try.
            assert_eq!(alone(&mut pace, FIRST, [1.0, 2.0]), 0);
            assert_eq!(alone(&mut pace, 1, [1.0, 2.0]), 1);
            assert!(alone(&mut pace, 1000, [1.0, 2.0]) < 20);
        }
    }

    #[test]
    fn nobody_is_asked_forever() {
        let mut pace = Pace::default();
        for _ in 0..LOOKS {
            assert!(pace.looks > 0);
            pace.look(32, || None);
        }
        assert_eq!(pace.looks, 0);
        alone(&mut pace, 1, [SETTLING; 2]);
        assert_eq!(alone(&mut pace, STAY[1], [2.0, 1.0]), STAY[1]);
        // The team's try does not help it.
        assert!(alone(&mut pace, 1000, [2.0, 1.0]) > 950);
    }

    #[test]
    fn in_doubt_the_leader_is_alone() {
        assert!(alone(&mut Pace::together(), 10_000, [0.97, 1.0]) > 9500);
        assert!(alone(&mut Pace::together(), 10_000, [0.93, 1.0]) < 500);
    }

    #[test]
    fn a_team_that_has_won_its_try_is_soon_compared_again() {
        let mut pace = Pace::together();
        alone(&mut pace, 100, [2.0, 1.0]);
        while pace.alone || pace.tries {
            alone(&mut pace, 1, [1.0, 2.0]);
        }
        assert_eq!(pace.run, STAY[0]);
    }

    #[test]
    fn a_slow_first_step_alone_is_not_hopeless() {
        let (mut pace, mut run) = (Pace::together(), 0);
        for _ in 0..300 {
            run = if pace.alone { run + 1 } else { 0 };
            pace.took(
                32,
                if run == 1 {
                    1.6
                } else {
                    0.8 + 0.2 * f64::from(run == 0)
                },
            );
        }
        assert!(pace.alone);
    }

    #[test]
    fn a_smaller_batch_is_not_hopeless() {
        let mut pace = Pace::together();
        alone(&mut pace, 1, [SETTLING, 1.0]);
        while !pace.alone {
            pace.took(32, 1.0);
        }
        pace.took(32, 0.8);
        pace.took(4, 0.4);
        assert!(pace.alone);
    }

    #[test]
    fn a_change_is_noticed() {
        let mut pace = Pace::together();
        alone(&mut pace, 10_000, [1.0, 2.0]);
        alone(&mut pace, 2 * LONGEST, [3.0, 2.0]);
        assert!(alone(&mut pace, 1000, [3.0, 2.0]) > 950);
        alone(&mut pace, 2 * LONGEST, [1.0, 2.0]);
        assert!(alone(&mut pace, 1000, [1.0, 2.0]) < 50);
    }

    #[test]
    fn the_first_steps_do_not_count() {
        let mut pace = Pace::together();
        (0..100).for_each(|_| pace.took(32, SETTLING / 100.0));
        (0..FIRST / 2).for_each(|_| pace.took(32, 100.0));
        alone(&mut pace, 200, [1.0, 2.0]);
        assert!(!pace.alone);
    }
}
