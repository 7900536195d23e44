//! One pass over the data, and the way back from one that ran away.

use super::ahead::Ahead;
use super::checkpoint::{Backup, Place, Within};
use super::evaluate::evaluate;
use super::few::is_tiny;
use super::lap::{Lap, Laps};
use super::progress::Progress;
use super::settings::Purpose;
use super::shards::Shards;
use super::snapshot::{Snapshot, is_finite};
use super::step::{Course, Workspace};
use super::stored::Stored;
use super::{Number, Score, Training, samples};
use crate::error::{Error, Result};
use crate::kernels::Element;
use crate::layer::{Model, Weights};
use crate::losses::Loss;
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::random::mix;
use crate::simd::{Isa, Job, dispatch};
use crate::team::{Pace, Team};
use core::mem;
use core::ops::{DerefMut, Range};

/// What has been summed up in an epoch so far (beside the state of the metrics).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// The losses.
    pub(super) loss: f64,
    /// How many samples they are of.
    pub(super) samples: usize,
}

/// A loss that was not finite, and its step, counted from 0.
pub(super) struct RanAway {
    pub(super) step: usize,
    pub(super) loss: f64,
}

/// The steps of a lap, or of a part of one.
pub(super) struct Steps<'s, 'c, M: Model, O, L, Me, Y> {
    pub(super) course: Course<'c, M, O, L, Me, Y>,
    pub(super) workspace: &'s mut Workspace<M::Element>,
    pub(super) shards: &'s mut Shards<M>,
    pub(super) order: &'s [u32],
    /// The order of the next epoch.
    pub(super) ahead: Option<&'s mut Ahead>,
    pub(super) batch_size: usize,
    /// The number of the last step before them.
    pub(super) steps: u64,
    /// The sum of the losses before them.
    total: f64,
    /// The state of the metrics.
    pub(super) state: &'s mut [f64],
    /// Where to keep the weights before them, once their loss has proved finite.
    snapshot: Option<&'s mut Snapshot<M::Element>>,
    pub(super) progress: Option<&'s mut Progress>,
    pace: &'s mut Pace,
}

impl<M, O, L, Me, Y> Job for Steps<'_, '_, M, O, L, Me, Y>
where
    M: Model,
    O: Optimizer,
    L: Loss<Number<M>, M::Prediction, Y>,
    Me: Metrics<Number<M>, M::Prediction, Y>,
{
    /// The sum of the losses of all samples so far.
    type Output = Result<f64, RanAway>;

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) -> Self::Output {
        let (team, mut step, mut total) = (self.course.team, 0, self.total);
        let rows = self.batch_size.min(self.order.len());
        let products = rows.saturating_mul(M::MACS) / M::LEN.max(1);
        while let Some(batch) = self.order.chunks(self.batch_size).nth(step) {
            let number = self.steps + step as u64 + 1;
            let snapshot = self.snapshot.take();
            let parts = self.workspace.parts(batch.len(), self.shards);
            self.course.team = self.pace.begin(team, products);
            let loss = self
                .course
                .step(isa, parts, batch, number, self.state, |model, state| {
                    if let Some(snapshot) = snapshot {
                        snapshot.save(model, state);
                    }
                });
            self.pace.end(batch.len());
            if !loss.is_finite() {
                return Err(RanAway { step, loss });
            }
            total += loss;
            let (metrics, state) = (self.course.metrics, &*self.state);
            advance(&mut self.progress, batch.len(), |done| {
                Score::of(total, done, metrics, state)
            });
            step += 1;
            if const { is_tiny::<M>() } && step == 1 {
                (step, total) = self.in_registers(isa, total)?;
            }
        }
        Ok(total)
    }
}

/// Tells of so many samples more, if anyone is to be told; `score` is that of all samples so far, given
/// how many.
#[inline(always)]
pub(super) fn advance(
    progress: &mut Option<&mut Progress>,
    samples: usize,
    score: impl FnOnce(usize) -> Score,
) {
    if let Some(progress) = progress {
        progress.advance(samples, score);
    }
}

/// Where a training has been: what it takes to undo a step.
pub(super) struct Trail<'t, T> {
    /// The weights before the run before, and before this one. A run is a lap, or a part of one behind
    /// which a checkpoint is due.
    before: Snapshot<T>,
    pub(super) now: Snapshot<T>,
    seed: u64,
    team: Team<'t>,
    /// The number of the last step before this lap.
    lap: u64,
    /// The epoch, counted from 1 over this fit, and its steps before this lap.
    epoch: usize,
    steps: usize,
}

impl<'t, T: Element> Trail<'t, T> {
    pub(super) fn new(seed: u64, team: Team<'t>) -> Self {
        Self {
            before: Snapshot::default(),
            now: Snapshot::default(),
            seed,
            team,
            lap: 0,
            epoch: 0,
            steps: 0,
        }
    }

