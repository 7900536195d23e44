//! The update of a step whose gradients are stored first: where they are clipped or accumulated, where
//! some layers are frozen, where layers have regularisers or constraints, where there is a moving
//! average of the weights, or where the rule is none that kernels take along.
//!
//! Behind the optimiser's own numbers lie the gradients of all weights, then their averages:
//!
//! ```text
//! | slots of all weights | gradients | averages |
//! ```
//!
//! Rows of tensors lie as in the weights, and slots as in the kernels: the same state serves both ways
//! of an update.

use super::Number;
use super::policing::{Policing, is_policed};
use super::shards::is_sharded;
use crate::kernels::rule::{Decayed, Fused, Rule, Store};
use crate::kernels::{Adjust, Element};
use crate::layer::{Kept, Model, TensorRule, Update, VisitorMut, Weights};
use crate::math::Real;
use crate::optimizers::{Common, Optimizer};
use crate::rows::padded;
use crate::simd::{Isa, Job};
use crate::team::Team;
use core::ops::Range;

/// What is asked of such a step.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a> {
    common: &'a Common,
    /// Which of all tensors stay as they are; those that are not in the list do not.
    frozen: &'a [bool],
    /// What the layers ask; nothing if it is empty.
    rules: &'a [TensorRule],
}

impl<'a> Stored<'a> {
    /// None if nothing is asked, the optimiser's rule is one that kernels take along, and the gradients
    /// are not those of shards.
    pub(super) fn new<M: Model>(
        optimizer: &'a impl Optimizer,
        frozen: &'a [bool],
        rules: &'a [TensorRule],
    ) -> Option<Self> {
        let common = optimizer.common();
        let is_fused = optimizer.rule::<Number<M>>(1).taken_along().is_some();
        let is_told = common.stores() || !frozen.is_empty() || !rules.is_empty();
        let asked = is_told || !is_fused || is_sharded::<M>();
        asked.then_some(Self {
            common,
            frozen,
            rules,
        })
    }

    /// Which tensors stay as they are.
    #[inline(always)]
    pub(super) fn frozen(self) -> &'a [bool] {
        self.frozen
    }

    pub(super) fn policing(self) -> Policing<'a> {
        Policing {
            rules: self.rules,
            frozen: self.frozen,
        }
    }

    /// How many numbers it takes for each weight, besides the optimiser's own.
    pub(super) fn slots(self) -> usize {
        1 + usize::from(self.common.uses_ema())
    }

    /// The number of the update that step `step` belongs to, both counted from 1.
    #[inline(always)]
    pub(super) fn update(self, step: u64) -> u64 {
        (step - 1) / self.common.steps_an_update() + 1
    }

    /// The weights of a model follow the gradients of a batch, by the optimiser's rule for step `step`.
    #[inline(always)]
    pub(super) fn learn<M: Model, I: Isa>(
        self,
        isa: I,
        model: &mut M,
        batch: impl Gradients<M>,
        rule: Rule<M::Element>,
        step: u64,
        state: &mut [M::Element],
    ) {
        isa.enter(StoredUpdate {
            stored: self,
            model,
            batch,
            rule,
            step,
            state,
        });
    }

    /// Puts the averages into the model, if there are any.
    pub(super) fn finish<M: Model>(self, model: &mut M, slots: usize, state: &[Number<M>]) {
        if self.common.uses_ema() {
            let averages = &state[(slots + 1) * M::LEN..];
            each_trained(model, self.frozen, |at, _, w| {
                w.copy_from_slice(&averages[at])
            });
        }
    }
}

/// Where the gradients of a batch come from.
pub(super) trait Gradients<M: Model> {
    /// Stores them, or adds them to those that are there. The model is what it was.
    fn store<I: Isa>(self, isa: I, model: &mut M, gradients: &mut [Number<M>], add: bool);
}

/// The gradients of a batch that has been through the backward pass as a whole.
pub(super) struct Whole<'s, T> {
    pub(super) kept: Kept<'s, T>,
    pub(super) team: Team<'s>,
    /// See [`crate::layer::Layer::GRADIENT`].
    pub(super) gradient: &'s mut [T],
}

impl<M: Model> Gradients<M> for Whole<'_, Number<M>> {
    #[inline(always)]
    fn store<I: Isa>(self, isa: I, model: &mut M, gradients: &mut [Number<M>], add: bool) {
        let store = Fused::Store(Store { add });
        let mut update = Update::new(self.team, store, gradients, self.gradient);
        M::update(isa, model, self.kept, &mut update);
    }
}

/// The update of a step, in a function of its own.
struct StoredUpdate<'s, 'a, M: Model, G> {
    stored: Stored<'a>,
    model: &'s mut M,
    batch: G,
    rule: Rule<M::Element>,
    step: u64,
    /// Slots, gradients and averages.
    state: &'s mut [M::Element],
}

