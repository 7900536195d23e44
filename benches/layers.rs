//! Every kind of layer by itself, batches of 32: `cargo bench --bench layers`.
//!
//! `inference` is one forward pass of prediction, `training` the three passes of a step: forward, backward
//! (with the gradient by the input) and the update of the weights. The throughput counts the numbers that
//! come in or go out, whichever are more: a layer that only moves numbers should do some thousand millions
//! of them a second. `PLYWOOD_ISA` chooses the instruction set.

#[path = "support/numbers.rs"]
mod numbers;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use numbers::{Numbers, numbers};
use plywood::kernels::rule::Fused;
use plywood::layer::{Backward, Kept, Moment, Update};
use plywood::prelude::*;
use plywood::simd::{Job, Level, dispatch};
use plywood::team::Team;
use std::hint::black_box;
use std::time::Duration;

const BATCH: usize = 32;

/// A layer as a model, a batch, and the memory for its passes.
struct Bench<M> {
    model: Box<M>,
    x: Numbers,
    y: Numbers,
    dy: Numbers,
    dx: Numbers,
    cache: Numbers,
    scratch: Numbers,
    gradient: Numbers,
}

impl<M: Model<Element = f32>> Bench<M> {
    fn new() -> Self {
        let (width, out) = (M::InputShape::SIZE, M::OutputShape::SIZE);
        let mut x = numbers(BATCH, width);
        if let Some(count) = M::INDICES {
            for (i, x) in x.iter_mut().enumerate() {
                *x = (i * 7919 % count) as f32;
            }
        }
        // So small that the weights stay what they are.
        let mut dy = numbers(BATCH, out);
        dy.iter_mut().for_each(|dy| *dy *= 1e-20);
        Self {
            model: M::initialized(1),
            x,
            y: numbers(BATCH, out),
            dy,
            dx: numbers(BATCH, width),
            cache: numbers(1, BATCH * M::CACHE),
            scratch: numbers(1, M::BACKWARD_SCRATCH.max(BATCH * M::SCRATCH)),
            gradient: numbers(1, M::GRADIENT),
        }
    }
}

struct Inference<'a, M>(&'a mut Bench<M>);

impl<M: Model<Element = f32>> Job for Inference<'_, M> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Bench {
            model,
            x,
            y,
            scratch,
            ..
        } = self.0;
        let x = Rows::new(x, M::InputShape::SIZE);
        let y = RowsMut::new(y, M::OutputShape::SIZE);
        M::forward_inference(isa, model, x, y, &mut scratch[..BATCH * M::SCRATCH]);
    }
}

struct Training<'a, M>(&'a mut Bench<M>);

impl<M: Model<Element = f32>> Job for Training<'_, M> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Bench {
            model,
            x,
            y,
            dy,
            dx,
            cache,
            scratch,
            gradient,
        } = self.0;
        let (width, out) = (M::InputShape::SIZE, M::OutputShape::SIZE);
        let (x, cache) = (Rows::new(x, width), &mut cache[..BATCH * M::CACHE]);
        let moment = Moment::new(1, 1, Team::alone());
        M::forward_training(isa, model, x, RowsMut::new(y, out), cache, moment);
        let y = Rows::new(y, out);
        let pass = Backward {
            x,
            y,
            cache,
            dy: RowsMut::new(dy, out),
            dx: Some(RowsMut::new(dx, width)),
            picks: None,
            joint: false,
            dead_at_zero: false,
            prepared: &[],
            scratch: &mut scratch[..M::BACKWARD_SCRATCH],
            team: Team::alone(),
        };
        M::backward(isa, model, pass);
        let dz = Rows::new(dy, out);
        let picks = None;
        let kept = Kept {
            x,
            y,
            cache,
            dz,
            picks,
        };
        let rule = Fused::Add(plywood::kernels::rule::Add);
        let mut update = Update::new(Team::alone(), rule, &mut [], gradient);
        M::update(isa, model, kept, &mut update);
    }
}

fn measure<M: Model<Element = f32>>(c: &mut Criterion, name: &str) {
    let mut bench = Bench::<M>::new();
    let dims = |dims: &[usize]| dims.iter().map(ToString::to_string).collect::<Vec<_>>();
    let shape = dims(M::InputShape::DIMS).join("x");
    let mut group = c.benchmark_group(format!("{name} {shape}"));
    let widest = M::InputShape::SIZE.max(M::OutputShape::SIZE);
    group.throughput(Throughput::Elements((BATCH * widest) as u64));
    group.bench_function("inference", |b| {
        b.iter(|| dispatch(Inference(black_box(&mut bench))));
    });
    group.bench_function("training", |b| {
        b.iter(|| dispatch(Training(black_box(&mut bench))));
    });
    group.finish();
}

/// Measures one layer after another.
macro_rules! layers {
    ($($name:literal: $input:tt => $output:tt { $($layer:tt)* })*) => {
        fn layers(c: &mut Criterion) {
            println!("instruction set: {}", Level::current());
            $({
                sequential! { struct Net: $input => $output { $($layer)* } }
                measure::<Net>(c, $name);
            })*
        }
    };
}

