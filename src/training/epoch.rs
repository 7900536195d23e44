//! One pass over the data, and the way back from one that ran away.

use super::evaluate::evaluate;
use super::fit::Purpose;
use super::progress::Progress;
use super::snapshot::{Snapshot, is_finite};
use super::step::Course;
use super::{Number, Score, Training};
use crate::layer::Model;
use crate::losses::Loss;
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::random::{Stream, mix};
use crate::simd::{Isa, Job, dispatch};
use crate::team::Team;
use alloc::vec::Vec;
use core::ops::DerefMut;

/// The data of a `fit`, and the order in which an epoch goes through it.
pub(super) struct Lap<'a, X, Y> {
    x: &'a [X],
    y: &'a [Y],
    /// The samples to train on, in ascending order.
    list: &'a [u32],
    /// The same in the order of the epoch.
    order: Vec<u32>,
    batch_size: usize,
    shuffle: bool,
    seed: u64,
    team: Team<'a>,
}

impl<'a, X, Y> Lap<'a, X, Y> {
    pub(super) fn new(
        x: &'a [X],
        y: &'a [Y],
        list: &'a [u32],
        batch_size: usize,
        shuffle: bool,
        seed: u64,
        team: Team<'a>,
    ) -> Self {
        let batch_size = batch_size.min(list.len());
        let order = list.to_vec();
        Self {
            x,
            y,
            list,
            order,
            batch_size,
            shuffle,
            seed,
            team,
        }
    }

    /// How many samples a step takes at most.
    pub(super) fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// How many steps an epoch has.
    pub(super) fn steps(&self) -> usize {
        self.list.len().div_ceil(self.batch_size)
    }

    /// Puts the samples into the order of an epoch, which depends on nothing but seed and epoch.
    pub(super) fn arrange(&mut self, epoch: u64) {
        if self.shuffle {
            self.order.copy_from_slice(self.list);
            let seed = mix(mix(self.seed, Purpose::Shuffle as u64), epoch);
            Stream::new(seed).shuffle(&mut self.order);
        }
    }
}

/// A loss that was not finite, and its step, counted from 0.
pub(super) struct RanAway {
    pub(super) step: usize,
    pub(super) loss: f64,
}

/// All steps of an epoch, or the first ones.
struct Steps<'s, 'c, M: Model, O, L, Me, Y> {
    course: Course<'c, M, O, L, Me, Y>,
    order: &'s [u32],
    batch_size: usize,
    /// The number of the last step before them.
    steps: u64,
    /// The state of the metrics.
    state: &'s mut [f64],
    /// Where to keep the weights before them, once their loss has proved finite.
    snapshot: Option<&'s mut Snapshot<M::Element>>,
    progress: Option<&'s mut Progress>,
}

impl<M, O, L, Me, Y> Job for Steps<'_, '_, M, O, L, Me, Y>
where
    M: Model,
    O: Optimizer,
    L: Loss<Number<M>, M::Prediction, Y>,
    Me: Metrics<Number<M>, M::Prediction, Y>,
{
    /// The sum of the losses of all samples.
    type Output = Result<f64, RanAway>;

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) -> Self::Output {
        let mut total = 0.0;
        for (step, batch) in self.order.chunks(self.batch_size).enumerate() {
            let number = self.steps + step as u64 + 1;
            let snapshot = self.snapshot.take();
            let loss = self
                .course
                .step(isa, batch, number, self.state, |model, slots| {
                    if let Some(snapshot) = snapshot {
                        snapshot.save(model, slots);
                    }
                });
            if !loss.is_finite() {
                return Err(RanAway { step, loss });
            }
            total += loss;
            if let Some(progress) = &mut self.progress {
                let (metrics, state) = (self.course.metrics, &*self.state);
                progress.advance(batch.len(), |done| Score::of(total, done, metrics, state));
            }
        }
        Ok(total)
    }
}

impl<B, O, L, Me> Training<B, O, L, Me>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
{
    /// Allocates what steps of so many samples, with metrics of so much state, need.
    pub(super) fn prepare(&mut self, rows: usize, state: usize) {
        let slots = self.optimizer.rule::<Number<B::Target>>(1).slots();
        self.workspace.reserve::<B::Target>(rows, slots);
        self.state.clear();
        self.state.resize(state, 0.0);
    }

    /// Trains for an epoch. Gives the sum of all losses, and leaves the state of the metrics.
    pub(super) fn epoch<Y>(
        &mut self,
        lap: &Lap<'_, <B::Target as Model>::Input, Y>,
        snapshot: &mut Snapshot<Number<B::Target>>,
        progress: &mut Progress,
        is_last: bool,
    ) -> Result<f64, RanAway>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let steps = lap.steps();
        snapshot.rate = self.optimizer.learning_rate();
        let total = self.steps(lap, steps, Some(snapshot), Some(progress))?;
        if !is_finite(&*self.model) {
            return Err(RanAway {
                step: steps,
                loss: f64::NAN,
            });
        }
        // The last update of all has no step after it whose loss would show that it went wrong.
        if is_last {
            let batch = &lap.order[(steps - 1) * lap.batch_size..];
            let (model, loss) = (&*self.model, &self.loss);
            let loss = evaluate(lap.team, model, loss, &(), lap.x, lap.y, Some(batch)).loss;
            if !loss.is_finite() {
                return Err(RanAway { step: steps, loss });
            }
        }
        self.steps += steps as u64;
        Ok(total)
    }

    /// Takes the first `count` steps of an epoch.
    fn steps<Y>(
        &mut self,
        lap: &Lap<'_, <B::Target as Model>::Input, Y>,
        count: usize,
        snapshot: Option<&mut Snapshot<Number<B::Target>>>,
        progress: Option<&mut Progress>,
    ) -> Result<f64, RanAway>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        self.state.fill(0.0);
        let samples = lap.order.len().min(count * lap.batch_size);
        dispatch(Steps {
            course: Course {
                model: &mut *self.model,
                workspace: &mut self.workspace,
                optimizer: &self.optimizer,
                loss: &self.loss,
                metrics: &self.metrics,
                x: lap.x,
                y: lap.y,
                joint: self.joint,
                seed: mix(lap.seed, Purpose::Dropout as u64),
                team: lap.team,
            },
            order: &lap.order[..samples],
            batch_size: lap.batch_size,
            steps: self.steps,
            state: &mut self.state,
            snapshot,
            progress,
        })
    }

    /// After a loss that was not finite in step `step` of this epoch: undoes the update before it,
    /// by taking all earlier ones again from a snapshot that is known to be good.
    pub(super) fn go_back<Y>(
        &mut self,
        lap: &mut Lap<'_, <B::Target as Model>::Input, Y>,
        step: usize,
        before: &Snapshot<Number<B::Target>>,
        now: &Snapshot<Number<B::Target>>,
    ) where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let (snapshot, updates) = match step {
            0 => (before, lap.steps()),
            step => (now, step),
        };
        if snapshot.is_empty() {
            // The first loss of all was not finite: nothing has been changed.
            return;
        }
        if step == 0 {
            self.epochs -= 1;
            self.steps -= updates as u64;
            lap.arrange(self.epochs);
        }
        snapshot.restore(&mut *self.model, &mut self.workspace.slots);
        // These are the steps that went well before, so they go well again.
        let rate = self.optimizer.learning_rate();
        self.optimizer.set_learning_rate(snapshot.rate);
        let _ = self.steps(lap, updates - 1, None, None);
        self.optimizer.set_learning_rate(rate);
        self.steps += updates as u64 - 1;
    }
}
