//! What every layer keeps to, checked over the samples in its file.

pub mod onnx;

use crate::cast::Plain;
use crate::layer::Model;
use crate::random::Stream;
use alloc::vec::Vec;
use bytemuck::Zeroable;

/// Checks a model of the given layers.
macro_rules! contract {
    ($input:tt => $output:tt { $($layers:tt)* }) => {{
        #[allow(unused_imports)] // layers of one's own need none of them
        use $crate::prelude::*;
        $crate::sequential! {
            struct Sample<T>: $input => $output { $($layers)* }
        }
        $crate::contract::check::<Sample<f64>>(stringify!($($layers)*));
    }};
}
pub(crate) use contract;

/// Inputs away from the kinks of all activations.
fn inputs<M: Model<Element = f64>>(count: usize, seed: u64) -> Vec<M::Input> {
    let mut random = Stream::new(seed);
    (0..count)
        .map(|_| {
            let mut x = M::Input::zeroed();
            for x in x.numbers_mut() {
                *x = loop {
                    let x = 2.0 * random.normal();
                    if (0.001..2.99).contains(&x.abs()) || x.abs() > 3.01 {
                        break x;
                    }
                };
            }
            x
        })
        .collect()
}

pub fn check<M: Model<Element = f64>>(layers: &str) {
    if onnx::take::<M>(layers) {
        return;
    }
    for seed in 0..4 {
        let mut model = M::initialized(seed);
        for rows in [1, 3] {
            let x = inputs::<M>(rows, seed);
            if let Err(wrong) = crate::gradients::check(&mut *model, &x) {
                panic!("{layers}: {wrong}");
            }
        }
        let x = inputs::<M>(70, seed);
        let together = model.predict_all(&x, 1);
        for (x, together) in x.iter().zip(&together) {
            let alone = model.predict_one(x);
            assert_eq!(alone.numbers(), together.numbers(), "{layers}");
        }
        let weights = crate::training::get_weights(&*model);
        let mut other = M::initialized(seed + 1);
        crate::training::set_weights(&mut *other, &weights).unwrap();
        assert_eq!(crate::training::get_weights(&*other), weights, "{layers}");
    }
}
