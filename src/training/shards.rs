//! A step whose batch is cut into shards, each of which goes through all layers by itself.
//!
//! Where layers are small, threads that meet behind each of them wait as long as they work, and a batch is
//! out of the near caches when it comes back. Where rows do not depend on each other, neither must be: each
//! member of a team takes a shard of some samples forward through all layers; when their losses have been
//! seen, backward; then the next one. Each shard has gradients of its own, which are added up in order. How
//! a batch is cut depends on its size alone, so the bits do not depend on the threads.
//!
//! Where outputs of layers add to the loss, this is the step, too, for it sees what layers keep before it
//! goes back: with one shard, the batch, where rows depend on each other.

use super::gather::Gather;
use super::step::{Course, Parts};
use super::stored::Gradients;
use super::weights::{count, restore, save};
use super::{Number, statistics};
use crate::kernels::rule::{Fused, Store};
use crate::layer::{Backward, Kept, Model, Moment, Update, penalties};
use crate::losses::Loss;
use crate::metrics::Metrics;
use crate::rows::{Rows, RowsMut, padded};
use crate::scratch::{LINE, from_line};
use crate::shape::Shape;
use crate::simd::{Isa, Job};
use crate::team::{self, Share, Team};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use num_traits::Zero;

#[cfg(test)]
mod tests;

/// Whether the batches of a model are cut. Its weights are few beside its products, as in convolutions:
/// gradients of their own cost the shards little. Or it has penalties, which only this step knows of.
pub(super) const fn is_sharded<M: Model>() -> bool {
    let is_small = M::LEN <= 1 << 16 && M::MACS >= 16 * M::LEN && M::MACS >= 10_000;
    M::SEPARATE && is_small || M::PENALIZES
}

/// How a batch is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Cut {
    rows: usize,
    /// Samples of every shard but the last, which may have fewer.
    each: usize,
}

impl Cut {
    /// Of a batch of a model.
    fn of_model<M: Model>(rows: usize) -> Self {
        if const { M::SEPARATE } {
            Self::of(rows)
        } else {
            Self { rows, each: rows }
        }
    }

    fn of(rows: usize) -> Self {
        // Kernels take rows by eights (and input gradients of blocks of 16 in another order, but how a batch
        // is cut depends on its size alone). A shard of 16 costs less than two of 8, but two threads want two.
        let each = if rows < 32 {
            8
        } else {
            16 * rows.div_ceil(16 * team::MOST)
        };
        Self { rows, each }
    }

    /// How many shards.
    fn len(self) -> usize {
        self.rows.div_ceil(self.each)
    }

    /// The samples of some shards.
    fn rows(self, shards: Range<usize>) -> Range<usize> {
        shards.start * self.each..(shards.end * self.each).min(self.rows)
    }
}

/// The memory of a step in shards.
pub(super) struct Shards<M: Model> {
    /// What it has been laid out for.
    cut: Cut,
    members: usize,
    /// The desks of all members, then one of another size for a last shard of fewer samples.
    desks: Vec<Number<M>>,
    /// The gradients of all shards.
    gradients: Vec<Number<M>>,
    /// For each member but the first, a model with the weights of the step: an update wants one that it
    /// may change.
    models: Box<[M]>,
    /// These weights.
    weights: Vec<Number<M>>,
    /// What the last batch has made of the weights that are not trained, unless its samples are separate:
    /// they change with the others, when its loss is known to be finite.
    statistics: Vec<Number<M>>,
}

impl<M: Model> fmt::Debug for Shards<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} for {} members", self.cut, self.members)
    }
}

impl<M: Model> Default for Shards<M> {
    fn default() -> Self {
        Self {
            cut: Cut::default(),
            members: 0,
            desks: Vec::new(),
            gradients: Vec::new(),
            models: Box::default(),
            weights: Vec::new(),
            statistics: Vec::new(),
        }
    }
}

impl<M: Model> Shards<M> {
    /// Makes room for batches of at most so many samples and a team of so many members.
    pub(super) fn reserve(&mut self, rows: usize, team: Team<'_>) {
        if const { !is_sharded::<M>() } {
            return;
        }
        let (zero, each) = (Number::<M>::zero(), Cut::of_model::<M>(rows).each);
        // Smaller batches may have more shards, though not larger ones.
        let shards = rows.div_ceil(8).min(team::MOST);
        let members = team.size().min(shards);
        let desks = (members + 1) * desk::<M>(each) + LINE;
        if self.desks.len() < desks {
            self.desks.resize(desks, zero);
            // They may begin at another line now.
            self.cut = Cut::default();
        }
        if self.gradients.len() < shards * M::LEN {
            self.gradients.resize(shards * M::LEN, zero);
        }
        self.statistics.clear();
        self.statistics.reserve_exact(M::FROZEN);
        if self.models.len() + 1 < members {
            self.models = bytemuck::zeroed_slice_box(members - 1);
            self.weights.reserve_exact(count(&self.models[0]));
        }
    }

