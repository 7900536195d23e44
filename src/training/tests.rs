//! Fits on teams of any size. (The rest of training is tested from outside, in `tests/`.)

use super::fit::HeldOut;
use super::get_weights;
use super::lap::InMemory;
use crate::optimizers::Optimizer;
use crate::prelude::*;
use crate::random::Stream;
use crate::team::with_team;
use alloc::vec::Vec;

crate::sequential! {
    /// A model inside the other one.
    struct Inner: [200] => [100] { Dense(150, gelu), Dropout(0.2), Dense(100, tanh) }
}
crate::sequential! {
    /// Layers large enough to be shared, and some that are not.
    struct Net: [10, 20] => [10] {
        Flatten, Dense(200, relu), Dropout(0.1), Inner, Dense(96), Activation(silu), Dense(10, softmax),
    }
}

/// The weights and the history after two epochs on a team.
fn trained<O: Optimizer>(members: usize, optimizer: O) -> (Vec<NamedWeight<f32>>, Vec<f64>) {
    let mut random = Stream::new(3);
    let count = 300;
    let x: Vec<[[f32; 20]; 10]> = (0..count)
        .map(|_| [(); 10].map(|()| [(); 20].map(|()| random.normal() as f32)))
        .collect();
    let y: Vec<u8> = (0..count).map(|i| (i % 10) as u8).collect();
    let mut model = Net::new(1);
    let mut training = model.compile(optimizer, SparseCategoricalCrossentropy);
    let list: Vec<u32> = (0..260).collect();
    let held_out: Vec<u32> = (260..300).collect();
    // The last batch of an epoch has 4 samples.
    let settings = Fit::new().epochs(2).verbose(Verbose::Silent);
    let mut laps = InMemory::new((&x, &y), None, &list, 128, Some(0));
    let held_out = HeldOut {
        x: &x[..],
        y: &y[..],
        list: Some(&held_out),
    };
    let history = with_team(members, |team| {
        training.fit_laps(team, &mut laps, held_out, settings)
    })
    .unwrap();
    let losses = [history.loss, history.val_loss].concat();
    (get_weights(&*model), losses)
}

#[test]
fn any_team_gives_the_same_bits() {
    let sgd = trained(1, Sgd::new(0.05));
    let adam = trained(1, Adam::new(0.001));
    let momentum = trained(1, Sgd::new(0.01).momentum(0.9));
    for members in 2..=16 {
        assert!(trained(members, Sgd::new(0.05)) == sgd, "{members}");
    }
    for members in [2, 3, 16] {
        assert!(trained(members, Adam::new(0.001)) == adam, "{members}");
        let last = trained(members, Sgd::new(0.01).momentum(0.9));
        assert!(last == momentum, "{members}");
    }
}

#[test]
fn predictions_have_the_same_bits_on_two_threads() {
    let mut random = Stream::new(4);
    let x: Vec<[[f32; 20]; 10]> = (0..300)
        .map(|_| [(); 10].map(|()| [(); 20].map(|()| random.normal() as f32)))
        .collect();
    let model = Net::new(1);
    let alone = model.predict_batch(&x);
    assert!(model.predict_batch_threads(&x, 2) == alone);
    assert!(x.iter().zip(alone).all(|(x, y)| model.predict(x) == y));
}
