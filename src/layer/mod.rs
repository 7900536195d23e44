//! What a layer is.
//!
//! A layer is a type without values, such as `Dense<Int<U128>, Name<Relu>>`, that implements
//! [`Layer`] for the shape that comes in. Its weights are another type, a plain struct of tensors;
//! gradients, optimiser state and random numbers live elsewhere.
//!
//! Rows hold a sample's numbers in the order of its array, except for images (three dimensions), whose
//! channels lie side by side, see [`layout`](crate::layout).
//!
//! # A layer of your own
//! ```
//! use plywood::prelude::*;
//! use plywood::layer::{Backward, Kept, Tensor, Update};
//!
//! /// y = gain x, with one gain for each number.
//! pub struct Gain;
//!
//! /// The weights of [`Gain`].
//! #[derive(Weights)]
//! pub struct GainWeights<T: Element, N: Dim> {
//!     /// One factor for each number.
//!     pub gain: Vector<T, N>,
//! }
//!
//! impl<T: Element, S: Shape> Layer<T, S> for Gain {
//!     type Output = S;
//!     type Weights = GainWeights<T, S::Size>;
//!     type Head = AnyHead;
//!     /// Threads may share its passes.
//!     const BY_ROW: bool = true;
//!
//!     fn init(weights: &mut Self::Weights, _: &mut Init) {
//!         weights.gain.fill(T::one());
//!     }
//!     fn forward<I: Isa>(_: I, weights: &Self::Weights, x: Rows<T>, mut y: RowsMut<T>) {
//!         for (x, y) in x.iter().zip(y.iter_mut()) {
//!             for ((y, &x), &gain) in y.iter_mut().zip(x).zip(weights.gain.iter()) {
//!                 *y = gain * x;
//!             }
//!         }
//!     }
//!     fn backward<I: Isa>(_: I, weights: &Self::Weights, pass: Backward<T>) {
//!         let Some(mut dx) = pass.dx else { return };
//!         for (dy, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
//!             for ((dx, &dy), &gain) in dx.iter_mut().zip(dy).zip(weights.gain.iter()) {
//!                 *dx = gain * dy;
//!             }
//!         }
//!     }
//!     fn update<I: Isa>(isa: I, weights: &mut Self::Weights, kept: Kept<T>, update: &mut Update<T>) {
//!         update.tensor(isa, &mut weights.gain, |gradient| {
//!             for (x, dy) in kept.x.iter().zip(kept.dz.iter()) {
//!                 for ((g, &x), &dy) in gradient.iter_mut().zip(x).zip(dy) {
//!                     *g += x * dy;
//!                 }
//!             }
//!         });
//!     }
//! }
//!
//! sequential! {
//!     struct Net: [4] => [2] { Gain, Dense(2) }
//! }
//! assert_eq!(Net::PARAMS, 4 + 4 * 2 + 2);
//! ```

mod apart;
mod arguments;
#[doc(hidden)]
pub mod chain;
mod learning;
mod link;
mod memory;
mod model;
pub(crate) mod penalties;
mod plan;
mod policy;
mod probe;
mod sharing;
mod update;
mod weights;

pub use arguments::{
    Argument, Arguments, Bool, Dims, Float, Int, Is, Kind, List, Missing, Name, Network,
    SetArgument, Word, in_range, position,
};
#[doc(hidden)]
pub use learning::Learning;
pub use link::Link;
pub(crate) use model::plain_len;
pub use model::{LayerInfo, Model};
pub use plan::{Facts, Inference, Plan};
pub use plywood_macros::{Arguments, Weights};
pub(crate) use policy::TensorRule;
pub use policy::{Policies, Policy, PolicyArgument, PolicyWord, TensorPolicy};
pub use probe::{AnyInput, Not, OverItems, Probe};
pub use update::{RowGradient, Update};
pub use weights::{
    Entry, Frozen, Kernel, Matrix, NoWeights, Tensor, Vector, Visitor, VisitorMut, Weights,
};