    /// The error of a loss in a step of this lap, counted from 0.
    fn error(&self, step: usize, loss: f64) -> Error {
        Error::NonFiniteLoss {
            epoch: self.epoch,
            step: self.steps + step + 1,
            loss,
        }
    }
}

impl<B, O, L, Me> Training<B, O, L, Me>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
{
    /// How many numbers the optimiser keeps for each weight.
    pub(super) fn slots(&self) -> usize {
        self.optimizer.rule::<Number<B::Target>>(1).slots()
    }

    /// Allocates what steps of so many samples need.
    pub(super) fn prepare(&mut self, rows: usize, team: Team<'_>) {
        let state = self.state_len();
        self.workspace.reserve::<B::Target>(rows, state);
        self.shards.reserve(rows, team);
    }

    /// How many numbers the state of the optimiser has, with all that outlives a step.
    pub(super) fn state_len(&self) -> usize {
        let stored = Stored::new::<B::Target>(&self.optimizer, &self.frozen, &self.rules);
        let slots = self.slots() + stored.map_or(0, Stored::slots);
        slots * <B::Target as Weights<Number<B::Target>>>::LEN
    }

    /// Goes on to the first lap of an epoch (counted from 1 over this fit), of which so many steps have
    /// been taken before; `false` if there are no more samples.
    pub(super) fn begin_epoch<Y>(
        &mut self,
        laps: &mut dyn Laps<<B::Target as Model>::Input, Y>,
        trail: &mut Trail<'_, Number<B::Target>>,
        (epoch, steps): (usize, usize),
    ) -> Result<bool>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let (team, loss) = (trail.team, &self.loss);
        let check =
            |x: &[_], y: &[Y]| samples::check::<B::Target, L, Y>(team, loss, ("x", x), ("y", y));
        let more = laps.begin(self.epochs + 1, steps, &check);
        if let Ok(true) = more {
            self.epochs += 1;
            (trail.epoch, trail.steps) = (epoch, steps);
        } else if trail.epoch > 0 {
            self.prove(laps, trail)?;
        }
        more
    }

    /// Trains to the end of an epoch that has begun, from these sums and the state of the metrics on.
    /// Gives the sums of the whole epoch, and leaves the state of the metrics.
    pub(super) fn epoch<Y>(
        &mut self,
        laps: &mut dyn Laps<<B::Target as Model>::Input, Y>,
        trail: &mut Trail<'_, Number<B::Target>>,
        progress: &mut Progress,
        mut backup: Option<&mut Backup<Number<B::Target>>>,
        mut sums: Sums,
        is_last: bool,
    ) -> Result<Sums>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        loop {
            let lap = laps.lap();
            let (rows, steps) = (lap.rows(), lap.steps());
            self.prepare(rows, trail.team);
            trail.lap = self.steps;
            let mut taken = 0;
            while taken < steps {
                let mut run = taken..steps;
                mem::swap(&mut trail.before, &mut trail.now);
                (trail.now.rate, trail.now.steps) = (self.learning_rate(), self.steps);
                if let Some(backup) = &mut backup {
                    run.end = run.end.min(taken + backup.steps_left(self.steps));
                    let within = Within {
                        steps: trail.steps + taken,
                        sums,
                        seconds: progress.seconds(),
                    };
                    if backup.is_due(self.steps, within.steps) {
                        let place = Place {
                            epochs: trail.epoch - 1,
                            begun: self.epochs - 1,
                            within: Some(within),
                            over: false,
                        };
                        backup.note(place, &trail.now, &self.state);
                        // Once the first loss is finite, the weights before it are worth keeping, and
                        // they are at hand: those to go back to.
                        let first = taken..taken + 1;
                        self.take(laps, trail, progress, &mut sums, first, true)?;
                        backup.save(&trail.now)?;
                        taken += 1;
                    }
                }
                let is_new = taken == run.start;
                run.start = taken;
                taken = run.end;
                self.take(laps, trail, progress, &mut sums, run, is_new)?;
            }

            let (team, loss) = (trail.team, &self.loss);
            let check = |x: &[_], y: &[Y]| {
                samples::check::<B::Target, L, Y>(team, loss, ("x", x), ("y", y))
            };
            match laps.go_on(&check) {
                Ok(true) => trail.steps += steps,
                Ok(false) => break,
                Err(error) => {
                    self.prove(laps, trail)?;
                    return Err(error);
                }
            }
        }
        // The last update of all has no step after it whose loss would show that it went wrong.
        if is_last || !is_finite(&*self.model) {
            self.prove(laps, trail)?;
        }
        Ok(sums)
    }

    /// Takes some steps of the lap, counted from 0, the first of which may begin a run.
    fn take<Y>(
        &mut self,
        laps: &mut dyn Laps<<B::Target as Model>::Input, Y>,
        trail: &mut Trail<'_, Number<B::Target>>,
        progress: &mut Progress,
        sums: &mut Sums,
        steps: Range<usize>,
        begins: bool,
    ) -> Result<()>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let (lap, ahead) = laps.lap_and_ahead();
        let lap = lap.part(steps.clone());
        let conditions = (trail.seed, trail.team);
        let snapshot = begins.then_some(&mut trail.now);
        match self.steps(
            (lap, ahead),
            conditions,
            sums.loss,
            snapshot,
            Some(progress),
        ) {
            Ok(loss) => {
                sums.loss = loss;
                sums.samples += lap.order.len();
                self.steps += steps.len() as u64;
                Ok(())
            }
            Err(RanAway { step, loss }) => {
                let error = trail.error(steps.start + step, loss);
                self.go_back(laps, trail, self.steps + step as u64);
                Err(error)
            }
        }
    }

    /// Whether the last update of this lap, which is complete, has left the model with weights whose
    /// loss is finite. If not, it is undone.
    fn prove<Y>(
        &mut self,
        laps: &mut dyn Laps<<B::Target as Model>::Input, Y>,
        trail: &Trail<'_, Number<B::Target>>,
    ) -> Result<()>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let lap = laps.lap();
        let loss = if is_finite(&*self.model) {
            let (model, loss) = (&*self.model, &self.loss);
            let last = lap.part(lap.steps() - 1..lap.steps()).order;
            let score = evaluate(trail.team, model, loss, &(), lap.x, lap.y, Some(last));
            score.loss + self.penalty()
        } else {
            f64::NAN
        };
        if loss.is_finite() {
            return Ok(());
        }
        let error = trail.error(lap.steps() - 1, loss);
        self.go_back(laps, trail, self.steps);
        Err(error)
    }

    /// Takes all steps of a lap. Gives the sum of the losses, from `total` on.
    fn steps<Y>(
        &mut self,
        (lap, ahead): (Lap<'_, <B::Target as Model>::Input, Y>, Option<&mut Ahead>),
        (seed, team): (u64, Team<'_>),
        total: f64,
        snapshot: Option<&mut Snapshot<Number<B::Target>>>,
        progress: Option<&mut Progress>,
    ) -> Result<f64, RanAway>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        dispatch(Steps {
            course: Course {
                model: &mut *self.model,
                optimizer: &self.optimizer,
                rule: self.optimizer.lasting_rule(),
                stored: Stored::new::<B::Target>(&self.optimizer, &self.frozen, &self.rules),
                loss: &self.loss,
                metrics: &self.metrics,
                x: lap.x,
                y: lap.y,
                weights: lap.weights,
                joint: self.joint,
                seed: mix(seed, Purpose::Dropout as u64),
                team,
            },
            workspace: &mut self.workspace,
            shards: &mut self.shards,
            order: lap.order,
            ahead,
            batch_size: lap.batch_size,
            steps: self.steps,
            total,
            state: &mut self.state,
            snapshot,
            progress,
            pace: &mut self.pace,
        })
    }

    /// After a loss that was not finite in the step behind number `taken`: undoes the last update of
    /// the weights before it, by taking all earlier steps again from a snapshot that is known to be
    /// good.
    fn go_back<Y>(
        &mut self,
        laps: &mut dyn Laps<<B::Target as Model>::Input, Y>,
        trail: &Trail<'_, Number<B::Target>>,
        taken: u64,
    ) where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let an_update = self.optimizer.common().steps_an_update();
        let wanted = (taken / an_update * an_update).saturating_sub(1);
        // (What was before a fit cannot be undone in it.)
        let snapshot = if wanted >= trail.now.steps || trail.before.is_empty() {
            &trail.now
        } else {
            &trail.before
        };
        if snapshot.is_empty() {
            // The first loss of all was not finite: nothing has been changed.
            return;
        }
        let (lap, begin) = if snapshot.steps >= trail.lap {
            (laps.lap(), trail.lap)
        } else {
            if trail.steps == 0 {
                self.epochs -= 1;
            }
            let lap = laps.lap_before();
            (lap, trail.lap - lap.steps() as u64)
        };
        snapshot.restore(&mut *self.model, &mut self.workspace.state);
        // These are the steps that went well before, so they go well again. (A schedule gives their
        // rates by itself, and refuses others.) Where many steps make an update, it may be older than
        // the snapshot, whose weights then had a finite loss in all steps since.
        self.steps = snapshot.steps;
        let again = wanted.saturating_sub(self.steps);
        let first = (self.steps - begin) as usize;
        let lap = lap.part(first..first + again as usize);
        let conditions = (trail.seed, trail.team);
        let rate = self.learning_rate();
        let _ = self.set_learning_rate(snapshot.rate);
        let _ = self.steps((lap, None), conditions, 0.0, None, None);
        let _ = self.set_learning_rate(rate);
        self.steps += again;
    }
}
