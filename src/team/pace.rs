//! Whether a team is faster than its leader alone.
//!
//! Two processors may have no cache in common, or other programs may want one of them: then a step takes
//! longer with both. Who takes it changes nothing but its time. So both ways are tried, the one first from
//! which more is to be expected; the faster one goes on, and now and then the other one gets another try.

use super::Team;

/// In each step members exchange the weights, and each leaves a part of their products to the others. So a
/// team is worth a first try if an answer takes no longer than so many seconds for each product of a weight.
/// (From a processor with a cache in common it comes in 0.2 microseconds, from others it may take 0.6.)
const PRODUCT: f64 = 16e-9;

/// How often to look how far members are from each other, if there is no answer.
const LOOKS: u32 = 64;

/// The steps of the first so many seconds of a training do not count. (The system may begin a helper on the
/// processor of its parent, and needs some time to see that another one has nothing to do. In later fits of
/// the training this is not waited for again.)
const SETTLING: f64 = 0.004;

/// How many steps go on as they began behind that.
const FIRST: u32 = 16;

/// The steps of a try: of all members, which must wake up, and of the leader alone.
const TRY: [u32; 2] = [8, 4];

/// A step of the leader alone that takes so many times what all members took ends its try. (Not the first one,
/// for which data move to its cache.)
const HOPELESS: f64 = 1.4;

/// How many steps the faster way goes on before the other one is tried again: at first, and at most.
const STAY: [u32; 2] = [128, 1024];

/// Who takes the next step of a training.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often to look yet how far members are from each other.
    #[cfg_attr(not(feature = "std"), allow(dead_code))] // without it there are no teams
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
    /// All members take the first steps, unless too little is expected from them.
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
            stay: STAY[0],
            settling: SETTLING,
            #[cfg(feature = "std")]
            begun: None,
        }
    }
}

impl Pace {
    /// Who of a team takes the step that begins now, in which each weight is in so many products (forward).
    #[inline(always)]
    pub fn begin<'t>(&mut self, team: Team<'t>, products: usize) -> Team<'t> {
        let _ = products;
        #[cfg(feature = "std")]
        if team.size() > 1 {
            if self.looks > 0 {
                self.looked(team.distance(), products);
            }
            self.begun = Some(std::time::Instant::now());
        }
        if self.alone { Team::alone() } else { team }
    }

    /// Leaves the first steps to the leader alone where the others' answers, if there were any, took too long.
    #[cfg_attr(not(feature = "std"), allow(dead_code))]
    fn looked(&mut self, answer: Option<f64>, products: usize) {
        // They need some time to wake up, and do not answer before.
        self.looks = if answer.is_some() { 0 } else { self.looks - 1 };
        if answer.is_some_and(|seconds| seconds > PRODUCT * products as f64) {
            self.alone = true;
            (self.run, self.left) = (STAY[0], STAY[0]);
        }
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
        if self.settling > 0.0 {
            self.settling -= seconds;
            return;
        }
        // (A smaller batch takes longer for a row: what is done for the weights is the same.)
        self.usual = self.usual.max(rows);
        let counts = self.tries && self.alone && self.left < self.run && rows == self.usual;
        if counts && seconds > HOPELESS * self.other * rows as f64 {
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
            if this < self.other {
                self.stay = STAY[0];
            } else {
                self.alone = !self.alone;
                self.stay = (2 * self.stay).min(STAY[1]);
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
            // Hopeless: two steps a try.
            ([1.0, 2.0], 10, 40),
        ] {
            let count = alone(&mut Pace::default(), 10_000, seconds);
            assert!((fewest..=most).contains(&count), "{seconds:?}: {count}");
        }
        assert!(alone(&mut Pace::default(), 100, [2.0, 1.0]) > 80);
    }

    #[test]
    fn a_leader_whose_team_is_far_begins_alone() {
        for (answer, products, is_far) in [
            (Some(0.2e-6), 16, false),
            (Some(0.6e-6), 32, true),
            (Some(0.6e-6), 128, false),
            (Some(50e-6), 128, true),
            (None, 32, false),
        ] {
            let mut pace = Pace::default();
            pace.looked(None, products);
            pace.looked(answer, products);
            assert_eq!(pace.alone, is_far, "{answer:?}, {products}");
            // All the same, who is faster goes on.
            assert!(alone(&mut pace, 10_000, [1.0, 2.0]) < 200);
        }
    }

    #[test]
    fn a_slow_first_step_alone_is_not_hopeless() {
        let (mut pace, mut run) = (Pace::default(), 0);
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
        let mut pace = Pace::default();
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
        let mut pace = Pace::default();
        alone(&mut pace, 10_000, [1.0, 2.0]);
        alone(&mut pace, 2 * STAY[1], [3.0, 2.0]);
        assert!(alone(&mut pace, 1000, [3.0, 2.0]) > 950);
        alone(&mut pace, 2 * STAY[1], [1.0, 2.0]);
        assert!(alone(&mut pace, 1000, [1.0, 2.0]) < 50);
    }

    #[test]
    fn the_first_steps_do_not_count() {
        let mut pace = Pace::default();
        (0..100).for_each(|_| pace.took(32, SETTLING / 100.0));
        (0..FIRST / 2).for_each(|_| pace.took(32, 100.0));
        alone(&mut pace, 200, [1.0, 2.0]);
        assert!(!pace.alone);
    }
}
