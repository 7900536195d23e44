//! A fit that goes on from a checkpoint.

use super::backup::Beginning;
use super::format::{Content, numbers};
use super::values::{StateReader, StateWriter, shortened};
use super::{Place, Terms, Within, words};
use crate::error::{Error, Result, malformed};
use crate::kernels::Element;
use crate::layer::{Model, Visitor, Weights};
use crate::optimizers::Optimizer;
use crate::rows::padded;
use crate::training::epoch::Sums;
use crate::training::{Callback, History, Number, Training, restore};
use core::ops::DerefMut;
use std::boxed::Box;
use std::format;
use std::path::{Path, PathBuf};
use std::string::ToString;
use std::vec::Vec;

/// Counters are below this, so that nothing overflows that is made of them.
const MOST: u64 = 1 << 53;

/// What a checkpoint must be like, besides its text.
pub(super) struct Expected<'a> {
    /// The names of the metrics.
    pub(super) names: &'a [(&'static str, bool)],
    /// The length of their state.
    pub(super) metrics: usize,
    pub(super) terms: Terms,
}

/// What a checkpoint holds.
pub(in crate::training) struct Resume<T> {
    pub(super) path: PathBuf,
    pub(super) beginning: Beginning,
    /// The number of the last step.
    pub(super) steps: u64,
    rate: f64,
    pub(in crate::training) place: Place,
    /// The state of the metrics.
    metrics: Vec<f64>,
    history: History,
    content: Content,
    /// How many bytes of the values are left for callbacks.
    left: usize,
    weights: Vec<T>,
    state: Vec<T>,
}

fn counter(values: &mut StateReader<'_>) -> Result<u64> {
    let found = values.u64()?;
    if found < MOST {
        return Ok(found);
    }
    Err(values.refuse("a number below 2^53", &format!("{found}")))
}

fn flag(values: &mut StateReader<'_>) -> Result<bool> {
    match values.u64()? {
        0 => Ok(false),
        1 => Ok(true),
        found => Err(values.refuse("0 or 1", &format!("{found}"))),
    }
}

/// A list of so many numbers.
fn list(values: &mut StateReader<'_>, len: usize) -> Result<Vec<f64>> {
    let list = values.f64s()?;
    if list.len() == len {
        return Ok(list);
    }
    let text = |len| format!("a list of {len}");
    Err(values.refuse(&text(len), &text(list.len())))
}

impl<T: Element> Resume<T> {
    /// Reads everything but the state of callbacks.
    pub(super) fn new(path: &Path, content: Content, expected: Expected<'_>) -> Result<Self> {
        let Expected {
            names,
            metrics,
            terms,
        } = expected;
        let mut reader = reader(path, &content, content.values(), 0);
        let values = &mut reader;
        let beginning = Beginning {
            steps: counter(values)?,
            epochs: counter(values)?,
            rate: values.f64()?,
        };
        let taken = counter(values)?;
        if taken < beginning.steps {
            let expected = format!("at least {}", beginning.steps);
            return Err(values.refuse(&expected, &format!("{taken}")));
        }
        let rate = values.f64()?;
        if !(rate.is_finite() && rate >= 0.0) {
            return Err(values.refuse("a learning rate", &format!("{rate}")));
        }
        let epochs = counter(values)?;
        let epochs = usize::try_from(epochs).unwrap_or(usize::MAX);
        let begun = counter(values)?;
        let over = flag(values)?;
        let has_begun = flag(values)?;
        let within = Within {
            steps: usize::try_from(counter(values)?).unwrap_or(usize::MAX),
            sums: Sums {
                loss: values.f64()?,
                samples: usize::try_from(counter(values)?).unwrap_or(usize::MAX),
            },
            seconds: values.f64()?,
        };
        let most = terms.steps.unwrap_or(usize::MAX);
        if has_begun && within.steps >= most {
            let expected = format!("a step below {most}");
            return Err(values.refuse(&expected, &format!("{}", within.steps)));
        }
        let samples = within.steps.checked_mul(terms.batch_size);
        if has_begun && samples != Some(within.sums.samples) {
            let (steps, found) = (within.steps, within.sums.samples);
            let expected = format!("the samples of {steps} steps");
            return Err(values.refuse(&expected, &format!("{found}")));
        }
        let place = Place {
            epochs,
            begun,
            within: has_begun.then_some(within),
            over,
        };
        let metrics = list(values, metrics)?;

        let mut history = History::new(names);
        let validated = if terms.validated { epochs } else { 0 };
        history.loss = list(values, epochs)?;
        history.val_loss = list(values, validated)?;
        history.seconds = list(values, epochs)?;
        history.learning_rate = list(values, epochs)?;
        for (name, _) in names.iter().filter(|_| epochs > 0) {
            let own = list(values, epochs)?;
            history.metrics.push((name, own, list(values, validated)?));
        }
        let left = values.bytes.len();
        Ok(Self {
            path: path.into(),
            beginning,
            steps: taken,
            rate,
            place,
            metrics,
            history,
            left,
            weights: numbers(content.weights()),
            state: numbers(content.state()),
            content,
        })
    }

