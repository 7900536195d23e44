//! Plywood.

use crate::jobs::{self, Job, Work, calls, rate};
use ::plywood::prelude::*;
use std::hint::black_box;

sequential! {
    struct Fashion<T>: [784] => [10] {
        Dense(128, relu),
        Dense(256, relu),
        Dense(512, relu),
        Dense(10, softmax),
    }
}
sequential! {
    struct Cnn: [784] => [10] {
        Reshape([1, 28, 28]),
        Conv2D(8, 3, activation = relu),
        MaxPooling2D(2),
        Conv2D(16, 3, activation = relu),
        MaxPooling2D(2),
        Flatten,
        Dense(10, softmax),
    }
}
sequential! { struct Tiny: [4] => [1] { Dense(16, tanh), Dense(16, tanh), Dense(1) } }
sequential! { struct Small: [64] => [8] { Dense(64, relu), Dense(64, relu), Dense(8) } }
sequential! { struct Line: [2] => [1] { Dense(1) } }
sequential! { struct Logistic: [1] => [1] { Dense(1, sigmoid) } }

/// Epochs of the small ones in a fit, so that what a fit begins with counts for nothing.
const EPOCHS: usize = 20;

pub fn work(job: Job) -> Option<Work> {
    Some(match job {
        Job::Train { batch, threads } => {
            let (x, y) = jobs::images::<f32>();
            let mut model = Fashion::<f32>::new(1);
            Work::new(x.len(), move || {
                let mut training =
                    model.compile(Sgd::new(rate(batch)), SparseCategoricalCrossentropy);
                let settings = fit(batch).threads(threads);
                training.fit(&x, &y, settings).unwrap().loss[0]
            })
        }
        Job::TrainF64 { batch } => {
            let (x, y) = jobs::images::<f64>();
            let mut model = Fashion::<f64>::new(1);
            Work::new(x.len(), move || {
                let mut training =
                    model.compile(Sgd::new(rate(batch)), SparseCategoricalCrossentropy);
                training.fit(&x, &y, fit(batch)).unwrap().loss[0]
            })
        }
        Job::PredictMany => {
            let model = Fashion::<f32>::new(1);
            let images = jobs::images().0[..256].to_vec();
            Work::new(256, move || {
                black_box(model.predict_batch(&images));
                0.0
            })
        }
        Job::PredictOne { zeros } => {
            let model = Fashion::<f32>::new(1);
            calls(jobs::some_images(zeros), move |x| model.predict(x))
        }
        Job::Tiny => {
            let model = Tiny::new(1);
            calls(jobs::inputs(), move |x| model.predict(x))
        }
        Job::Small => {
            let model = Small::new(1);
            calls(jobs::inputs(), move |x| model.predict(x))
        }
        Job::Cnn { threads } => {
            let (x, y) = jobs::images::<f32>();
            let mut model = Cnn::new(1);
            Work::new(x.len(), move || {
                let sgd = Sgd::new(rate(jobs::CNN_BATCH));
                let mut training = model.compile(sgd, SparseCategoricalCrossentropy);
                let settings = fit(jobs::CNN_BATCH).threads(threads);
                training.fit(&x, &y, settings).unwrap().loss[0]
            })
        }
        Job::PredictCnn => {
            let model = Cnn::new(1);
            calls(jobs::some_images(true), move |x| model.predict(x))
        }
        Job::Line => {
            let (x, y) = jobs::line();
            let mut model = Line::new(1);
            Work::new(EPOCHS * x.len() / 2, move || {
                let mut training = model.compile(Sgd::new(rate(2)), MeanSquaredError);
                training.fit(&x, &y, fit(2).epochs(EPOCHS)).unwrap().loss[0]
            })
        }
        Job::Logistic => {
            let (x, y) = jobs::logistic();
            let mut model = Logistic::new(1);
            Work::new(EPOCHS * x.len(), move || {
                let mut training = model.compile(Sgd::new(rate(1)), BinaryCrossentropy);
                training.fit(&x, &y, fit(1).epochs(EPOCHS)).unwrap().loss[0]
            })
        }
    })
}

fn fit<X, Y>(batch: usize) -> Fit<'static, X, Y> {
    Fit::new().batch_size(batch).verbose(Verbose::Silent)
}