use crate::activations::Head;
use crate::error::Result;
use crate::initializers::Init;
use crate::kernels::Element;
use crate::kernels::channelwise::Channelwise;
use crate::kernels::conv::{Conv, Picks, PicksMut};
use crate::onnx::Graph;
use crate::random::{Places, Stream, mix};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, Shape, same_shape};
use crate::simd::Isa;
use crate::team::Team;
use core::ops::Range;

/// A layer, for an input of shape `In` in numbers `T`. See the [module](self) for one of your own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer",
    label = "not a layer",
    note = "a layer is a type that implements `plywood::layer::Layer`, for every input shape"
)]
pub trait Layer<T: Element, In: Shape>: 'static {
    /// The shape that it gives. It must exist for every input, also for one that [`CHECK`] refuses.
    ///
    /// [`CHECK`]: Self::CHECK
    type Output: Shape;
    /// Its weights; [`NoWeights`] if it has none.
    type Weights: Weights<T>;
    /// What its outputs are to a loss: [`AnyHead`](crate::activations::AnyHead), unless it ends in
    /// an activation.
    type Head: Head;

    /// What it asks of its arguments and its input.
    const CHECK: Check = Check::OK;
    /// The number that `Dense(784 => 128)` states: the width of what comes in.
    const INPUT_WIDTH: usize = match In::DIMS.last() {
        Some(&width) => width,
        None => 1,
    };
    /// If its inputs are numbers of rows or classes: how many of these there are. Where it is a model's
    /// first layer, training and evaluation then refuse others.
    const INDICES: Option<usize> = None;
    /// What is asked of its weights: regularisers and constraints.
    const POLICIES: Policies = Policies::NONE;
    /// When its output is its input, so that nothing needs to be computed.
    const IDENTITY: Identity = Identity::Never;
    /// Multiply-adds of one forward pass of one sample.
    const MACS: usize = 0;
    /// How many numbers a sample takes that are kept from the forward to the backward pass of a
    /// training step, besides the input and the output.
    const CACHE: usize = 0;
    /// How many numbers a sample takes while [`forward_inference`](Self::forward_inference) runs.
    const SCRATCH: usize = 0;
    /// Whether its gradient by its input is zero wherever its output is, as behind relu: then nobody
    /// needs the gradient by those outputs.
    const DEAD_AT_ZERO: bool = false;
    /// Whether several threads may each be given some of the rows, in the forward and in the backward
    /// pass: rows do not depend on each other, and the cache holds [`CACHE`](Self::CACHE) numbers for
    /// one after another. (The first row of each part is a multiple of 16.) Say so if it is true: where
    /// nothing is said, one thread does it all, and the others wait for it behind each layer of the model.
    const BY_ROW: bool = false;
    /// Whether a batch may go through all passes in parts: rows do not depend on each other, though the
    /// cache may lie otherwise, as in lists of layers, and an update changes nothing but what is trained.
    const SEPARATE: bool = Self::BY_ROW && Self::Weights::FROZEN == 0;
    /// If each of its outputs is one of its inputs, chosen from a window, and its cache holds the numbers
    /// of their taps: the windows. Its backward pass may then be left to the layer before.
    #[doc(hidden)]
    const PICKS: Option<Channelwise> = None;
    /// If it can take the gradient by what a layer behind has picked of its output: its sizes.
    #[doc(hidden)]
    const FOLLOWS: Option<Conv> = None;
    /// If it can also do that layer's forward pass along with its own, where the sizes of both suit: its
    /// sizes. It then keeps nothing in its cache, needs no scratch memory, and does not
    /// [`PENALIZE`](Self::PENALIZES). See [`forward_picked`](Self::forward_picked).
    #[doc(hidden)]
    const JOINS: Option<Conv> = None;
    /// Whether its outputs, or those of layers inside it, add to the loss. Its cache and its scratch memory
    /// then end with what those of each row add, one number for each row, and it is not
    /// [`BY_ROW`](Self::BY_ROW).
    #[doc(hidden)]
    const PENALIZES: bool = false;
    /// Whether [`descend`](Self::descend) is faster than its parts. If a model has a layer that does not say,
    /// its steps take both parts. (Otherwise every model would have them twice.) The update of one that does
    /// changes nothing but what is trained.
    #[doc(hidden)]
    const DESCENDS: Option<bool> = if Self::Weights::LEN + Self::Weights::FROZEN == 0 {
        Some(false)
    } else {
        None
    };
    /// How many numbers [`prepare_backward`](Self::prepare_backward) makes for a batch.
    const PREPARED: usize = 0;
    /// Whether they are also needed where nobody wants the gradient by the input.
    const PREPARES_ALWAYS: bool = false;
    /// How many numbers a batch takes while [`backward`](Self::backward) runs.
    const BACKWARD_SCRATCH: usize = 0;
    /// How many numbers [`Update::tensor`] may lend at once: the size of the largest tensor.
    const GRADIENT: usize = Self::Weights::LEN;

    /// Sets the weights, which are zero, to what they are before training.
    fn init(_weights: &mut Self::Weights, _init: &mut Init) {}

    /// y = f(x), row by row.
    fn forward<I: Isa>(isa: I, weights: &Self::Weights, x: Rows<T>, y: RowsMut<T>);

    /// The forward pass of prediction, with room for [`SCRATCH`](Self::SCRATCH) numbers a row.
    #[inline(always)]
    fn forward_inference<I: Isa>(
        isa: I,
        weights: &Self::Weights,
        x: Rows<T>,
        y: RowsMut<T>,
        _scratch: &mut [T],
    ) {
        Self::forward(isa, weights, x, y);
    }

    /// The forward pass of a training step, with room for [`CACHE`](Self::CACHE) numbers a row.
    #[inline(always)]
    fn forward_training<I: Isa>(
        isa: I,
        weights: &Self::Weights,
        x: Rows<T>,
        y: RowsMut<T>,
        _cache: &mut [T],
        _moment: Moment<'_>,
    ) {
        Self::forward(isa, weights, x, y);
    }

    /// The forward pass with that of the layer behind, which picks some of the outputs: `y` is what that one
    /// gives, and nobody sees the others. Only asked of a layer that [`JOINS`](Self::JOINS).
    #[doc(hidden)]
    #[inline(always)]
    fn forward_picked<I: Isa>(
        _isa: I,
        _weights: &Self::Weights,
        _x: Rows<T>,
        _y: RowsMut<T>,
        _picks: PicksMut<T>,
    ) {
    }

    /// Makes what the backward pass of every row of a batch will read: the weights in another order, for
    /// example.
    #[inline(always)]
    fn prepare_backward<I: Isa>(_isa: I, _weights: &Self::Weights, _prepared: &mut [T]) {}

    /// From the gradient of the loss by the output, `dy`, to the one by the input, `dx`. May change
    /// `dy` into whatever [`update`](Self::update) will want to see.
    ///
    /// Both are linear in `dy`, which may be the gradient of a multiple of the loss: plain gradient descent
    /// works its learning rate in there.
    fn backward<I: Isa>(isa: I, weights: &Self::Weights, pass: Backward<T>);

    /// Hands the gradient of each tensor, in the order of the fields, to the optimiser.
    #[inline(always)]
    fn update<I: Isa>(
        _isa: I,
        _weights: &mut Self::Weights,
        _kept: Kept<T>,
        _update: &mut Update<T>,
    ) {
    }

    /// Backward pass and update for a batch of one sample and plain gradient descent, whose rule keeps nothing: what
    /// [`backward`](Self::backward) and then [`update`](Self::update) do, perhaps in one pass over the weights.
    #[doc(hidden)]
    #[inline(always)]
    fn descend<I: Isa>(
        isa: I,
        weights: &mut Self::Weights,
        pass: Backward<T>,
        update: &mut Update<T>,
    ) {
        backward_and_update::<T, In, Self, I>(isa, weights, pass, update);
    }

    /// Writes the forward pass of prediction as nodes of ONNX, see [`onnx`](crate::onnx). A layer that
    /// computes nothing then ([`IDENTITY`](Self::IDENTITY)) has no nodes.
    ///
    /// # Errors
    /// If the layer has no form in ONNX, as one of your own before you implement this.
    fn onnx(_weights: &Self::Weights, graph: &mut Graph) -> Result<()> {
        if matches!(Self::IDENTITY, Identity::Never) {
            return Err(graph.no_form(None, "Layer::onnx"));
        }
        if !same_shape(In::DIMS, Self::Output::DIMS) {
            graph.reshape(Self::Output::DIMS);
        }
        Ok(())
    }
}

