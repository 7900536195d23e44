//! Code that is compiled in the crate of whoever uses Plywood, for `tests/packed.rs` to read.

use plywood::kernels::rule::Rule;
use plywood::prelude::*;
use plywood::simd::{Job, dispatch};

sequential! { pub struct WithRelu<T>: [64] => [64] { Dense(64), Activation(relu) } }
sequential! { pub struct WithTanh<T>: [64] => [64] { Dense(64, tanh) } }
sequential! { pub struct WithFastTanh<T>: [64] => [64] { Dense(64, fast_tanh) } }
sequential! { pub struct WithSigmoid<T>: [64] => [64] { Dense(64, sigmoid) } }
sequential! { pub struct WithSoftmax<T>: [64] => [64] { Dense(64, softmax) } }
sequential! { pub struct WithHardSigmoid<T>: [64] => [16] { Dense(16, hard_sigmoid) } }
sequential! { pub struct WithPlaces<T>: [16, 8, 8] => [16, 8, 8] { LayerNormalization } }
sequential! { pub struct WithGroups<T>: [16, 8, 8] => [16, 8, 8] { GroupNormalization(4) } }
sequential! { pub struct WithBatch<T>: [16, 8, 8] => [1024] { BatchNormalization, Flatten } }

/// The optimiser's step for the tensors of a layer of one's own.
pub struct FlatTensor<'a, T>(Rule<T>, &'a mut [T], &'a [T], &'a mut [T]);

impl<T: Element> Job for FlatTensor<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let FlatTensor(rule, w, gradient, slots) = self;
        rule.apply(isa, w, gradient, slots, w.len());
    }
}

macro_rules! compiled {
    ($($name:ident: $number:ident),*) => { $(
        pub mod $name {
            use super::*;

            type X = [$number; 64];

            pub fn relu(model: &WithRelu<$number>, x: &[X]) -> Vec<X> {
                model.predict_batch(x)
            }
            pub fn tanh(model: &WithTanh<$number>, x: &[X]) -> Vec<X> {
                model.predict_batch(x)
            }
            pub fn fast_tanh(model: &WithFastTanh<$number>, x: &[X]) -> Vec<X> {
                model.predict_batch(x)
            }
            pub fn sigmoid(model: &WithSigmoid<$number>, x: &[X]) -> Vec<X> {
                model.predict_batch(x)
            }
            pub fn softmax(model: &WithSoftmax<$number>, x: &[X]) -> Vec<X> {
                model.predict_batch(x)
            }
            pub fn hard_sigmoid(model: &WithHardSigmoid<$number>, x: &X) -> [$number; 16] {
                model.predict(x)
            }
            pub fn places(model: &WithPlaces<$number>, x: &[[[[$number; 8]; 8]; 16]]) -> usize {
                model.predict_batch(x).len()
            }
            pub fn groups(model: &WithGroups<$number>, x: &[[[[$number; 8]; 8]; 16]]) -> usize {
                model.predict_batch(x).len()
            }
            pub fn batch(
                model: &mut WithBatch<$number>,
                x: &[[[[$number; 8]; 8]; 16]],
                y: &[[$number; 1024]],
            ) -> plywood::Result<f64> {
                model.compile(Sgd::new(0.1), MeanSquaredError).train_on_batch(x, y)
            }
            pub fn train(model: &mut WithTanh<$number>, x: &[X]) -> plywood::Result<f64> {
                model.compile(Sgd::new(0.1), MeanSquaredError).train_on_batch(x, x)
            }
            pub fn train_softmax(model: &mut WithSoftmax<$number>, x: &[X]) -> plywood::Result<f64> {
                model.compile(Sgd::new(0.1), MeanSquaredError).train_on_batch(x, x)
            }
            pub fn step(tensor: FlatTensor<$number>) {
                dispatch(tensor);
            }
        }
    )* };
}
compiled! { single: f32, double: f64 }