impl<M: Model, G: Gradients<M>> Job for StoredUpdate<'_, '_, M, G> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (model, Stored { common, frozen, .. }) = (self.model, self.stored);
        let policing = self.stored.policing();
        let (slots, rest) = self.state.split_at_mut(self.rule.slots() * M::LEN);
        let (gradients, averages) = rest.split_at_mut(M::LEN);

        let steps = common.steps_an_update();
        let before = (self.step - 1) % steps;
        self.batch.store(isa, model, gradients, before > 0);
        if const { is_policed::<M>() } {
            policing.add_gradients(isa, model, gradients);
        }

        if before + 1 == steps {
            let clip = Clip::new(isa, common, model, frozen, gradients);
            let rule = self.rule;
            each_trained(model, frozen, |at, stride, w| {
                let g = &gradients[at.clone()];
                let slots = &mut slots[rule.slots() * at.start..][..rule.slots() * at.len()];
                M::Element::apply_rule(isa, rule, clip.adjust(isa, g), stride, g, w, slots);
            });
            if const { is_policed::<M>() } {
                policing.constrain(isa, model);
            }
        }
        if common.uses_ema() {
            let update = self.stored.update(self.step);
            let rule = following(common.ema_momentum(update));
            each_trained(model, frozen, |at, stride, w| {
                let average = &mut averages[at];
                let adjust = Adjust::nothing();
                M::Element::apply_rule(isa, rule, adjust, stride, w, average, &mut []);
                if common.overwrites(update) {
                    w.copy_from_slice(average);
                }
            });
        }
    }
}

/// The rule by which an average follows weights: they are to it what gradients are to weights.
fn following<T: Real>(momentum: f64) -> Rule<T> {
    Rule::Decayed(Decayed {
        rate: T::of(momentum - 1.0),
        l2: T::zero(),
        keep: T::of(momentum),
    })
}

/// What becomes of gradients that were summed over some steps.
struct Clip {
    /// What makes the sum a mean, and no longer than all gradients together may be.
    scale: f64,
    value: f64,
    norm: Option<f64>,
}

impl Clip {
    fn new<T: Element, W: Weights<T>, I: Isa>(
        isa: I,
        common: &Common,
        weights: &mut W,
        frozen: &[bool],
        gradients: &[T],
    ) -> Self {
        let mut clip = Clip {
            scale: 1.0 / common.steps_an_update() as f64,
            value: common.clipvalue(),
            norm: common.clipnorm(),
        };
        if let Some(most) = common.global_clipnorm() {
            let mut sum = 0.0;
            each_trained(weights, frozen, |at, _, _| {
                sum += isa.enter(Squares(&gradients[at]));
            });
            clip.scale *= shrink(clip.scale, sum, most);
        }
        clip
    }

    /// The same for the gradient of a tensor.
    fn adjust<T: Element, I: Isa>(&self, isa: I, gradient: &[T]) -> Adjust<T> {
        let scale = match self.norm {
            None => self.scale,
            Some(most) => {
                let sum = isa.enter(Squares(gradient));
                self.scale * shrink(self.scale, sum, most)
            }
        };
        Adjust {
            scale: T::of(scale),
            limit: T::of(self.value),
        }
    }
}

/// By what to multiply a gradient, `scale` times one whose squares have this sum, so that it is not
/// longer than `most`. (Nothing finite is made NaN where others are not finite.)
fn shrink(scale: f64, squares: f64, most: f64) -> f64 {
    most / (scale * num_traits::Float::sqrt(squares)).max(most)
}

/// The sum of squares, over 16 lanes, which are then halved: the same bits for all instruction sets. In
/// `f64`, where the squares of `f32` neither overflow nor vanish.
struct Squares<'a, T>(&'a [T]);

impl<T: Element> Job for Squares<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        let mut lanes = [0.0; 16];
        let add = |lane: &mut f64, x: &T| {
            let x = x.as_f64();
            *lane = f64::fma(isa, x, x, *lane);
        };
        let (chunks, rest) = self.0.as_chunks::<16>();
        for chunk in chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                add(lane, x);
            }
        }
        for (lane, x) in lanes.iter_mut().zip(rest) {
            add(lane, x);
        }
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
        }
        lanes[0]
    }
}

/// Lends every tensor that is not frozen, with its place among all numbers and the length of its rows.
fn each_trained<T: Element, W: Weights<T>>(
    weights: &mut W,
    frozen: &[bool],
    work: impl FnMut(Range<usize>, usize, &mut [T]),
) {
    struct Each<'f, F> {
        frozen: core::slice::Iter<'f, bool>,
        at: usize,
        work: F,
    }
    impl<T: Element, F: FnMut(Range<usize>, usize, &mut [T])> VisitorMut<T> for Each<'_, F> {
        fn tensor(&mut self, _: &'static str, dims: &[usize], data: &mut [T]) {
            let at = self.at..self.at + data.len();
            self.at = at.end;
            if self.frozen.next() != Some(&true) {
                let stride = dims.last().map_or(1, |&width| padded(width));
                (self.work)(at, stride, data);
            }
        }
        fn frozen(&mut self, _: &'static str, _: &[usize], _: &mut [T]) {
            self.frozen.next();
        }
    }
    weights.visit_mut(&mut Each {
        frozen: frozen.iter(),
        at: 0,
        work,
    });
}