/// When a layer's output is its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// It computes something.
    Never,
    /// Except in training, as with dropout.
    InPrediction,
    /// Only the shape changes, or nothing does.
    Always,
}

/// What the backward pass of a layer works on.
#[derive(Debug)]
pub struct Backward<'a, T> {
    /// What came in.
    pub x: Rows<'a, T>,
    /// What went out.
    pub y: Rows<'a, T>,
    /// What [`Layer::forward_training`] kept.
    pub cache: &'a mut [T],
    /// The gradient of the loss by the output; its padding is zero.
    pub dy: RowsMut<'a, T>,
    /// Where the gradient by the input goes, if anyone wants it; its padding is zero.
    pub dx: Option<RowsMut<'a, T>>,
    /// If `y` and `dy` are not the layer's own, but those of a layer behind that has picked some of its
    /// outputs: which ones. Only a layer that [`FOLLOWS`](Layer::FOLLOWS) gets any.
    #[doc(hidden)]
    pub picks: Option<Picks<'a, T>>,
    /// Whether `dy` is already the gradient before the layer's activation: a loss that knows the
    /// activation takes both derivatives at once.
    pub joint: bool,
    /// Whether the gradient by those inputs that are zero may be left zero: the layer before gives
    /// zero there whatever it is ([`Layer::DEAD_AT_ZERO`]).
    pub dead_at_zero: bool,
    /// What [`Layer::prepare_backward`] made.
    pub prepared: &'a [T],
    /// [`Layer::BACKWARD_SCRATCH`] numbers of any value.
    pub scratch: &'a mut [T],
    /// Who may take part.
    pub team: Team<'a>,
}

