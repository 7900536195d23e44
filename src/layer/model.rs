//! What a model is, beyond a layer: it has a fixed input, and can be made, asked and described.

use super::chain::Inputs;
use super::{Layer, Moment, Weights, penalties};
use crate::cast::{Plain, numbers_of, zeroed_box};
use crate::initializers::Init;
use crate::kernels::{BLOCK, Element};
use crate::layout::{self, differs};
use crate::rows::{Rows, RowsMut, padded};
use crate::scratch::{LINE, Work, from_line, with_scratch};
use crate::shape::Shape;
use crate::simd::{Isa, Job, dispatch};
use crate::team::{self, Parts, Share, Team};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use bytemuck::Zeroable;

/// A network: what `sequential!` makes. Its methods are also methods of the struct itself.
pub trait Model:
    Layer<Self::Element, Self::InputShape, Weights = Self> + Weights<Self::Element> + Sized
{
    /// What it computes with.
    type Element: Element;
    /// The shape of an input.
    type InputShape: Shape;
    /// The shape of a prediction.
    type OutputShape: Shape;
    /// An input, as a plain array.
    type Input: Plain<Self::Element>;
    /// A prediction, as a plain array.
    type Prediction: Plain<Self::Element>;
    /// Its name.
    const NAME: &'static str;
    /// Its layers.
    const LAYERS: &'static [LayerInfo];

    /// [`Layer::forward_training`] of inputs that may still have to be brought.
    #[doc(hidden)]
    fn forward_inputs<I: Isa, X: Inputs<Self::Element>>(
        isa: I,
        model: &Self,
        x: X,
        y: RowsMut<Self::Element>,
        cache: &mut [Self::Element],
        moment: Moment<'_>,
    );

    /// A new model, its weights drawn from this seed, built in place on the heap.
    fn initialized(seed: u64) -> Box<Self> {
        let mut model = zeroed_box::<Self>();
        <Self as Layer<Self::Element, Self::InputShape>>::init(&mut model, &mut Init::new(seed));
        model
    }

    /// What the model gives for an input.
    #[inline]
    fn predict_one(&self, input: &Self::Input) -> Self::Prediction {
        dispatch(PredictOne { model: self, input })
    }

    /// What the model gives for each of the inputs, computed by at most so many threads.
    fn predict_all(&self, inputs: &[Self::Input], threads: usize) -> Vec<Self::Prediction> {
        let members = team::members(threads, inputs.len(), Self::MACS);
        team::with_team(members, |team| {
            dispatch(PredictAll {
                team,
                model: self,
                inputs,
            })
        })
    }

    /// Shows the prediction for some of the inputs, in order: for those in the list, or for all. Gives what
    /// the outputs of layers add to the losses of all together.
    #[inline(always)]
    fn see_predictions<I: Isa>(
        &self,
        isa: I,
        team: Team<'_>,
        inputs: &[Self::Input],
        list: Option<&[u32]>,
        mut see: impl FnMut(usize, &[Self::Element]),
    ) -> f64 {
        let (width, out) = (Self::InputShape::SIZE, Self::OutputShape::SIZE);
        let count = list.map_or(inputs.len(), <[u32]>::len);
        // Samples that lie one after another as they are inside need not be copied.
        let copied = list.is_some() || differs(Self::InputShape::DIMS);
        let row = padded(out) + Self::SCRATCH + if copied { padded(width) } else { 0 };
        let together = TOGETHER * team.size();
        let mut memory = vec![Self::Element::default(); row * together.min(count) + LINE];
        let memory = from_line(&mut memory);
        let mut plain = vec![Self::Element::default(); plain_len::<Self::OutputShape>()];
        let mut sum = 0.0;
        for start in (0..count).step_by(together) {
            let rows = together.min(count - start);
            let (scratch, rest) = memory.split_at_mut(Self::SCRATCH * rows);
            let (y, gathered) = rest.split_at_mut(padded(out) * rows);
            let x = if copied {
                let gathered = &mut gathered[..padded(width) * rows];
                let mut x = RowsMut::new(gathered, width);
                for (i, x) in x.iter_mut().enumerate() {
                    let i = list.map_or(start + i, |list| list[start + i] as usize);
                    layout::inward::<Self::InputShape, _>(inputs[i].numbers(), x);
                }
                Rows::new(gathered, width)
            } else {
                Rows::dense(numbers_of(&inputs[start..start + rows]), width)
            };
            sum = share(isa, team, self, x, RowsMut::new(y, out), scratch, sum);
            for (i, y) in Rows::new(y, out).iter().enumerate() {
                let i = list.map_or(start + i, |list| list[start + i] as usize);
                if const { differs(Self::OutputShape::DIMS) } {
                    layout::outward::<Self::OutputShape, _>(y, &mut plain);
                    see(i, &plain);
                } else {
                    see(i, y);
                }
            }
        }
        sum
    }
}

/// How many numbers a sample takes outside, if it must be turned on its way.
pub(crate) const fn plain_len<S: Shape>() -> usize {
    if differs(S::DIMS) { S::SIZE } else { 0 }
}

