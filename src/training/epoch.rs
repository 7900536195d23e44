//! One pass over the data, and the way back from one that ran away.

use super::evaluate::evaluate;
use super::few::is_tiny;
use super::lap::{Lap, Laps};
use super::progress::Progress;
use super::settings::Purpose;
use super::snapshot::{Snapshot, is_finite};
use super::step::{Course, Workspace};
use super::stored::Stored;
use super::{Number, Score, Training, samples};
use crate::error::{Error, Result};
use crate::kernels::Element;
use crate::layer::Model;
use crate::losses::Loss;
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::random::mix;
use crate::simd::{Isa, Job, dispatch};
use crate::team::Team;
use core::mem;
use core::ops::DerefMut;

/// A loss that was not finite, and its step, counted from 0.
pub(super) struct RanAway {
    pub(super) step: usize,
    pub(super) loss: f64,
}

/// All steps of a lap, or the first ones.
pub(super) struct Steps<'s, 'c, M: Model, O, L, Me, Y> {
    pub(super) course: Course<'c, M, O, L, Me, Y>,
    pub(super) workspace: &'s mut Workspace<M::Element>,
    pub(super) order: &'s [u32],
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
        let (mut step, mut total) = (0, self.total);
        while let Some(batch) = self.order.chunks(self.batch_size).nth(step) {
            let number = self.steps + step as u64 + 1;
            let snapshot = self.snapshot.take();
            let parts = self.workspace.parts::<M>(batch.len());
            let loss = self
                .course
                .step(isa, parts, batch, number, self.state, |model, state| {
                    if let Some(snapshot) = snapshot {
                        snapshot.save(model, state);
                    }
                });
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
    /// The weights before the lap before, and before this one.
    before: Snapshot<T>,
    now: Snapshot<T>,
    seed: u64,
    team: Team<'t>,
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
    pub(super) fn prepare(&mut self, rows: usize) {
        let stored = Stored::new::<Number<B::Target>>(&self.optimizer, &self.frozen, &self.rules);
        let slots = self.slots() + stored.map_or(0, Stored::slots);
        self.workspace.reserve::<B::Target>(rows, slots);
    }

    /// Goes on to the first lap of an epoch (counted from 1 over this fit); `false` if there are no more
    /// samples.
    pub(super) fn begin_epoch<Y>(
        &mut self,
        laps: &mut dyn Laps<<B::Target as Model>::Input, Y>,
        trail: &mut Trail<'_, Number<B::Target>>,
        epoch: usize,
    ) -> Result<bool>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let loss = &self.loss;
        let check = |x: &[_], y: &[Y]| samples::check::<B::Target, L, Y>(loss, ("x", x), ("y", y));
        let more = laps.begin(self.epochs + 1, &check);
        if let Ok(true) = more {
            self.epochs += 1;
            (trail.epoch, trail.steps) = (epoch, 0);
        } else if epoch > 1 {
            self.prove(laps, trail)?;
        }
        more
    }

    /// Trains for an epoch that has begun. Gives the sum of all losses and the number of samples, and
    /// leaves the state of the metrics.
    pub(super) fn epoch<Y>(
        &mut self,
        laps: &mut dyn Laps<<B::Target as Model>::Input, Y>,
        trail: &mut Trail<'_, Number<B::Target>>,
        progress: &mut Progress,
        is_last: bool,
    ) -> Result<(f64, usize)>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        self.state.clear();
        self.state.resize(self.metrics.state(), 0.0);
        let (mut total, mut samples) = (0.0, 0);
        loop {
            let lap = laps.lap();
            let (rows, steps) = (lap.rows(), lap.steps());
            self.prepare(rows);
            mem::swap(&mut trail.before, &mut trail.now);
            (trail.now.rate, trail.now.steps) = (self.learning_rate(), self.steps);
            let conditions = (trail.seed, trail.team);
            let watch = (&mut trail.now, &mut *progress);
            match self.steps(lap, steps, conditions, total, Some(watch)) {
                Ok(sum) => total = sum,
                Err(RanAway { step, loss }) => {
                    let error = trail.error(step, loss);
                    self.go_back(laps, trail, step);
                    return Err(error);
                }
            }
            samples += lap.order.len();
            self.steps += steps as u64;

            let loss = &self.loss;
            let check =
                |x: &[_], y: &[Y]| samples::check::<B::Target, L, Y>(loss, ("x", x), ("y", y));
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
        Ok((total, samples))
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
            let score = evaluate(trail.team, model, loss, &(), lap.x, lap.y, Some(lap.last()));
            score.loss + self.penalty()
        } else {
            f64::NAN
        };
        if loss.is_finite() {
            return Ok(());
        }
        let steps = lap.steps();
        self.steps -= steps as u64;
        self.go_back(laps, trail, steps);
        Err(trail.error(steps - 1, loss))
    }

    /// Takes the first `count` steps of a lap. Gives the sum of the losses, from `total` on.
    fn steps<Y>(
        &mut self,
        lap: Lap<'_, <B::Target as Model>::Input, Y>,
        count: usize,
        (seed, team): (u64, Team<'_>),
        total: f64,
        watch: Option<(&mut Snapshot<Number<B::Target>>, &mut Progress)>,
    ) -> Result<f64, RanAway>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let (snapshot, progress) = watch.unzip();
        dispatch(Steps {
            course: Course {
                model: &mut *self.model,
                optimizer: &self.optimizer,
                rule: self.optimizer.lasting_rule(),
                stored: Stored::new::<Number<B::Target>>(
                    &self.optimizer,
                    &self.frozen,
                    &self.rules,
                ),
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
            order: lap.first(count),
            batch_size: lap.batch_size,
            steps: self.steps,
            total,
            state: &mut self.state,
            snapshot,
            progress,
        })
    }

    /// After a loss that was not finite in step `step` of this lap (counted from 0): undoes the last
    /// update of the weights before it, by taking all earlier steps again from a snapshot that is known
    /// to be good.
    fn go_back<Y>(
        &mut self,
        laps: &mut dyn Laps<<B::Target as Model>::Input, Y>,
        trail: &Trail<'_, Number<B::Target>>,
        step: usize,
    ) where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let taken = self.steps + step as u64;
        let an_update = self.optimizer.common().steps_an_update();
        let wanted = (taken / an_update * an_update).saturating_sub(1);
        // (What was before a fit cannot be undone in it.)
        let is_in_lap = wanted >= self.steps || trail.before.is_empty();
        let (lap, snapshot) = if is_in_lap {
            (laps.lap(), &trail.now)
        } else {
            (laps.lap_before(), &trail.before)
        };
        if snapshot.is_empty() {
            // The first loss of all was not finite: nothing has been changed.
            return;
        }
        if !is_in_lap && trail.steps == 0 {
            self.epochs -= 1;
        }
        snapshot.restore(&mut *self.model, &mut self.workspace.state);
        // These are the steps that went well before, so they go well again. (A schedule gives their
        // rates by itself, and refuses others.) Where many steps make an update, it may be older than
        // the snapshot, whose weights then had a finite loss in all steps since.
        self.steps = snapshot.steps;
        let again = wanted.saturating_sub(self.steps) as usize;
        let again = again.min(lap.steps());
        let conditions = (trail.seed, trail.team);
        let rate = self.learning_rate();
        let _ = self.set_learning_rate(snapshot.rate);
        let _ = self.steps(lap, again, conditions, 0.0, None);
        let _ = self.set_learning_rate(rate);
        self.steps += again as u64;
    }
}