impl<T: Element> Backward<'_, T> {
    /// The same for a shorter time.
    #[inline(always)]
    pub fn reborrow(&mut self) -> Backward<'_, T> {
        Backward {
            x: self.x,
            y: self.y,
            cache: &mut *self.cache,
            dy: self.dy.reborrow(),
            dx: self.dx.as_mut().map(RowsMut::reborrow),
            picks: self.picks,
            joint: self.joint,
            dead_at_zero: self.dead_at_zero,
            prepared: self.prepared,
            scratch: &mut *self.scratch,
            team: self.team,
        }
    }

    /// The same for the first rows and for those from `row` on, each for one thread that needs no scratch memory.
    /// The cache holds `cached` numbers for each row.
    pub(crate) fn split_at(self, row: usize, cached: usize) -> (Self, Self) {
        let (cache, other_cache) = self.cache.split_at_mut(row * cached);
        let (dy, other_dy) = self.dy.split_at(row);
        let (dx, other_dx) = self.dx.map(|dx| dx.split_at(row)).unzip();
        let part = |rows: Range<usize>, cache, dy, dx| Self {
            x: self.x.rows(rows.clone()),
            y: self.y.rows(rows.clone()),
            cache,
            dy,
            dx,
            picks: self.picks.map(|picks| picks.rows(rows)),
            scratch: &mut [],
            team: Team::alone(),
            ..self
        };
        let end = self.x.len();
        (
            part(0..row, cache, dy, dx),
            part(row..end, other_cache, other_dy, other_dx),
        )
    }

    /// What it leaves for the update.
    #[inline(always)]
    pub fn kept(&self) -> Kept<'_, T> {
        Kept {
            x: self.x,
            y: self.y,
            cache: self.cache,
            dz: self.dy.as_rows(),
            picks: self.picks,
        }
    }
}

