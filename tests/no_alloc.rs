//! After the first call, neither `predict` nor a training step asks for memory: counted by an
//! allocator of this test's own, for each thread apart, over all layers, optimisers and losses.
#![allow(unsafe_code)] // a global allocator is an unsafe trait; this one only counts and passes on

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use plywood::cast::Plain;
use plywood::layer::Model;
use plywood::losses::{Fits, Loss};
use plywood::prelude::*;
use plywood::random::Stream;

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call goes to the system's allocator with what was given; counting touches nothing
// but a plain number of this thread, which needs no memory and no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread asked for memory during the work.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

const STEPS: usize = 100;

/// Samples of any shape, all numbers between 0 and 1.
fn samples<T: Element, P: Plain<T>>(count: usize, seed: u64) -> Vec<P> {
    let mut random = Stream::new(seed);
    let mut list = vec![<P as bytemuck::Zeroable>::zeroed(); count];
    for x in list.iter_mut().flat_map(|sample| sample.numbers_mut()) {
        *x = T::of(random.uniform());
    }
    list
}

sequential! {
    /// Small enough for everything to lie on the stack.
    struct Small<T>: [4] => [3] { Dense(8, relu), Dense(3, softmax) }
}
sequential! {
    struct FashionMlp<T>: [28, 28] => [10] {
        Flatten,
        Dense(128, relu),
        Dense(256, relu),
        Dense(512, relu),
        Dense(10, softmax),
    }
}
sequential! {
    /// Its batches go through all layers in shards.
    struct FashionCnn: [28, 28] => [10] {
        Reshape([1, 28, 28]),
        Conv2D(8, 3, activation = relu),
        MaxPooling2D(4),
        Flatten,
        Dense(10, softmax),
    }
}
sequential! {
    /// Its activations are too many for the stack.
    struct Wide: [784] => [10] { Dense(2048, relu), Dense(2048, relu), Dense(10, softmax) }
}
sequential! {
    struct Inner<T>: [12] => [12] { Dense(12, silu), Dropout(0.1), Activation(softplus) }
}
sequential! {
    /// Every layer, every activation, with and without a bias, and a model in a model.
    struct Everything<T>: [3, 4] => [5] {
        Flatten,
        Inner<T>,
        Dense(40, relu),
        Dense(9, leaky_relu, use_bias = false),
        Dense(9, elu),
        Reshape([3, 3]),
        Activation(selu),
        Flatten,
        Dropout(0.3),
        Dense(33, gelu),
        Dense(7, silu),
        Dense(7, softplus),
        Dense(7, sigmoid),
        Dense(7, hard_sigmoid),
        Activation(linear),
        Dense(7, tanh),
        Dense(6, softmax),
        Dense(5, linear),
    }
}
sequential! {
    /// Layers that know features and places.
    struct Features<T>: [6] => [5] {
        Rescaling(49.0),
        Embedding(50, 4, embeddings_regularizer = l1_l2, embeddings_constraint = max_norm(0.5)),
        SpatialDropout1D(0.1),
        BatchNormalization,
        LayerNormalization,
        Permute([2, 1]),
        RMSNormalization,
        Reshape([2, 3, 4]),
        GaussianNoise(0.1),
        GroupNormalization(2),
        BatchNormalization(center = false, scale = false),
        SpatialDropout2D(0.1),
        PReLU(shared_axes = [2, 3]),
        PReLU,
        LeakyReLU,
        ELU(0.5),
        ReLU(6.0),
        Normalization,
        GaussianDropout(0.1),
        Flatten,
        RepeatVector(2),
        TimeDistributed(Dense(3, relu), Softmax),
        Flatten,
        Dense(5, kernel_regularizer = l2, kernel_constraint = unit_norm(1), bias_constraint = non_neg),
    }
}
sequential! {
    struct ToLinear<T>: [5] => [3] { Dense(34, tanh), Dense(3) }
}
sequential! {
    struct ToSigmoid<T>: [5] => [3] { Dense(34, tanh), Dense(3, sigmoid) }
}
sequential! {
    struct ToSoftmax<T>: [5] => [3] { Dense(34, tanh), Dense(3, softmax) }
}