layers! {
    "relu": [16, 28, 28] => [16, 28, 28] { Activation(relu) }
    "leaky_relu": [16, 28, 28] => [16, 28, 28] { LeakyReLU }
    "PReLU": [16, 28, 28] => [16, 28, 28] { PReLU(shared_axes = [2, 3]) }
    "sigmoid": [512] => [512] { Activation(sigmoid) }
    "tanh": [512] => [512] { Activation(tanh) }
    "gelu": [512] => [512] { Activation(gelu) }
    "silu": [512] => [512] { Activation(silu) }
    "softplus": [512] => [512] { Activation(softplus) }
    "elu": [512] => [512] { Activation(elu) }
    "selu": [512] => [512] { Activation(selu) }
    "softmax": [10] => [10] { Activation(softmax) }
    "softmax": [1000] => [1000] { Activation(softmax) }
    "Softmax": [16, 28, 28] => [16, 28, 28] { Softmax }
    "Dropout": [512] => [512] { Dropout(0.5) }
    "SpatialDropout2D": [16, 28, 28] => [16, 28, 28] { SpatialDropout2D(0.5) }
    "GaussianDropout": [512] => [512] { GaussianDropout(0.5) }
    "GaussianNoise": [512] => [512] { GaussianNoise(0.5) }
    "BatchNormalization": [128] => [128] { BatchNormalization }
    "BatchNormalization": [3, 28, 28] => [3, 28, 28] { BatchNormalization }
    "BatchNormalization": [16, 28, 28] => [16, 28, 28] { BatchNormalization }
    "BatchNormalization": [64, 28, 28] => [64, 28, 28] { BatchNormalization }
    "LayerNormalization": [128] => [128] { LayerNormalization }
    "LayerNormalization": [512] => [512] { LayerNormalization }
    "LayerNormalization": [128, 64] => [128, 64] { LayerNormalization }
    "LayerNormalization": [3, 28, 28] => [3, 28, 28] { LayerNormalization }
    "LayerNormalization": [16, 28, 28] => [16, 28, 28] { LayerNormalization }
    "LayerNormalization": [64, 28, 28] => [64, 28, 28] { LayerNormalization }
    "GroupNormalization(4)": [16, 28, 28] => [16, 28, 28] { GroupNormalization(4) }
    "GroupNormalization(1)": [16, 28, 28] => [16, 28, 28] { GroupNormalization(1) }
    "GroupNormalization(-1)": [16, 28, 28] => [16, 28, 28] { GroupNormalization(-1) }
    "RMSNormalization": [512] => [512] { RMSNormalization }
    "Normalization": [512] => [512] { Normalization }
    "MaxPooling2D": [16, 28, 28] => [16, 14, 14] { MaxPooling2D(2) }
    "AveragePooling2D": [16, 28, 28] => [16, 14, 14] { AveragePooling2D(2) }
    "GlobalMaxPooling2D": [64, 28, 28] => [64] { GlobalMaxPooling2D }
    "GlobalAveragePooling2D": [64, 28, 28] => [64] { GlobalAveragePooling2D }
    "UpSampling2D": [16, 14, 14] => [16, 28, 28] { UpSampling2D(2) }
    "UpSampling2D, bilinear": [16, 14, 14] => [16, 28, 28] { UpSampling2D(2, bilinear) }
    "ZeroPadding2D": [16, 28, 28] => [16, 30, 30] { ZeroPadding2D(1) }
    "Cropping2D": [16, 28, 28] => [16, 26, 26] { Cropping2D(1) }
    "Conv1D": [128, 64] => [126, 64] { Conv1D(64, 3) }
    "Conv2DTranspose": [16, 14, 14] => [16, 28, 28] { Conv2DTranspose(16, 3, strides = 2, padding = same) }
    "DepthwiseConv2D": [16, 28, 28] => [16, 28, 28] { DepthwiseConv2D(3, padding = same) }
    "DepthwiseConv2D": [64, 28, 28] => [64, 28, 28] { DepthwiseConv2D(3, padding = same) }
    "SeparableConv2D": [16, 28, 28] => [16, 28, 28] { SeparableConv2D(16, 3, padding = same) }
    "Embedding": [128] => [128, 64] { Embedding(1000, 64) }
    "Permute": [64, 28, 28] => [28, 28, 64] { Permute([2, 3, 1]) }
    "Permute": [128, 64] => [64, 128] { Permute([2, 1]) }
    "Flatten": [16, 28, 28] => [12544] { Flatten }
    "RepeatVector": [64] => [128, 64] { RepeatVector(128) }
    "Concatenate": [16, 28, 28] => [32, 28, 28] { Concatenate([Activation(relu)], [Activation(relu)]) }
    "Add": [16, 28, 28] => [16, 28, 28] { Add([Activation(relu)], [Activation(relu)]) }
    "Residual": [16, 28, 28] => [16, 28, 28] { Residual(Activation(relu)) }
}

criterion_group! {
    name = all;
    config = Criterion::default()
        .without_plots()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    targets = layers
}
criterion_main!(all);