/// A layer's backward pass, and its update behind that.
#[inline(always)]
pub(crate) fn backward_and_update<T: Element, In: Shape, L: Layer<T, In> + ?Sized, I: Isa>(
    isa: I,
    weights: &mut L::Weights,
    mut pass: Backward<T>,
    update: &mut Update<T>,
) {
    L::backward(isa, weights, pass.reborrow());
    L::update(isa, weights, pass.kept(), update);
}

/// What a training step leaves for the update of a layer's weights.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a, T> {
    /// What came in.
    pub x: Rows<'a, T>,
    /// What went out.
    pub y: Rows<'a, T>,
    /// What [`Layer::forward_training`] kept.
    pub cache: &'a [T],
    /// The gradient that [`Layer::backward`] left in `dy`.
    pub dz: Rows<'a, T>,
    /// The picks that it was given.
    #[doc(hidden)]
    pub picks: Option<Picks<'a, T>>,
}

/// The moment of a training step: where random numbers come from, and who may take part.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Mixed from the seed, the number of the step and the path to the layer.
    stream: u64,
    /// Which row of the batch the first row at hand is.
    first: usize,
    /// Which of the model's tensors are kept as they are; those that are not in the list are not.
    frozen: &'a [bool],
    /// How many tensors the layers before have.
    tensors: usize,
    /// What a sample counts in the loss; 0 where there is no loss.
    share: f64,
    /// Who may take part.
    pub team: Team<'a>,
}

impl<'a> Moment<'a> {
    /// The moment of step `step` of a training with this seed.
    #[inline(always)]
    pub fn new(seed: u64, step: u64, team: Team<'a>) -> Self {
        Self {
            stream: mix(seed, step),
            first: 0,
            frozen: &[],
            tensors: 0,
            share: 0.0,
            team,
        }
    }

    /// The same moment, in which so many samples share the loss.
    #[inline(always)]
    pub(crate) fn of_batch(self, rows: usize) -> Self {
        let share = 1.0 / rows as f64;
        Self { share, ..self }
    }

    /// What a sample counts in the loss.
    #[inline(always)]
    pub(crate) fn share(self) -> f64 {
        self.share
    }

    /// The same moment, where some of the model's tensors are kept as they are.
    #[inline(always)]
    pub(crate) fn freezing(self, frozen: &'a [bool]) -> Self {
        Self { frozen, ..self }
    }

    /// The same moment in the layer number `index` of those at hand, before which there are so many
    /// tensors of weights.
    #[inline(always)]
    pub fn layer(self, index: usize, tensors: usize) -> Self {
        Self {
            stream: mix(self.stream, index as u64),
            tensors: self.tensors + tensors,
            ..self
        }
    }

    /// Whether the layer is kept as it is ([`Training::freeze`](crate::training::Training::freeze)).
    /// Its weights are not changed in any case; what it would change by itself in its update, it should
    /// leave as it is.
    #[inline(always)]
    pub fn is_frozen(self) -> bool {
        self.frozen.get(self.tensors) == Some(&true)
    }

    /// The same moment for the items of the rows at hand, so many in each.
    #[inline(always)]
    pub fn of_items(self, count: usize) -> Self {
        Self {
            first: self.first * count,
            ..self
        }
    }

    /// The same moment for the rows from `first` on, for one thread.
    #[inline(always)]
    pub fn from_row(self, first: usize) -> Self {
        Self {
            first: self.first + first,
            team: Team::alone(),
            ..self
        }
    }

    /// The random numbers of row `row` of those at hand: the same ones, whatever thread has it.
    #[inline(always)]
    pub fn stream(self, row: usize) -> Stream {
        Stream::new(self.seed(row))
    }

    /// The same for many numbers at once, each by its place in the row.
    #[inline(always)]
    pub fn places(self, row: usize) -> Places {
        Places::new(self.seed(row))
    }

    #[inline(always)]
    fn seed(self, row: usize) -> u64 {
        mix(self.stream, (self.first + row) as u64)
    }
}
