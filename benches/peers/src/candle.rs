//! Candle, on its own kernels for the CPU.

use crate::jobs::{self, FASHION, Job, SMALL, TINY, Work, calls, epochs, rate};
use candle_core::{DType, Device, Module, Result, Tensor, WithDType};
use candle_nn::{Optimizer, SGD, Sequential, VarBuilder, VarMap, conv2d, linear, loss, ops, seq};
use std::hint::black_box;

pub fn work(job: Job) -> Option<Work> {
    job_of(job).unwrap()
}

fn job_of(job: Job) -> Result<Option<Work>> {
    Ok(Some(match job {
        Job::Train { batch, threads: 1 } => {
            train(net(&FASHION, Tensor::relu, DType::F32)?, jobs::images::<f32>(), batch)?
        }
        Job::TrainF64 { batch } => {
            train(net(&FASHION, Tensor::relu, DType::F64)?, jobs::images::<f64>(), batch)?
        }
        Job::Cnn { threads: 1 } => train(cnn()?, jobs::images::<f32>(), jobs::CNN_BATCH)?,
        Job::PredictCnn => {
            let (_, net) = cnn()?;
            calls(jobs::some_images(true), move |x| predict(&net, x, 1, true))
        }
        Job::Train { .. } | Job::Cnn { .. } => return Ok(None),
        Job::PredictMany => {
            let (_, net) = net(&FASHION, Tensor::relu, DType::F32)?;
            let images = jobs::images::<f32>().0[..256].to_vec();
            Work::new(256, move || {
                black_box(predict(&net, images.as_flattened(), 256, true).unwrap());
                0.0
            })
        }
        Job::PredictOne { zeros } => {
            let (_, net) = net(&FASHION, Tensor::relu, DType::F32)?;
            calls(jobs::some_images(zeros), move |x| predict(&net, x, 1, true))
        }
        Job::Tiny => {
            let (_, net) = net(&TINY, Tensor::tanh, DType::F32)?;
            calls(jobs::inputs::<4>(), move |x| predict(&net, x, 1, false))
        }
        Job::Small => {
            let (_, net) = net(&SMALL, Tensor::relu, DType::F32)?;
            calls(jobs::inputs::<64>(), move |x| predict(&net, x, 1, false))
        }
        Job::Line => point(jobs::line(), 2, loss::mse)?,
        Job::Logistic => point(jobs::logistic(), 1, loss::binary_cross_entropy_with_logit)?,
    }))
}

type Activation = fn(&Tensor) -> Result<Tensor>;

fn net(widths: &[usize], activation: Activation, dtype: DType) -> Result<(VarMap, Sequential)> {
    let vars = VarMap::new();
    let builder = VarBuilder::from_varmap(&vars, dtype, &Device::Cpu);
    let mut net = seq();
    for (i, pair) in widths.windows(2).enumerate() {
        if i > 0 {
            net = net.add_fn(activation);
        }
        net = net.add(linear(pair[0], pair[1], builder.pp(i))?);
    }
    Ok((vars, net))
}

/// The small convolutional network.
fn cnn() -> Result<(VarMap, Sequential)> {
    let vars = VarMap::new();
    let builder = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
    let pool = |x: &Tensor| x.relu()?.max_pool2d(2);
    let net = seq()
        .add_fn(|x| x.reshape(((), 1, 28, 28)))
        .add(conv2d(1, 8, 3, Default::default(), builder.pp("first"))?)
        .add_fn(pool)
        .add(conv2d(8, 16, 3, Default::default(), builder.pp("second"))?)
        .add_fn(pool)
        .add_fn(|x| x.flatten_from(1))
        .add(linear(16 * 5 * 5, 10, builder.pp("last"))?);
    Ok((vars, net))
}

fn train<T: WithDType>(
    (vars, net): (VarMap, Sequential),
    images: (Vec<[T; 784]>, Vec<u8>),
    batch: usize,
) -> Result<Work> {
    let mut sgd = SGD::new(vars.all_vars(), rate(batch))?;
    let mut step = move |x, labels: Vec<u8>| {
        let x = Tensor::from_vec(x, (labels.len(), 784), &Device::Cpu)?;
        let y = Tensor::from_vec(labels, (x.dim(0)?,), &Device::Cpu)?;
        let loss = loss::cross_entropy(&net.forward(&x)?, &y)?;
        sgd.backward_step(&loss)?;
        Ok::<_, candle_core::Error>(loss.to_scalar::<T>()?.to_f64())
    };
    Ok(epochs(images, batch, move |x, labels| step(x, labels).unwrap()))
}

/// Regression with one unit.
fn point<const W: usize>(
    points: (Vec<[f32; W]>, Vec<[f32; 1]>),
    batch: usize,
    loss: fn(&Tensor, &Tensor) -> Result<Tensor>,
) -> Result<Work> {
    let (vars, net) = net(&[W, 1], Tensor::relu, DType::F32)?;
    let mut sgd = SGD::new(vars.all_vars(), rate(batch))?;
    let mut step = move |x, y: Vec<[f32; 1]>| {
        let x = Tensor::from_vec(x, (batch, W), &Device::Cpu)?;
        let y = Tensor::from_slice(y.as_flattened(), (batch, 1), &Device::Cpu)?;
        let loss = loss(&net.forward(&x)?, &y)?;
        sgd.backward_step(&loss)?;
        Ok::<_, candle_core::Error>(f64::from(loss.to_scalar::<f32>()?))
    };
    Ok(epochs(points, batch, move |x, y| step(x, y).unwrap()))
}

fn predict(net: &Sequential, x: &[f32], batch: usize, softmax: bool) -> Result<Vec<f32>> {
    let x = Tensor::from_slice(x, (batch, x.len() / batch), &Device::Cpu)?;
    let mut y = net.forward(&x)?;
    if softmax {
        y = ops::softmax_last_dim(&y)?;
    }
    y.flatten_all()?.to_vec1()
}