sequential! {
    struct Penalized<T>: [5] => [5] {
        Residual(Dense(5, tanh, activity_regularizer = l2)), ActivityRegularization(0.1, 0.2),
    }
}
sequential! {
    struct PenalizedBatches<T>: [5] => [5] {
        Dense(7, tanh, activity_regularizer = l1), BatchNormalization, Dense(5),
    }
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
    assert_eq!(
        allocations(|| drop(std::hint::black_box(vec![0u8; 100]))),
        1
    );
    assert_eq!(allocations(|| ()), 0);
}

fn predicts<M: Model>(calls: usize) {
    let model = M::initialized(1);
    let inputs = samples::<M::Element, M::Input>(2, 1);
    let first = model.predict_one(&inputs[0]);
    let count = allocations(|| {
        for i in 0..calls {
            std::hint::black_box(model.predict_one(&inputs[i % 2]));
        }
    });
    assert_eq!(count, 0, "{}", M::NAME);
    assert_eq!(model.predict_one(&inputs[0]).numbers(), first.numbers());
}

#[test]
fn predict() {
    predicts::<Small<f32>>(STEPS);
    predicts::<Small<f64>>(STEPS);
    predicts::<FashionMlp<f32>>(STEPS);
    predicts::<FashionMlp<f64>>(STEPS);
    predicts::<Everything<f32>>(STEPS);
    predicts::<Everything<f64>>(STEPS);
    predicts::<Features<f32>>(STEPS);
    predicts::<Features<f64>>(STEPS);
    predicts::<Wide>(20);
}

#[test]
fn predict_with_small_models_asks_for_nothing_even_the_first_time() {
    let model = FashionMlp::<f32>::new(1);
    let image = [[0.5; 28]; 28];
    assert_eq!(
        allocations(|| {
            std::hint::black_box(model.predict(&image));
        }),
        0
    );
}

#[test]
fn predict_of_a_big_model_keeps_its_buffer_for_other_models() {
    let (wide, small) = (Wide::new(1), Small::<f64>::new(1));
    wide.predict(&[0.5; 784]);
    let count = allocations(|| {
        for _ in 0..3 {
            wide.predict(&[0.5; 784]);
            small.predict(&[0.5; 4]);
        }
    });
    assert_eq!(count, 0);
}

/// Takes steps with batches of 8 and of 5, after a first one of 8.
fn trains<M, O, L, Y>(optimizer: O, loss: L, y: &[Y])
where
    M: Model,
    O: Optimizer,
    L: Fits<<M as Layer<M::Element, M::InputShape>>::Head> + Loss<M::Element, M::Prediction, Y>,
    Y: Sync,
{
    let x = samples::<M::Element, M::Input>(8, 1);
    let mut training = Training::new(M::initialized(1), optimizer, loss);
    training.train_on_batch(&x, y).unwrap();
    let count = allocations(|| {
        for step in 0..STEPS {
            let size = if step % 10 == 9 { 5 } else { 8 };
            training.train_on_batch(&x[..size], &y[..size]).unwrap();
        }
    });
    let what = std::any::type_name::<(M, O, L)>();
    assert_eq!(count, 0, "{what}");
}

macro_rules! for_both_numbers {
    ($($test:ident: |$t:ident| $body:block)*) => { $(
        mod $test {
            use super::*;
            #[test]
            fn single() {
                type $t = f32;
                $body
            }
            #[test]
            fn double() {
                type $t = f64;
                $body
            }
        }
    )* };
}