    /// Whether a training that has taken so many steps may go on from here, and weights are what they
    /// must be.
    pub(super) fn check<M: Weights<T>>(&self, model: &M, now: Beginning) -> Result<()> {
        let path = &self.path;
        let same = now.steps == self.beginning.steps;
        if !same && self.place.within.is_none() {
            let place = "the number of steps before the first one of this fit";
            return Err(malformed(path, place, now.steps, self.beginning.steps));
        }
        if same && now.rate.to_bits() != self.beginning.rate.to_bits() {
            let place = "the learning rate at the beginning";
            return Err(malformed(path, place, now.rate, self.beginning.rate));
        }
        let mut padding = Padding {
            numbers: &self.weights,
            is_zero: true,
        };
        model.visit(&mut padding);
        if !padding.is_zero {
            let place = "behind the rows of weights";
            return Err(malformed(path, place, "zeros", "other numbers"));
        }
        Ok(())
    }
}

/// Looks whether the padding of all tensors is zero.
struct Padding<'a, T> {
    numbers: &'a [T],
    is_zero: bool,
}

impl<T: Element> Visitor<T> for Padding<'_, T> {
    fn tensor(&mut self, _: &'static str, dims: &[usize], data: &[T]) {
        let Some((numbers, rest)) = self.numbers.split_at_checked(data.len()) else {
            return;
        };
        self.numbers = rest;
        let width = dims.last().copied().unwrap_or(1);
        for row in numbers.chunks_exact(padded(width)) {
            let padding = row.get(width..).unwrap_or_default();
            self.is_zero &= padding.iter().all(|&x| x == T::zero());
        }
    }
}

/// A reader of values at the end of all.
fn reader<'a>(
    path: &'a Path,
    content: &'a Content,
    bytes: &'a [u8],
    weights: usize,
) -> StateReader<'a> {
    StateReader {
        path,
        bytes,
        at: content.at + content.values().len() - bytes.len(),
        owner: "the values",
        weights,
    }
}

impl<B, O, L, Me> Training<B, O, L, Me>
where
    B: DerefMut<Target: Model>,
    O: Optimizer,
{
    /// Becomes what the training was at a checkpoint, and makes callbacks what they were. Gives the
    /// place, and the history so far. After an error, the training is what it was.
    pub(in crate::training) fn resume(
        &mut self,
        resume: Resume<Number<B::Target>>,
        callbacks: &mut [Box<dyn Callback + '_>],
    ) -> Result<(Place, History)> {
        let values = resume.content.values();
        let left = values.get(values.len() - resume.left..).unwrap_or_default();
        let weights = resume.weights.len();
        let mut values = reader(&resume.path, &resume.content, left, weights);
        load(&mut values, callbacks)?;

        restore(&mut *self.model, &resume.weights);
        self.workspace.state = resume.state;
        self.steps = resume.steps;
        self.epochs = resume.place.begun;
        self.state = resume.metrics;
        // (A schedule gives the rate by itself.)
        let _ = self.set_learning_rate(resume.rate);
        Ok((resume.place, resume.history))
    }
}

/// Gives callbacks their state. Those without any may be others than there were.
fn load(values: &mut StateReader<'_>, callbacks: &mut [Box<dyn Callback + '_>]) -> Result<()> {
    let mut number = 0;
    let differs =
        |values: &StateReader<'_>, number, expected: &str, found: &str| Error::Malformed {
            path: values.path.into(),
            place: format!("callback {number} of those that have a state"),
            expected: expected.to_string(),
            found: shortened(found),
        };
    for callback in callbacks {
        let mut state = StateWriter::default();
        callback.save_state(&mut state)?;
        if state.bytes.is_empty() {
            continue;
        }
        number += 1;
        let kind = words::of(callback.type_name());
        if values.bytes.is_empty() {
            return Err(differs(values, number, &kind, "none"));
        }
        let found = values.text()?;
        if found != kind {
            return Err(differs(values, number, &kind, found));
        }
        let mut state = values.state(found)?;
        callback.load_state(&mut state)?;
        state.end()?;
    }
    if values.bytes.is_empty() {
        return Ok(());
    }
    let found = values.text()?;
    Err(differs(values, number + 1, "none", found))
}
