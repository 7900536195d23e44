//! What every layer keeps to, checked over the samples in its file.

pub mod onnx;

use crate::cast::Plain;
use crate::files;
use crate::layer::Model;
use crate::math::Real;
use crate::random::Stream;
use crate::training::{get_weights, set_weights};
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
        $crate::contract::travels::<Sample<f32>>(stringify!($($layers)*));
        $crate::contract::travels::<Sample<f64>>(stringify!($($layers)*));
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
        let weights = get_weights(&*model);
        let mut other = M::initialized(seed + 1);
        set_weights(&mut *other, &weights).unwrap();
        assert_eq!(get_weights(&*other), weights, "{layers}");
    }
}

/// Weights of any value come back from every format with all their bits, statistics among them.
pub fn travels<M: Model>(layers: &str) {
    let mut model = M::initialized(1);
    let mut weights = get_weights(&*model);
    let mut random = Stream::new(2);
    for value in weights.iter_mut().flat_map(|weight| &mut weight.values) {
        *value = M::Element::of(random.normal());
    }
    set_weights(&mut *model, &weights).unwrap();

    let mut other = M::initialized(2);
    let bytes = files::weights_to_bytes(&*model);
    files::weights_from_bytes(&mut *other, &bytes).unwrap();
    assert_eq!(get_weights(&*other), weights, "{layers}");
    #[cfg(feature = "npz")]
    {
        use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = (std::process::id(), COUNT.fetch_add(1, Relaxed));
        let name = std::format!("plywood-contract-{}-{}.npz", number.0, number.1);
        let path = std::env::temp_dir().join(name);
        files::save_weights(&*model, &path).unwrap();
        let mut other = M::initialized(3);
        files::load_weights(&mut *other, &path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(get_weights(&*other), weights, "{layers} as npz");
    }
}
