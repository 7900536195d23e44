//! What a branch does in each pass.

use super::branch::{Branch, Merge};
use super::place::Place;
use crate::kernels::Element;
use crate::layer::{Backward, Kept, Layer, Moment, Update, penalties};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Shape;
use crate::simd::Isa;

/// What all branches of a forward pass work on.
pub struct Forward<'a, 'y, T> {
    x: Rows<'a, T>,
    y: RowsMut<'y, T>,
    /// Channels of all branches together.
    channels: usize,
    /// What the outputs of layers inside add to the loss.
    penalties: &'y mut [T],
}

impl<'a, 'y, T: Element> Forward<'a, 'y, T> {
    pub fn new(x: Rows<'a, T>, y: RowsMut<'y, T>, channels: usize, penalties: &'y mut [T]) -> Self {
        penalties.fill(T::zero());
        Self {
            x,
            y,
            channels,
            penalties,
        }
    }

    /// A branch does its part of prediction.
    #[inline(always)]
    pub fn infer<M: Merge, In: Shape, B: Branch<T, In>, I: Isa>(
        &mut self,
        isa: I,
        place: Place,
        weights: &<B::Layer as Layer<T, In>>::Weights,
        scratch: &mut [T],
    ) {
        if const { B::GIVEN } {
            let (y, rest) = scratch.split_at_mut(padded(place.out) * self.x.len());
            let scratch = &mut rest[..<B::Layer as Layer<T, In>>::SCRATCH * self.x.len()];
            let own = RowsMut::new(&mut *y, place.out);
            B::Layer::forward_inference(isa, weights, self.x, own, &mut *scratch);
            if const { <B::Layer as Layer<T, In>>::PENALIZES } {
                penalties::add(scratch, 1, self.penalties);
            }
            place.merge::<T, M>(Rows::new(y, place.out), &mut self.y, self.channels);
        }
    }

    /// A branch does its part of a training step.
    #[inline(always)]
    pub fn train<M: Merge, In: Shape, B: Branch<T, In>, I: Isa>(
        &mut self,
        isa: I,
        place: Place,
        weights: &<B::Layer as Layer<T, In>>::Weights,
        cache: &mut [T],
        moment: Moment<'_>,
    ) {
        if const { B::GIVEN } {
            let ([y, _, own_cache], out) = (place.split(cache, self.x.len()), place.out);
            let own = RowsMut::new(&mut *y, out);
            B::Layer::forward_training(isa, weights, self.x, own, &mut *own_cache, moment);
            if const { <B::Layer as Layer<T, In>>::PENALIZES } {
                penalties::add(own_cache, 1, self.penalties);
            }
            place.merge::<T, M>(Rows::new(y, out), &mut self.y, self.channels);
        }
    }
}

/// A branch does its part of the backward pass, and adds to the gradient by the input.
#[inline(always)]
pub fn backward<T: Element, M: Merge, In: Shape, B: Branch<T, In>, I: Isa>(
    isa: I,
    place: Place,
    weights: &<B::Layer as Layer<T, In>>::Weights,
    pass: &mut Backward<T>,
    channels: usize,
) {
    if const { !B::GIVEN } {
        return;
    }
    let (rows, width) = (pass.x.len(), In::SIZE);
    // The gradients by the input that the branches give are added; each has the same room.
    let (branches, own_dx) = pass
        .cache
        .split_at_mut(pass.cache.len() - padded(width) * rows);
    let [y, dy, cache] = place.split(branches, rows);
    let mut dy = RowsMut::new(dy, place.out);
    place.part::<T, M>(pass.dy.as_rows(), &mut dy, channels);
    let (prepared, scratch) = pass
        .scratch
        .split_at_mut(<B::Layer as Layer<T, In>>::PREPARED);
    if pass.dx.is_some() {
        B::Layer::prepare_backward(isa, weights, prepared);
    }
    let dx = pass.dx.as_ref().map(|_| RowsMut::new(&mut *own_dx, width));
    B::Layer::backward(
        isa,
        weights,
        Backward {
            x: pass.x,
            y: Rows::new(y, place.out),
            cache,
            dy,
            dx,
            picks: None,
            joint: false,
            dead_at_zero: pass.dead_at_zero,
            prepared,
            scratch: &mut scratch[..<B::Layer as Layer<T, In>>::BACKWARD_SCRATCH],
            team: pass.team,
        },
    );
    if let Some(dx) = &mut pass.dx {
        add(Rows::new(own_dx, width), dx);
    }
}

/// A branch hands its gradients to the optimiser.
#[inline(always)]
pub fn update<T: Element, In: Shape, B: Branch<T, In>, I: Isa>(
    isa: I,
    place: Place,
    weights: &mut <B::Layer as Layer<T, In>>::Weights,
    kept: Kept<T>,
    update: &mut Update<T>,
) {
    if const { !B::GIVEN } {
        return;
    }
    let rows = kept.x.len();
    let cache = &kept.cache[place.start * rows..][..place.len() * rows];
    let (y, rest) = cache.split_at(padded(place.out) * rows);
    let (dz, cache) = rest.split_at(padded(place.out) * rows);
    let own = Kept {
        x: kept.x,
        y: Rows::new(y, place.out),
        cache,
        dz: Rows::new(dz, place.out),
        picks: None,
    };
    B::Layer::update(isa, weights, own, update);
}

/// `y += x`.
#[inline(always)]
fn add<T: Element>(x: Rows<T>, y: &mut RowsMut<T>) {
    for (x, y) in x.iter().zip(y.iter_mut()) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y += x;
        }
    }
}

/// `y = x` if the input is added, otherwise 0.
#[inline(always)]
pub fn begin<T: Element, M: Merge>(x: Rows<T>, y: &mut RowsMut<T>) {
    for (x, y) in x.iter().zip(y.iter_mut()) {
        if M::SHORTCUT && x.len() == y.len() {
            y.copy_from_slice(x);
        } else if M::ADDS {
            y.fill(T::zero());
        }
    }
}
