//! dfdx, on its own kernels for the CPU.

use crate::jobs::{self, Job, Work, calls, epochs, rate};
use ::dfdx::optim::Sgd;
use ::dfdx::prelude::*;
use cross_entropy_with_logits_loss as cross_entropy;
use std::hint::black_box;

type Fashion =
    ((Linear<784, 128>, ReLU), (Linear<128, 256>, ReLU), (Linear<256, 512>, ReLU), Linear<512, 10>);
type Tiny = ((Linear<4, 16>, Tanh), (Linear<16, 16>, Tanh), Linear<16, 1>);
type Small = ((Linear<64, 64>, ReLU), (Linear<64, 64>, ReLU), Linear<64, 8>);

/// Epochs of `$model`; `$y` makes a row of targets.
macro_rules! train {
    ($model:ty, $t:ty, [$in:literal => $out:literal], $set:expr, $batch:expr, $y:expr, $loss:expr) => {{
        let dev = Cpu::default();
        let mut model = dev.build_module::<$model, $t>();
        let mut sgd = Sgd::new(&model, SgdConfig { lr: rate($batch), ..Default::default() });
        let mut free = Some(model.alloc_grads());
        epochs($set, $batch, move |x, y| {
            let rows = y.len();
            let y: Vec<[$t; $out]> = y.into_iter().map($y).collect();
            let x = dev.tensor_from_vec(x, (rows, Const::<$in>));
            let y = dev.tensor_from_vec(y.concat(), (rows, Const::<$out>));
            let out = model.forward_mut(x.traced(free.take().unwrap()));
            let loss = $loss(out, y);
            let value = loss.array();
            let mut grads = loss.backward();
            sgd.update(&mut model, &grads).unwrap();
            model.zero_grads(&mut grads);
            free = Some(grads);
            f64::from(value)
        })
    }};
}

/// Numbers in, numbers out.
macro_rules! predict {
    ($model:ty, $width:literal, $batch:literal, $last:expr) => {{
        let dev = Cpu::default();
        let model = dev.build_module::<$model, f32>();
        move |x: &[f32]| {
            let x = dev.tensor_from_vec(x.to_vec(), (Const::<$batch>, Const::<$width>));
            $last(model.forward(x)).as_vec()
        }
    }};
}

pub fn work(job: Job) -> Option<Work> {
    Some(match job {
        Job::Train { batch, threads: 1 } => {
            train!(Fashion, f32, [784 => 10], jobs::images(), batch, one_hot, cross_entropy)
        }
        Job::TrainF64 { batch } => {
            train!(Fashion, f64, [784 => 10], jobs::images(), batch, one_hot, cross_entropy)
        }
        Job::Train { .. } | Job::Cnn { .. } | Job::PredictCnn => return None,
        Job::PredictMany => {
            let images = jobs::images::<f32>().0[..256].to_vec();
            let predict = predict!(Fashion, 784, 256, |y: Tensor<_, _, _>| y.softmax::<Axis<1>>());
            Work::new(256, move || {
                black_box(predict(images.as_flattened()));
                0.0
            })
        }
        Job::PredictOne { zeros } => {
            let predict = predict!(Fashion, 784, 1, |y: Tensor<_, _, _>| y.softmax::<Axis<1>>());
            calls(jobs::some_images(zeros), move |x| predict(x))
        }
        Job::Tiny => {
            let predict = predict!(Tiny, 4, 1, |y| y);
            calls(jobs::inputs::<4>(), move |x| predict(x))
        }
        Job::Small => {
            let predict = predict!(Small, 64, 1, |y| y);
            calls(jobs::inputs::<64>(), move |x| predict(x))
        }
        Job::Line => train!(Linear<2, 1>, f32, [2 => 1], jobs::line(), 2, |y| y, mse_loss),
        Job::Logistic => {
            let bce = binary_cross_entropy_with_logits_loss;
            train!(Linear<1, 1>, f32, [1 => 1], jobs::logistic(), 1, |y| y, bce)
        }
    })
}

fn one_hot<T: From<f32>>(label: u8) -> [T; 10] {
    std::array::from_fn(|i| T::from(f32::from(i == usize::from(label))))
}