    /// Lays the memory out for a batch.
    fn lay_out(&mut self, cut: Cut, members: usize) {
        if (self.cut, self.members) != (cut, members) {
            // Rows have moved, and the padding of gradients must be zero where it is now.
            self.desks.fill(Number::<M>::zero());
            (self.cut, self.members) = (cut, members);
        }
    }

    /// The gradients of a batch that has been through all passes.
    pub(super) fn sums(&mut self) -> Sums<'_, Number<M>> {
        Sums {
            gradients: &self.gradients[..self.cut.len() * M::LEN],
            statistics: &mut self.statistics,
        }
    }
}

/// The gradients of all shards.
pub(super) struct Sums<'a, T> {
    gradients: &'a [T],
    statistics: &'a mut [T],
}

impl<M: Model> Gradients<M> for Sums<'_, Number<M>> {
    #[inline(always)]
    fn store<I: Isa>(self, _: I, model: &mut M, gradients: &mut [Number<M>], add: bool) {
        if const { !M::SEPARATE } {
            statistics::swap(model, self.statistics);
        }
        let mut shards = self.gradients.chunks_exact(M::LEN.max(1));
        if !add && let Some(first) = shards.next() {
            gradients.copy_from_slice(first);
        }
        for shard in shards {
            for (sum, &gradient) in gradients.iter_mut().zip(shard) {
                *sum += gradient;
            }
        }
    }
}

/// How many numbers a desk has for so many samples.
const fn desk<M: Model>(rows: usize) -> usize {
    let row = padded(M::InputShape::SIZE) + M::CACHE;
    (rows * row + M::BACKWARD_SCRATCH + M::GRADIENT).next_multiple_of(LINE)
}

/// Where a member works on a shard.
struct Desk<'p, M: Model> {
    x: RowsMut<'p, Number<M>>,
    /// See [`crate::layer::Layer::CACHE`], and the following for the others.
    cache: &'p mut [Number<M>],
    scratch: &'p mut [Number<M>],
    gradient: &'p mut [Number<M>],
}

impl<'p, M: Model> Desk<'p, M> {
    fn of(memory: &'p mut [Number<M>], rows: usize) -> Self {
        let width = M::InputShape::SIZE;
        let (x, rest) = memory.split_at_mut(rows * padded(width));
        let (cache, rest) = rest.split_at_mut(rows * M::CACHE);
        let (scratch, rest) = rest.split_at_mut(M::BACKWARD_SCRATCH);
        Self {
            x: RowsMut::new(x, width),
            cache,
            scratch,
            gradient: &mut rest[..M::GRADIENT],
        }
    }
}

/// The desks for neighbouring shards, the last of which may be the last of all.
fn desks<M: Model>(
    memory: &mut [Number<M>],
    members: usize,
    cut: Cut,
    shards: Range<usize>,
) -> impl Iterator<Item = (Range<usize>, Desk<'_, M>)> {
    let (own, other) = memory.split_at_mut(members * desk::<M>(cut.each));
    let (mut own, mut other) = (own.chunks_exact_mut(desk::<M>(cut.each)), Some(other));
    shards.filter_map(move |shard| {
        let rows = cut.rows(shard..shard + 1);
        let memory = if rows.len() == cut.each {
            own.next()
        } else {
            other.take()
        };
        memory.map(|memory| (rows.clone(), Desk::of(memory, rows.len())))
    })
}

