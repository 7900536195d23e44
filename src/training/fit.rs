//! The training loop.

use super::callbacks::{EpochBegin, EpochEnd, ModelWeights, TrainBegin};
use super::checkpoint::{Backup, Place};
#[cfg(feature = "std")]
use super::checkpoint::{Description, Terms};
use super::epoch::Trail;
use super::evaluate::evaluate;
use super::few::is_tiny;
use super::lap::{InMemory, Lap, Laps};
use super::progress::{Clock, Progress};
use super::settings::{Fit, Validation};
use super::{History, Number, Score, Training, samples};
use crate::error::{Error, Result};
use crate::layer::{Layer, Model};
use crate::losses::Loss;
use crate::metrics::Metrics;
use crate::optimizers::Optimizer;
use crate::shape::Shape;
use crate::team::{self, Team};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::DerefMut;

/// The samples that a fit measures on after each epoch, which have been checked: all, or those in the
/// list.
pub(super) struct HeldOut<'a, X, Y> {
    pub(super) x: &'a [X],
    pub(super) y: &'a [Y],
    pub(super) list: Option<&'a [u32]>,
}

impl<B, O, L, Me> Training<B, O, L, Me>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
{
    /// Trains on samples and their targets, epoch by epoch.
    ///
    /// A second call goes on: the optimiser keeps its state, and orders of samples do not repeat.
    ///
    /// # Errors
    /// - [`Error::Empty`], [`Error::LengthMismatch`], [`Error::NotFinite`],
    ///   [`Error::LabelOutOfRange`] for data that nothing can be learnt from;
    /// - [`Error::BadArgument`] for a setting outside its range;
    /// - [`Error::ScheduledLearningRate`] if a callback changes a learning rate that a schedule gives;
    /// - [`Error::NonFiniteLoss`] if the loss becomes infinite or NaN. The model then has the last
    ///   weights whose loss was finite;
    /// - [`Error::Malformed`] if a checkpoint is damaged, or of another training;
    /// - those of the callbacks.
    pub fn fit<Y>(
        &mut self,
        x: &[<B::Target as Model>::Input],
        y: &[Y],
        settings: Fit<'_, <B::Target as Model>::Input, Y>,
    ) -> Result<History>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let rows = settings.batch_size.min(x.len());
        let members = team::members(settings.threads, rows, B::Target::MACS);
        team::with_team(members, |team| self.fit_with(team, x, y, settings))
    }

    /// The same with a team.
    fn fit_with<Y>(
        &mut self,
        team: Team<'_>,
        x: &[<B::Target as Model>::Input],
        y: &[Y],
        mut settings: Fit<'_, <B::Target as Model>::Input, Y>,
    ) -> Result<History>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        samples::check::<B::Target, L, Y>(team, &self.loss, ("x", x), ("y", y))?;
        self.check_settings()?;
        self.optimizer.check()?;
        settings.check_in_memory(x.len(), <B::Target as Model>::OutputShape::SIZE)?;
        let weights = settings.weighting.take().of(y)?;
        let (list, held_out) = settings.split(x.len());
        let held_out = match settings.validation {
            Validation::Split(_) if !held_out.is_empty() => HeldOut {
                x,
                y,
                list: Some(&held_out[..]),
            },
            _ => self.validation_data(team, &settings)?,
        };
        let shuffle = settings.shuffle.then_some(settings.seed);
        let batch_size = settings.batch_size;
        #[cfg(feature = "std")]
        let backup = {
            let terms = Terms {
                batch_size: batch_size.min(list.len()),
                steps: Some(list.len().div_ceil(batch_size)),
                validated: !held_out.x.is_empty(),
            };
            self.backup(
                &settings.callbacks,
                terms,
                |description: &mut Description| {
                    description.samples::<Number<B::Target>, _>("the data", x);
                    description.weights(weights.as_deref());
                    let order = if settings.shuffle {
                        "shuffled"
                    } else {
                        "as it is"
                    };
                    description.line("the order of the data", order);
                    description.validation::<Number<B::Target>, _, _>(&settings.validation);
                    description.settings(&settings);
                },
            )?
        };
        #[cfg(not(feature = "std"))]
        let backup = None;
        let all = Lap {
            weights: weights.as_deref(),
            ..Lap::new((x, y), &list, batch_size)
        };
        let mut laps = InMemory::new(all, shuffle);
        if const { is_tiny::<B::Target>() } && settings.epochs > 1 {
            laps = laps.looking_ahead();
        }
        self.fit_laps(team, &mut laps, held_out, settings, backup)
    }

    /// The validation data of the settings, checked.
    pub(super) fn validation_data<'a, Y>(
        &self,
        team: Team<'_>,
        settings: &Fit<'a, <B::Target as Model>::Input, Y>,
    ) -> Result<HeldOut<'a, <B::Target as Model>::Input, Y>>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let (x, y) = match settings.validation {
            Validation::Data(x, y) => {
                let (x_name, y_name) = (("validation x", x), ("validation y", y));
                samples::check::<B::Target, L, Y>(team, &self.loss, x_name, y_name)?;
                (x, y)
            }
            _ => (&[][..], &[][..]),
        };
        Ok(HeldOut { x, y, list: None })
    }

    /// The epochs of a fit.
    pub(super) fn fit_laps<Y>(
        &mut self,
        team: Team<'_>,
        laps: &mut dyn Laps<<B::Target as Model>::Input, Y>,
        held_out: HeldOut<'_, <B::Target as Model>::Input, Y>,
        mut settings: Fit<'_, <B::Target as Model>::Input, Y>,
        mut backup: Option<Backup<Number<B::Target>>>,
    ) -> Result<History>
    where
        L: Loss<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
        Me: Metrics<Number<B::Target>, <B::Target as Model>::Prediction, Y>,
    {
        let mut names = Vec::new();
        self.metrics.names(&mut names);
        let callbacks = &mut settings.callbacks;
        let mut history = History::new(&names);
        let mut trail = Trail::new(settings.seed, team);
        let mut progress = Progress::new(settings.verbose, settings.epochs, laps.samples());

        let validated = !held_out.x.is_empty();
        let all_names = all_names(&names, validated);
        let resumes = backup.as_ref().and_then(Backup::place).is_some();
        for callback in callbacks.iter_mut() {
            callback.on_train_begin(&mut TrainBegin {
                epochs: settings.epochs,
                names: &all_names,
                resumes,
                model: ModelWeights::of(&mut *self.model),
            })?;
        }
        let mut place = Place::default();
        #[cfg(feature = "std")]
        if let Some(resume) = backup.as_mut().and_then(Backup::take) {
            (place, history) = self.resume(resume, callbacks)?;
        }
        while place.epochs < settings.epochs && !place.over {
            let epoch = place.epochs + 1;
            let within = place.within.unwrap_or_default();
            let clock = Clock::start(within.seconds);
            let trained = match self.begin_epoch(laps, &mut trail, (epoch, within.steps)) {
                Ok(false) => {
                    place.over = true;
                    break;
                }
                Ok(true) => {
                    // (An epoch that goes on has begun before.)
                    if place.within.is_none() {
                        let rate = self.learning_rate();
                        let wanted = {
                            let mut begin = EpochBegin {
                                epoch,
                                learning_rate: rate,
                                model: ModelWeights::of(&mut *self.model),
                            };
                            for callback in callbacks.iter_mut() {
                                callback.on_epoch_begin(&mut begin)?;
                            }
                            begin.learning_rate
                        };
                        set_rate(&mut self.optimizer, rate, wanted)?;
                        self.state.clear();
                        self.state.resize(self.metrics.state(), 0.0);
                    }
                    if let Some(backup) = &mut backup {
                        backup.begin_epoch(callbacks, &history)?;
                    }
                    progress.begin(epoch, within.sums.samples, within.seconds);
                    let is_last = epoch == settings.epochs;
                    let backup = backup.as_mut();
                    self.epoch(
                        laps,
                        &mut trail,
                        &mut progress,
                        backup,
                        within.sums,
                        is_last,
                    )
                }
                Err(error) => Err(error),
            };
            place.within = None;
            let sums = match trained {
                Ok(sums) => sums,
                Err(error) => {
                    progress.abandon();
                    let ran_away = matches!(error, Error::NonFiniteLoss { .. });
                    let quiet = callbacks.iter_mut().fold(false, |quiet, callback| {
                        quiet | (ran_away && callback.on_non_finite_loss(&error))
                    });
                    if quiet {
                        place.over = true;
                        break;
                    }
                    return Err(error);
                }
            };

            let score = Score::of(sums.loss, sums.samples, &self.metrics, &self.state);
            let validation = validated.then(|| {
                let (model, loss, metrics) = (&*self.model, &self.loss, &self.metrics);
                let HeldOut { x, y, list } = held_out;
                let mut score = evaluate(team, model, loss, metrics, x, y, list);
                score.loss += self.penalty();
                score
            });
            let (seconds, rate) = (clock.seconds(), self.learning_rate());
            history.push(&score, validation.as_ref(), seconds, rate);
            progress.end(&score, validation.as_ref(), seconds);

            let mut end = EpochEnd {
                epoch,
                history: &history,
                learning_rate: rate,
                model: ModelWeights::of(&mut *self.model),
                stop: false,
            };
            for callback in callbacks.iter_mut() {
                callback.on_epoch_end(&mut end)?;
            }
            let (stop, wanted) = (end.stop, end.learning_rate);
            set_rate(&mut self.optimizer, rate, wanted)?;
            (place.epochs, place.over) = (epoch, stop);
        }
        if let Some(backup) = backup.as_mut().filter(|backup| backup.keeps()) {
            self.prepare(0, Team::alone());
            self.state.resize(self.metrics.state(), 0.0);
            trail.now.save(&*self.model, &self.workspace.state);
            (trail.now.rate, trail.now.steps) = (self.learning_rate(), self.steps);
            backup.begin_epoch(callbacks, &history)?;
            place.begun = self.epochs;
            backup.note(place, &trail.now, &self.state);
            backup.save(&trail.now)?;
        }
        if settings.epochs > 0 {
            self.finalize_variable_values();
        }
        for callback in callbacks {
            callback.on_train_end(&mut ModelWeights::of(&mut *self.model))?;
        }
        backup.map_or(Ok(()), Backup::end)?;
        Ok(history)
    }
}

/// Takes over what callbacks have made of the learning rate.
fn set_rate(optimizer: &mut impl Optimizer, rate: f64, wanted: f64) -> Result<()> {
    // (A schedule refuses every rate, its own too.)
    if wanted == rate {
        return Ok(());
    }
    optimizer.common_mut().set_learning_rate(wanted)
}

/// The names of everything that is measured.
fn all_names(metrics: &[(&str, bool)], validated: bool) -> Vec<String> {
    let own = core::iter::once("loss").chain(metrics.iter().map(|(name, _)| *name));
    let mut names: Vec<String> = own.map(ToString::to_string).collect();
    if validated {
        let validation: Vec<String> = names.iter().map(|name| format!("val_{name}")).collect();
        names.extend(validation);
    }
    names
}