/// Some rows for a prediction.
struct Part<'a, T> {
    x: Rows<'a, T>,
    y: RowsMut<'a, T>,
    scratch: &'a mut [T],
}

/// A model that predicts.
struct Predictor<'a, M>(&'a M);

impl<'p, M: Model> Share<Part<'p, M::Element>> for Predictor<'_, M> {
    #[inline(always)]
    fn run<I: Isa>(&self, isa: I, part: Part<'p, M::Element>) {
        M::forward_inference(isa, self.0, part.x, part.y, part.scratch);
    }
}

/// A forward pass for prediction, some of the rows on each thread. Gives the sum of what the outputs of
/// layers add to the loss, from `penalty` on. (Not inlined: the parts take room on the stack.)
#[inline(never)]
fn share<M: Model, I: Isa>(
    isa: I,
    team: Team<'_>,
    model: &M,
    x: Rows<M::Element>,
    mut y: RowsMut<M::Element>,
    scratch: &mut [M::Element],
    mut penalty: f64,
) -> f64 {
    let split = team.split(x.len(), BLOCK, M::MACS);
    let mut parts = Parts::new();
    let mut left = &mut *scratch;
    for i in 0..split.len() {
        let rows = split.rows(i);
        let (y_part, y_rest) = y.split_at(rows.len());
        let (scratch_part, scratch_rest) = left.split_at_mut(M::SCRATCH * rows.len());
        parts.push(Part {
            x: x.rows(rows),
            y: y_part,
            scratch: scratch_part,
        });
        (y, left) = (y_rest, scratch_rest);
    }
    team.share(isa, &Predictor(model), &mut parts);
    if const { M::PENALIZES } {
        for rows in (0..split.len()).map(|i| split.rows(i)) {
            let scratch = &scratch[..M::SCRATCH * rows.end];
            penalty = penalties::sum(scratch, rows.len(), penalty);
        }
    }
    penalty
}

/// How many samples go through the layers together in prediction, on each thread: enough to use the
/// kernels well, few enough to stay in a fast cache.
const TOGETHER: usize = 64;

struct PredictOne<'a, M: Model> {
    model: &'a M,
    input: &'a M::Input,
}

impl<M: Model> Job for PredictOne<'_, M> {
    type Output = M::Prediction;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> M::Prediction {
        with_scratch(WithScratch { isa, job: self })
    }
}

struct WithScratch<'a, M: Model, I> {
    isa: I,
    job: PredictOne<'a, M>,
}

impl<M: Model, I: Isa> Work<M::Element> for WithScratch<'_, M, I> {
    type Output = M::Prediction;
    const LEN: usize =
        padded(plain_len::<M::InputShape>()) + M::SCRATCH + padded(M::OutputShape::SIZE);

    #[inline(always)]
    fn run(self, scratch: &mut [M::Element]) -> M::Prediction {
        let (width, out) = (M::InputShape::SIZE, M::OutputShape::SIZE);
        let (x, scratch) = if const { differs(M::InputShape::DIMS) } {
            let (x, rest) = scratch.split_at_mut(padded(width));
            layout::inward::<M::InputShape, _>(self.job.input.numbers(), &mut x[..width]);
            (Rows::new(x, width), rest)
        } else {
            (Rows::dense(self.job.input.numbers(), width), scratch)
        };
        // The output comes last: it may be a single number, and what lies behind it begins anywhere.
        let (scratch, y) = scratch.split_at_mut(M::SCRATCH);
        M::forward_inference(
            self.isa,
            self.job.model,
            x,
            RowsMut::new(&mut *y, out),
            scratch,
        );
        let mut prediction = M::Prediction::zeroed();
        layout::outward::<M::OutputShape, _>(&y[..out], prediction.numbers_mut());
        prediction
    }
}

struct PredictAll<'a, M: Model> {
    team: Team<'a>,
    model: &'a M,
    inputs: &'a [M::Input],
}

impl<M: Model> Job for PredictAll<'_, M> {
    type Output = Vec<M::Prediction>;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Vec<M::Prediction> {
        let mut predictions = vec![M::Prediction::zeroed(); self.inputs.len()];
        self.model
            .see_predictions(isa, self.team, self.inputs, None, |i, y| {
                predictions[i].numbers_mut().copy_from_slice(y);
            });
        predictions
    }
}

/// A layer of a model, for its summary.
#[derive(Clone, Copy, Debug)]
pub struct LayerInfo {
    /// The name of the field.
    pub name: &'static str,
    /// The name of the layer's type.
    pub kind: &'static str,
    /// Gives the name of its type, with its arguments.
    pub type_name: fn() -> &'static str,
    /// The shape that it gives.
    pub output: &'static [usize],
    /// How many numbers can be trained.
    pub params: usize,
    /// How many numbers there are besides, which are not trained.
    pub frozen: usize,
    /// Multiply-adds of one forward pass of one sample.
    pub macs: usize,
}