impl<M, O, L, Me, Y> Course<'_, M, O, L, Me, Y>
where
    M: Model,
    L: Loss<Number<M>, M::Prediction, Y>,
    Me: Metrics<Number<M>, M::Prediction, Y>,
{
    /// Takes a batch through all passes, and leaves the gradients of its shards. Gives the sum of the
    /// losses, and adds them to the `state` of the metrics.
    pub(super) fn in_shards<I: Isa>(
        &mut self,
        isa: I,
        parts: &mut Parts<'_, M>,
        batch: &[u32],
        moment: Moment<'_>,
        state: &mut [f64],
    ) -> f64 {
        let (cut, out) = (Cut::of_model::<M>(batch.len()), M::OutputShape::SIZE);
        let moment = moment.of_batch(batch.len());
        let members = self.team.size().min(cut.len());
        let shards = &mut *parts.shards;
        shards.lay_out(cut, members);
        let memory = from_line(&mut shards.desks);
        if members > 1 {
            shards.weights.clear();
            save(self.model, &mut shards.weights);
        }

        if const { !M::SEPARATE } {
            statistics::copy(&*self.model, &mut shards.statistics);
        }

        let mut total = 0.0;
        let mut y = RowsMut::new(parts.y, out);
        let mut dy = RowsMut::new(parts.dy, out);
        let mut gradients = shards.gradients.chunks_exact_mut(M::LEN.max(1));
        for first in (0..cut.len()).step_by(members) {
            let wave = first..(first + members).min(cut.len());
            let rows = cut.rows(wave.clone());
            let (mut wave_y, others_y) = y.split_at(rows.len());
            let (mut wave_dy, others_dy) = dy.split_at(rows.len());
            (y, dy) = (others_y, others_dy);

            let mut hands = team::Parts::new();
            let mut left = wave_y.reborrow();
            for (rows, desk) in desks::<M>(memory, members, cut, wave.clone()) {
                let (y, others) = left.split_at(rows.len());
                left = others;
                hands.push(Forth {
                    moment: moment.from_row(rows.start),
                    batch: &batch[rows],
                    desk,
                    y,
                });
            }
            let pass = Forward {
                model: &*self.model,
                samples: self.x,
            };
            self.team.share(isa, &pass, &mut hands);
            if const { M::PENALIZES } {
                for (rows, desk) in desks::<M>(memory, members, cut, wave.clone()) {
                    total = penalties::sum(desk.cache, rows.len(), total);
                }
            }

            let (wave_y, wave_batch) = (wave_y.as_rows(), &batch[rows.clone()]);
            let sums = (total, &mut *state);
            let share = Self::share(batch.len());
            total = isa.enter(Losses {
                course: &*self,
                batch: wave_batch,
                pair: (wave_y, wave_dy.reborrow()),
                share,
                plain: parts.plain,
                sums,
            });

            let mut hands = team::Parts::new();
            let mut left = wave_dy;
            let mut replicas = shards.models.iter_mut();
            let mut leader = Some(&mut *self.model);
            for (range, desk) in desks::<M>(memory, members, cut, wave) {
                let (dy, others) = left.split_at(range.len());
                left = others;
                let is_new = leader.is_none() && first == 0;
                let model = leader.take().or_else(|| replicas.next());
                let Some((model, gradients)) = model.zip(gradients.next()) else {
                    continue;
                };
                let here = range.start - rows.start;
                hands.push(Back {
                    model,
                    weights: is_new.then_some(&shards.weights[..]),
                    y: wave_y.rows(here..here + range.len()),
                    desk,
                    dy,
                    gradients,
                });
            }
            self.team
                .share(isa, &Backwards { joint: self.joint }, &mut hands);
        }
        if const { !M::SEPARATE } {
            statistics::swap(self.model, &mut shards.statistics);
        }
        total
    }
}

/// [`Course::learn`] with the instructions that there are: where a batch is cut is a function of its own,
/// which is compiled without them.
struct Losses<'s, 'c, M: Model, O, L, Me, Y> {
    course: &'s Course<'c, M, O, L, Me, Y>,
    batch: &'s [u32],
    pair: (Rows<'s, Number<M>>, RowsMut<'s, Number<M>>),
    share: Number<M>,
    plain: &'s mut [Number<M>],
    sums: (f64, &'s mut [f64]),
}

impl<M, O, L, Me, Y> Job for Losses<'_, '_, M, O, L, Me, Y>
where
    M: Model,
    L: Loss<Number<M>, M::Prediction, Y>,
    Me: Metrics<Number<M>, M::Prediction, Y>,
{
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        let Self {
            course,
            batch,
            pair,
            share,
            plain,
            sums,
        } = self;
        course.learn(isa, batch, pair, share, plain, sums)
    }
}

/// The way of a shard forward.
struct Forward<'a, M: Model> {
    model: &'a M,
    samples: &'a [M::Input],
}

struct Forth<'p, M: Model> {
    batch: &'p [u32],
    desk: Desk<'p, M>,
    y: RowsMut<'p, Number<M>>,
    moment: Moment<'p>,
}

impl<'p, M: Model> Share<Forth<'p, M>> for Forward<'_, M> {
    #[inline(always)]
    fn run<I: Isa>(&self, isa: I, part: Forth<'p, M>) {
        let mut desk = part.desk;
        let x = Gather::<M> {
            samples: self.samples,
            batch: part.batch,
            x: desk.x.reborrow(),
        };
        M::forward_inputs(isa, self.model, x, part.y, desk.cache, part.moment);
    }
}

/// The way of a shard backward.
struct Backwards {
    joint: bool,
}

struct Back<'p, M: Model> {
    model: &'p mut M,
    /// The weights that it is still to be given.
    weights: Option<&'p [Number<M>]>,
    desk: Desk<'p, M>,
    y: Rows<'p, Number<M>>,
    dy: RowsMut<'p, Number<M>>,
    gradients: &'p mut [Number<M>],
}

impl<'p, M: Model> Share<Back<'p, M>> for Backwards {
    #[inline(always)]
    fn run<I: Isa>(&self, isa: I, part: Back<'p, M>) {
        let Back {
            model,
            desk,
            y,
            mut dy,
            ..
        } = part;
        if let Some(weights) = part.weights {
            restore(model, weights);
        }
        let pass = Backward {
            x: desk.x.as_rows(),
            y,
            cache: &mut *desk.cache,
            dy: dy.reborrow(),
            dx: None,
            picks: None,
            joint: self.joint,
            dead_at_zero: false,
            prepared: &[],
            scratch: desk.scratch,
            team: Team::alone(),
        };
        M::backward(isa, model, pass);
        let kept = Kept {
            x: desk.x.as_rows(),
            y,
            cache: desk.cache,
            dz: dy.as_rows(),
            picks: None,
        };
        let store = Fused::Store(Store { add: false });
        let mut update = Update::new(Team::alone(), store, part.gradients, desk.gradient);
        M::update(isa, model, kept, &mut update);
    }
}
