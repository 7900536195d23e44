//! Burn, on its backends Flex (its current one for CPUs) and NdArray.

use crate::jobs::{self, FASHION, Job, SMALL, TINY, Work, calls, epochs, rate};
use ::burn::module::Param;
use ::burn::nn::conv::{Conv2d, Conv2dConfig};
use ::burn::nn::loss::{BinaryCrossEntropyLossConfig, CrossEntropyLossConfig, MseLoss, Reduction};
use ::burn::nn::pool::MaxPool2dConfig;
use ::burn::nn::{Linear, LinearConfig};
use ::burn::optim::{GradientsParams, SgdConfig};
use ::burn::tensor::activation::{relu, softmax};
use ::burn::tensor::{DType, Device, Element, Int, Tensor, TensorData};
use std::hint::black_box;

pub fn flex(job: Job) -> Option<Work> {
    work(job, Device::flex())
}

#[allow(deprecated)] // the backend is on its way out, but not always slower
pub fn ndarray(job: Job) -> Option<Work> {
    work(job, Device::ndarray())
}

fn work(job: Job, device: Device) -> Option<Work> {
    Some(match job {
        Job::Train { batch, threads: 1 } => {
            let device = device.autodiff();
            let net = Net::new(&FASHION, relu, DType::F32, &device);
            classify(net, jobs::images::<f32>(), batch, device)
        }
        Job::TrainF64 { batch } => {
            let device = device.autodiff();
            let net = Net::new(&FASHION, relu, DType::F64, &device);
            classify(net, jobs::images::<f64>(), batch, device)
        }
        Job::Cnn { threads: 1 } => {
            let device = device.autodiff();
            classify(Net::convolutional(&device), jobs::images::<f32>(), jobs::CNN_BATCH, device)
        }
        Job::PredictCnn => {
            let net = Net::convolutional(&device);
            calls(jobs::some_images(true), move |x| net.predict(x, 1, true, &device))
        }
        Job::Train { .. } | Job::Cnn { .. } => return None,
        Job::PredictMany => {
            let net = Net::new(&FASHION, relu, DType::F32, &device);
            let images = jobs::images::<f32>().0[..256].to_vec();
            Work::new(256, move || {
                black_box(net.predict(images.as_flattened(), 256, true, &device));
                0.0
            })
        }
        Job::PredictOne { zeros } => {
            let net = Net::new(&FASHION, relu, DType::F32, &device);
            calls(jobs::some_images(zeros), move |x| net.predict(x, 1, true, &device))
        }
        Job::Tiny => {
            let net = Net::new(&TINY, Tensor::tanh, DType::F32, &device);
            calls(jobs::inputs::<4>(), move |x| net.predict(x, 1, false, &device))
        }
        Job::Small => {
            let net = Net::new(&SMALL, relu, DType::F32, &device);
            calls(jobs::inputs::<64>(), move |x| net.predict(x, 1, false, &device))
        }
        Job::Line => {
            let (x, y) = jobs::line();
            let y = y.into_iter().flatten().collect();
            let device = device.autodiff();
            let net = Net::new(&[2, 1], relu, DType::F32, &device);
            train(net, (x, y), 2, device, move |out, y: Vec<f32>| {
                let y = Tensor::<1>::from_floats(y.as_slice(), &out.device()).unsqueeze_dim(1);
                MseLoss::new().forward(out, y, Reduction::Mean)
            })
        }
        Job::Logistic => {
            let (x, y) = jobs::logistic();
            let y = y.into_iter().map(|y| y[0] as i64).collect();
            let loss = BinaryCrossEntropyLossConfig::new().with_logits(true).init(&device);
            let device = device.autodiff();
            let net = Net::new(&[1, 1], relu, DType::F32, &device);
            train(net, (x, y), 1, device, move |out, y: Vec<i64>| {
                let y = Tensor::<1, Int>::from_ints(y.as_slice(), &out.device());
                loss.forward(out, y.unsqueeze_dim(1))
            })
        }
    })
}

fn classify<T: Element>(
    net: Net,
    (x, labels): (Vec<[T; 784]>, Vec<u8>),
    batch: usize,
    device: Device,
) -> Work {
    let labels = labels.into_iter().map(i64::from).collect();
    let loss = CrossEntropyLossConfig::new().init(&device);
    train(net, (x, labels), batch, device, move |out, y: Vec<i64>| {
        let y = Tensor::<1, Int>::from_ints(y.as_slice(), &out.device());
        loss.forward(out, y)
    })
}

fn train<const W: usize, T: Element, Y: Copy + 'static>(
    mut net: Net,
    set: (Vec<[T; W]>, Vec<Y>),
    batch: usize,
    device: Device,
    loss: impl Fn(Tensor<2>, Vec<Y>) -> Tensor<1> + 'static,
) -> Work {
    let mut sgd = SgdConfig::new().init();
    epochs(set, batch, move |x, y| {
        let x = TensorData::new(x, [y.len(), W]);
        let x = Tensor::from_data(x, (&device, T::dtype()));
        let loss = loss(net.forward(x), y);
        let grads = GradientsParams::from_grads(loss.backward(), &net.layers);
        let layers = std::mem::take(&mut net.layers);
        net.layers = sgd.step(rate(batch), layers, grads);
        loss.into_scalar()
    })
}

struct Net {
    /// Convolutions, behind each of which the largest of every four numbers goes on; then dense layers.
    layers: (Vec<Conv2d>, Vec<Linear>),
    activation: fn(Tensor<2>) -> Tensor<2>,
}

impl Net {
    fn new(
        widths: &[usize],
        activation: fn(Tensor<2>) -> Tensor<2>,
        dtype: DType,
        device: &Device,
    ) -> Self {
        let layer = |pair: &[usize]| {
            let Linear { weight, bias } = LinearConfig::new(pair[0], pair[1]).init(device);
            Linear {
                weight: Param::from_tensor(weight.val().cast(dtype).detach()),
                bias: bias.map(|bias| Param::from_tensor(bias.val().cast(dtype).detach())),
            }
        };
        let layers = (Vec::new(), widths.windows(2).map(layer).collect());
        Self { layers, activation }
    }

    /// The small convolutional network.
    fn convolutional(device: &Device) -> Self {
        let mut net = Self::new(&[16 * 5 * 5, 10], relu, DType::F32, device);
        let convolutions = [[1, 8], [8, 16]].map(|c| Conv2dConfig::new(c, [3, 3]).init(device));
        net.layers.0.extend(convolutions);
        net
    }

    fn forward(&self, mut x: Tensor<2>) -> Tensor<2> {
        let (convolutions, dense) = &self.layers;
        if !convolutions.is_empty() {
            let pool = MaxPool2dConfig::new([2, 2]).init();
            let mut image = x.reshape([-1, 1, 28, 28]);
            for convolution in convolutions {
                image = relu(convolution.forward(image));
                image = pool.forward(image);
            }
            x = image.flatten(1, 3);
        }
        for (i, layer) in dense.iter().enumerate() {
            if i > 0 {
                x = (self.activation)(x);
            }
            x = layer.forward(x);
        }
        x
    }

    fn predict(&self, x: &[f32], batch: usize, probabilities: bool, device: &Device) -> Vec<f32> {
        let x = TensorData::new(x.to_vec(), [batch, x.len() / batch]);
        let mut y = self.forward(Tensor::from_data(x, device));
        if probabilities {
            y = softmax(y, 1);
        }
        y.into_data().try_into_vec().unwrap()
    }
}