for_both_numbers! {
    every_optimizer: |T| {
        let y = &samples::<T, [T; 5]>(8, 2);
        trains::<Everything<T>, _, _, _>(Sgd::new(0.01), MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(Sgd::new(0.01).momentum(0.9), MeanSquaredError, y);
        let nesterov = Sgd::new(0.01).momentum(0.9).nesterov(true).weight_decay(1e-3).l2(1e-3);
        trains::<Everything<T>, _, _, _>(nesterov, MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(Adam::new(0.001), MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(AdamW::new(0.001), MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(RmsProp::new(0.001), MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(RmsProp::new(0.001).momentum(0.5), MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(Adagrad::new(0.001), MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(Adadelta::new(0.001), MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(Adamax::new(0.001), MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(Nadam::new(0.001), MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(Lion::new(0.001), MeanSquaredError, y);
    }

    what_every_optimizer_can_do: |T| {
        let y = &samples::<T, [T; 5]>(8, 2);
        let piecewise = PiecewiseConstantDecay::new([10, 20], [0.01, 0.005, 0.001]);
        trains::<Everything<T>, _, _, _>(Sgd::new(piecewise), MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(Adam::new(0.001).clipvalue(0.1), MeanSquaredError, y);
        trains::<Everything<T>, _, _, _>(Adam::new(0.001).clipnorm(0.1), MeanSquaredError, y);
        let all = Sgd::new(CosineDecay::new(0.01, 80))
            .momentum(0.9)
            .global_clipnorm(0.1)
            .gradient_accumulation_steps(3)
            .use_ema(true)
            .ema_overwrite_frequency(2);
        trains::<Everything<T>, _, _, _>(all, MeanSquaredError, y);
    }

    features: |T| {
        let y = &samples::<T, [T; 5]>(8, 2);
        trains::<Features<T>, _, _, _>(Adam::new(0.001), MeanSquaredError, y);
    }

    penalties_of_outputs: |T| {
        let y = &samples::<T, [T; 5]>(8, 2);
        trains::<Penalized<T>, _, _, _>(Adam::new(0.001), MeanSquaredError, y);
        trains::<PenalizedBatches<T>, _, _, _>(Sgd::new(0.01), MeanSquaredError, y);
    }

    every_loss: |T| {
        let y = &samples::<T, [T; 3]>(8, 2);
        let classes = &[0u8, 1, 2, 0, 1, 2, 2, 1];
        let sgd = || Sgd::new(0.01);
        trains::<ToLinear<T>, _, _, _>(sgd(), MeanSquaredError, y);
        trains::<ToLinear<T>, _, _, _>(sgd(), MeanAbsoluteError, y);
        trains::<ToLinear<T>, _, _, _>(sgd(), Huber::new(0.3), y);
        trains::<ToLinear<T>, _, _, _>(sgd(), LogCosh, y);
        trains::<ToLinear<T>, _, _, _>(sgd(), MeanAbsolutePercentageError, y);
        trains::<ToLinear<T>, _, _, _>(sgd(), MeanSquaredLogarithmicError, y);
        trains::<ToLinear<T>, _, _, _>(sgd(), CosineSimilarity, y);
        trains::<ToLinear<T>, _, _, _>(sgd(), Hinge, y);
        trains::<ToLinear<T>, _, _, _>(sgd(), SquaredHinge, y);
        trains::<ToLinear<T>, _, _, _>(sgd(), CategoricalHinge, y);
        trains::<ToLinear<T>, _, _, _>(sgd(), BinaryCrossentropy::from_logits(), y);
        trains::<ToLinear<T>, _, _, _>(sgd(), CategoricalCrossentropy::from_logits(), y);
        trains::<ToLinear<T>, _, _, _>(sgd(), SparseCategoricalCrossentropy::from_logits(), classes);
        trains::<ToSigmoid<T>, _, _, _>(sgd(), BinaryCrossentropy, y);
        trains::<ToSigmoid<T>, _, _, _>(sgd(), BinaryCrossentropy.label_smoothing(0.1), y);
        trains::<ToSigmoid<T>, _, _, _>(sgd(), Poisson, y);
        trains::<ToSoftmax<T>, _, _, _>(sgd(), CategoricalCrossentropy, y);
        trains::<ToSoftmax<T>, _, _, _>(sgd(), CategoricalCrossentropy.label_smoothing(0.1), y);
        trains::<ToSoftmax<T>, _, _, _>(sgd(), KLDivergence, y);
        trains::<ToSoftmax<T>, _, _, _>(sgd(), SparseCategoricalCrossentropy, classes);
    }

    metrics: |T| {
        let x = samples::<T, [T; 5]>(8, 1);
        let y = samples::<T, [T; 3]>(8, 2);
        let mut training = Training::new(ToSoftmax::<T>::new(1), Sgd::new(0.01), MeanSquaredError)
            .metrics(Accuracy)
            .metrics(TopK::new(2))
            .metrics(BinaryAccuracy::default())
            .metrics(MeanAbsoluteError)
            .metrics(ClassAccuracy)
            .metrics(ConfusionMatrix)
            .metrics(Precision::new())
            .metrics(Recall::new().top_k(2).class_id(1))
            .metrics(F1Score::new().average(Average::Weighted))
            .metrics(Auc::new())
            .metrics(Named("pr", Auc::new().curve(Curve::Pr).from_logits(true)))
            .metrics(RootMeanSquaredError)
            .metrics(R2Score)
            .metrics(CosineSimilarity)
            .metrics(CategoricalCrossentropy.label_smoothing(0.1));
        training.train_on_batch(&x, &y).unwrap();
        let count = allocations(|| {
            for _ in 0..STEPS {
                training.train_on_batch(&x, &y).unwrap();
            }
        });
        assert_eq!(count, 0);
    }
}

#[test]
fn big_steps() {
    let y = samples::<f32, [f32; 10]>(8, 2);
    let x = samples::<f32, [[f32; 28]; 28]>(8, 1);
    let loss = CategoricalCrossentropy;
    let mut training = Training::new(FashionMlp::<f32>::new(1), Sgd::new(0.01), loss);
    training.train_on_batch(&x, &y).unwrap();
    let count = allocations(|| {
        for _ in 0..20 {
            training.train_on_batch(&x, &y).unwrap();
        }
    });
    assert_eq!(count, 0);
}

/// A fit asks for as much memory for two steps as for twenty, on one thread or two, whatever the size of
/// the last batch.
#[test]
fn steps_of_a_fit() {
    steps_of_a_fit_of::<FashionMlp<f32>>();
    steps_of_a_fit_of::<FashionCnn>();
}

fn steps_of_a_fit_of<M>()
where
    M: Model,
    CategoricalCrossentropy: Fits<<M as Layer<M::Element, M::InputShape>>::Head>,
    CategoricalCrossentropy: Loss<M::Element, M::Prediction, [f32; 10]>,
{
    let y = samples::<f32, [f32; 10]>(700, 2);
    let x = samples::<M::Element, M::Input>(700, 1);
    for threads in [1, 2] {
        let counts = [64, 640, 695].map(|count| {
            let mut training =
                Training::new(M::initialized(1), Sgd::new(0.01), CategoricalCrossentropy);
            let settings = Fit::new().threads(threads).verbose(Verbose::Silent);
            allocations(|| {
                training.fit(&x[..count], &y[..count], settings).unwrap();
            })
        });
        assert_eq!(counts, [counts[0]; 3], "{threads} threads");
    }
}

/// The same with metrics.
#[test]
fn steps_of_a_measured_fit() {
    let y = samples::<f32, [f32; 10]>(640, 2);
    let x = samples::<f32, [[f32; 28]; 28]>(640, 1);
    let counts = [64, 640].map(|count| {
        let mut model = FashionMlp::<f32>::new(1);
        let mut training = model
            .compile(Sgd::new(0.01), CategoricalCrossentropy)
            .metrics(ConfusionMatrix)
            .metrics(Auc::new())
            .metrics(R2Score);
        let settings = Fit::new().threads(2).verbose(Verbose::Silent);
        allocations(|| {
            training.fit(&x[..count], &y[..count], settings).unwrap();
        })
    });
    assert_eq!(counts[0], counts[1]);
}

/// The same of a stream, once its chunks have their size. (The thread that fills them is not counted.)
#[test]
fn steps_of_a_stream() {
    let counts = [200, 2000].map(|steps| {
        let mut model = Small::<f32>::new(1);
        let mut training = model.compile(Sgd::new(0.01), SparseCategoricalCrossentropy);
        let settings = Fit::new().class_weight([(1, 2.0)]).steps_per_epoch(steps);
        let settings = settings.batch_size(4).verbose(Verbose::Silent);
        let samples = (0..).map(|i| ([0.1, 0.2, 0.3, (i % 7) as f32], (i % 3) as u8));
        allocations(|| {
            training.fit_stream(samples, settings).unwrap();
        })
    });
    assert_eq!(counts[0], counts[1]);
}
