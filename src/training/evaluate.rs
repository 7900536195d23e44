//! Loss and metrics on data that is not trained on.

use super::{Number, Score, Training, as_f64, samples};
use crate::error::Result;
use crate::layer::Model;
use crate::losses::Loss;
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::simd::{Isa, Job, dispatch};
use crate::team::Team;
use alloc::vec;
use core::ops::DerefMut;

/// The sum of the losses of all samples, and the state of the metrics after them.
struct Evaluation<'a, M: Model, L, Me, Y> {
    team: Team<'a>,
    model: &'a M,
    loss: &'a L,
    metrics: &'a Me,
    x: &'a [M::Input],
    y: &'a [Y],
    list: Option<&'a [u32]>,
    state: &'a mut [f64],
}

impl<M, L, Me, Y> Job for Evaluation<'_, M, L, Me, Y>
where
    M: Model,
    L: Loss<Number<M>, M::Prediction, Y>,
    Me: Metrics<Number<M>, M::Prediction, Y>,
{
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        let mut total = 0.0;
        let penalties =
            self.model
                .see_predictions(isa, self.team, self.x, self.list, |i, prediction| {
                    total += as_f64(self.loss.loss(isa, prediction, &self.y[i]));
                    self.metrics.add(isa, prediction, &self.y[i], self.state);
                });
        if const { M::PENALIZES } {
            total += penalties;
        }
        total
    }
}

/// The mean loss and metrics of a model over samples that have been checked: those in the list, or all.
pub(super) fn evaluate<M, L, Me, Y>(
    team: Team<'_>,
    model: &M,
    loss: &L,
    metrics: &Me,
    x: &[M::Input],
    y: &[Y],
    list: Option<&[u32]>,
) -> Score
where
    M: Model,
    L: Loss<Number<M>, M::Prediction, Y>,
    Me: Metrics<Number<M>, M::Prediction, Y>,
{
    let mut state = vec![0.0; metrics.state()];
    let total = dispatch(Evaluation {
        team,
        model,
        loss,
        metrics,
        x,
        y,
        list,
        state: &mut state,
    });
    let count = list.map_or(x.len(), <[u32]>::len);
    let mut score = Score::of(total, count, metrics, &state);
    metrics.tables(&state, &mut score.tables);
    score
}

impl<B, O, L, Me> Training<B, O, L, Me>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
{
    /// The mean loss and metrics over some samples, without training on them.
    ///
    /// # Errors
    /// If there are no samples, not as many targets, a number that is not finite, a label out of
    /// range, or a setting of the loss or a metric outside its range.
    pub fn evaluate<Y>(&self, x: &[<B::Target as Model>::Input], y: &[Y]) -> Result<Score>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let alone = Team::alone();
        samples::check::<B::Target, L, Y>(alone, &self.loss, ("x", x), ("y", y))?;
        self.check_settings()?;
        let (model, loss, metrics) = (&*self.model, &self.loss, &self.metrics);
        let mut score = evaluate(alone, model, loss, metrics, x, y, None);
        score.loss += self.penalty();
        Ok(score)
    }
}
