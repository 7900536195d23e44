//! Fits on teams of any size. (The rest of training is tested from outside, in `tests/`.)

use super::fit::HeldOut;
use super::get_weights;
use super::lap::{InMemory, Lap};
use super::weights::save;
use crate::kernels::rule::{Add, Fused};
use crate::layer::{Backward, Model, Moment, Update};
use crate::math::Real;
use crate::optimizers::Optimizer;
use crate::prelude::*;
use crate::random::Stream;
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Shape;
use crate::simd::{Isa, Job, Level, dispatch_on};
use crate::team::{Pace, Team, with_team};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use num_traits::Zero;

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

crate::sequential! {
    /// Rows that do not depend on each other in any layer: each thread takes its own through all of them.
    struct Rowwise: [10, 20] => [10] {
        Flatten, Dense(200, gelu), Dropout(0.1), LayerNormalization, Dense(96), Activation(silu), Reshape([96]),
        Dense(96, relu, use_bias = false), Dense(10, softmax),
    }
}

/// The weights and the histories of both models after two epochs on a team.
fn trained<O: Optimizer + Clone>(
    members: usize,
    optimizer: O,
) -> (Vec<NamedWeight<f32>>, Vec<f64>) {
    trained_but(members, optimizer, &[])
}

/// The same, some layers of the first one being frozen.
fn trained_but<O: Optimizer + Clone>(
    members: usize,
    optimizer: O,
    frozen: &[&str],
) -> (Vec<NamedWeight<f32>>, Vec<f64>) {
    let mut random = Stream::new(3);
    let count = 300;
    let x: Vec<[[f32; 20]; 10]> = (0..count)
        .map(|_| [(); 10].map(|()| [(); 20].map(|()| random.normal() as f32)))
        .collect();
    let y: Vec<u8> = (0..count).map(|i| (i % 10) as u8).collect();
    let list: Vec<u32> = (0..260).collect();
    let held_out: Vec<u32> = (260..300).collect();
    let (mut weights, mut losses) = (Vec::new(), Vec::new());
    macro_rules! train {
        ($model:ident, $frozen:expr) => {
            let mut model = $model::new(1);
            let mut training = model.compile(optimizer.clone(), SparseCategoricalCrossentropy);
            training.pace = Pace::together();
            for layer in $frozen {
                training = training.freeze(layer).unwrap();
            }
            // A batch of 124 is not whole blocks, and the last one of an epoch has 12 samples.
            let settings = Fit::new().epochs(2).verbose(Verbose::Silent);
            let mut laps = InMemory::new(Lap::new((&x, &y), &list, 124), Some(0));
            let held_out = HeldOut {
                x: &x[..],
                y: &y[..],
                list: Some(&held_out),
            };
            let history = with_team(members, |team| {
                training.fit_laps(team, &mut laps, held_out, settings, None)
            })
            .unwrap();
            losses.extend([history.loss, history.val_loss].concat());
            weights.extend(get_weights(&*model));
        };
    }
    train!(Net, frozen);
    train!(Rowwise, [""; 0]);
    (weights, losses)
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

/// The same bits for teams of these sizes.
macro_rules! on_teams {
    ($members:expr; $($optimizer:expr, $frozen:expr;)*) => { $(
        let alone = trained_but(1, $optimizer, &$frozen);
        for members in $members {
            let found = trained_but(members, $optimizer, &$frozen);
            assert!(found == alone, "{}, {members}", stringify!($optimizer));
        }
    )* };
}

#[test]
fn any_team_gives_the_same_bits_with_every_rule() {
    on_teams! { [16];
        RmsProp::new(0.001).momentum(0.5), [];
        Adagrad::new(0.01), [];
        Adadelta::new(1.0), [];
        Adamax::new(0.001), [];
        Nadam::new(0.001), [];
        Lion::new(1e-4), [];
    }
}

#[test]
fn any_team_gives_the_same_bits_where_gradients_are_stored() {
    let sgd = || Sgd::new(ExponentialDecay::new(0.05, 3, 0.9)).momentum(0.9);
    on_teams! { [2, 16];
        sgd().clipvalue(1e-3), [];
        sgd().clipnorm(0.05), [];
        Adam::new(0.001).global_clipnorm(0.05), [];
        sgd().global_clipnorm(0.05).use_ema(true).gradient_accumulation_steps(2), ["inner/dense"];
    }
}

#[test]
fn frozen_layers_stay_as_they_are() {
    let start = get_weights(&*Net::new(1));
    let optimizer = || AdamW::new(0.01).weight_decay(0.1).use_ema(true);
    for frozen in ["inner", "inner/dense_1", "dense"] {
        let (weights, _) = trained_but(1, optimizer(), &[frozen]);
        for (before, after) in start.iter().zip(&weights) {
            let is_inside = before.name.starts_with(&[frozen, "/"].concat());
            assert_eq!(before == after, is_inside, "{frozen}: {}", before.name);
        }
    }
}

#[test]
fn a_layer_that_is_not_there_cannot_be_frozen() {
    let mut model = Net::new(1);
    for name in [
        "dense_9",
        "inner/flatten",
        "dens",
        "",
        "inner/",
        "dense/kernel",
    ] {
        let training = model.compile(Sgd::new(0.1), SparseCategoricalCrossentropy);
        let error = training.freeze(name).err().unwrap();
        let text = alloc::format!(
            "the model has no layer `{name}`: it has `flatten`, `dense`, `dropout`, `inner`, \
             `inner/dense`, `inner/dropout`, `inner/dense_1`, `dense_1`, `activation`, `dense_2`"
        );
        assert_eq!(alloc::string::ToString::to_string(&error), text);
    }
}

/// Freezing changes the way of an update, but not its state: what is not frozen goes on.
#[test]
fn both_ways_of_an_update_share_their_state() {
    let mut random = Stream::new(3);
    let x: Vec<[[f32; 20]; 10]> = (0..8)
        .map(|_| [(); 10].map(|()| [(); 20].map(|()| random.normal() as f32)))
        .collect();
    let y: Vec<u8> = (0..8).collect();
    let run = |freeze: bool| {
        let loss = SparseCategoricalCrossentropy;
        let mut training = Training::new(Net::new(1), Adam::new(0.01), loss);
        training.train_on_batch(&x, &y).unwrap();
        if freeze {
            training = training.freeze("activation").unwrap();
        }
        training.train_on_batch(&x, &y).unwrap();
        training.into_model().get_weights()
    };
    assert!(run(true) == run(false));
}

crate::sequential! {
    /// Kernels of convolutions, whose gradients are found row by row.
    struct Images: [2, 9, 9] => [3] {
        Conv2D(16, 3, activation = relu), Residual(Conv2D(16, 3, padding = same, activation = tanh)),
        Conv2D(5, 2, strides = 2), Flatten, Dense(3, softmax),
    }
}

/// The weights of the images' model after two epochs.
fn trained_on_images<O: Optimizer>(
    members: usize,
    optimizer: O,
    frozen: &[&str],
) -> Vec<NamedWeight<f32>> {
    let mut random = Stream::new(3);
    let mut image = || [(); 2].map(|()| [(); 9].map(|()| [(); 9].map(|()| random.normal() as f32)));
    let x: Vec<_> = (0..40).map(|_| image()).collect();
    let y: Vec<u8> = (0..40).map(|i| i % 3).collect();
    let mut training = Training::new(Images::new(1), optimizer, SparseCategoricalCrossentropy);
    training.pace = Pace::together();
    for layer in frozen {
        training = training.freeze(layer).unwrap();
    }
    let list: Vec<u32> = (0..40).collect();
    let settings = Fit::new().epochs(2).verbose(Verbose::Silent);
    let mut laps = InMemory::new(Lap::new((&x, &y), &list, 16), Some(0));
    let held_out = HeldOut {
        x: &x[..0],
        y: &y[..0],
        list: None,
    };
    with_team(members, |team| {
        training.fit_laps(team, &mut laps, held_out, settings, None)
    })
    .unwrap();
    training.model().get_weights()
}

/// What is stored first and left as it is has the bits of what is not stored.
#[test]
fn stored_gradients_of_convolutions_are_those_that_are_not() {
    macro_rules! check {
        ($($optimizer:expr;)*) => { $(
            let direct = trained_on_images(1, $optimizer, &[]);
            for members in [1, 2, 16] {
                let stored = trained_on_images(members, $optimizer.clipvalue(1e30), &[]);
                assert!(stored == direct, "{}, {members}", stringify!($optimizer));
            }
        )* };
    }
    check! {
        Sgd::new(0.05);
        Sgd::new(0.05).momentum(0.9).weight_decay(0.01);
        AdamW::new(0.001);
    }
}

#[test]
fn frozen_convolutions_stay_as_they_are() {
    let start = Images::new(1).get_weights();
    let optimizer = || {
        AdamW::new(0.01)
            .use_ema(true)
            .gradient_accumulation_steps(2)
            .clipnorm(0.1)
    };
    for frozen in ["conv2d", "residual", "conv2d_1"] {
        let weights = trained_on_images(1, optimizer(), &[frozen]);
        assert!(trained_on_images(16, optimizer(), &[frozen]) == weights);
        let mut stayed = 0;
        for (before, after) in start.iter().zip(&weights) {
            let is_inside = before.name.starts_with(&[frozen, "/"].concat());
            assert_eq!(before == after, is_inside, "{frozen}: {}", before.name);
            stayed += usize::from(is_inside);
        }
        assert_eq!(stayed, 2, "{frozen}: its kernel and its bias");
    }
}

crate::sequential! {
    /// Part of the next one.
    struct Part: [4, 3] => [4, 3] { BatchNormalization(center = false, scale = false), Flatten, Reshape([4, 3]) }
}
crate::sequential! {
    /// Statistics in all places where layers can be.
    struct Statistics: [4, 2] => [1] {
        BatchNormalization,
        Dropout(0.1),
        Concatenate([Conv1D(2, 1), BatchNormalization], [Conv1D(1, 1), BatchNormalization]),
        Part,
        Residual(BatchNormalization, Conv1D(3, 1)),
        TimeDistributed(BatchNormalization, Dense(3)),
        Flatten,
        last: BatchNormalization,
        Dense(1),
    }
}

/// Statistics of frozen layers stay as they are, and those of no others.
#[test]
fn frozen_statistics_stay_as_they_are() {
    let mut random = Stream::new(3);
    let x = [(); 6].map(|()| [(); 4].map(|()| [(); 2].map(|()| random.normal() as f32)));
    let y = [[0.5]; 6];
    let start = Statistics::new(1).get_weights();
    for frozen in [
        "batch_normalization",
        "concatenate",
        "concatenate/first/batch_normalization",
        "concatenate/second",
        "concatenate/second/batch_normalization",
        "part",
        "part/batch_normalization",
        "residual",
        "time_distributed/batch_normalization",
        "last",
        "dense",
    ] {
        let mut training = Training::new(Statistics::new(1), Adam::new(0.1), MeanSquaredError)
            .freeze(frozen)
            .unwrap();
        training.train_on_batch(&x, &y).unwrap();
        let mut statistics = 0;
        for (before, after) in start.iter().zip(training.model().get_weights()) {
            let is_inside = before.name.starts_with(&[frozen, "/"].concat());
            if before.name.contains("/moving_") {
                assert_eq!(*before == after, is_inside, "{frozen}: {}", before.name);
                statistics += 1;
            } else if is_inside {
                assert!(*before == after, "{frozen}: {}", before.name);
            }
        }
        assert_eq!(statistics, 2 * 7, "{frozen}");
    }
}

crate::sequential! {
    /// Its output lies in another way than the targets do.
    struct ToImage: [2, 6, 6] => [3, 4, 4] { Conv2D(3, 3) }
}

/// All losses twice as large have the effect of twice the rate; metrics do not see it.
#[test]
fn weights_of_samples_whose_targets_are_images() {
    let mut random = Stream::new(5);
    let mut number = || random.normal() as f32;
    let mut x = [[[[0.0; 6]; 6]; 2]; 8];
    let mut y = [[[[0.0; 4]; 4]; 3]; 8];
    x.as_flattened_mut()
        .as_flattened_mut()
        .as_flattened_mut()
        .fill_with(&mut number);
    y.as_flattened_mut()
        .as_flattened_mut()
        .as_flattened_mut()
        .fill_with(&mut number);
    let run = |rate: f64, weights: &[f64]| {
        let mut training = Training::new(ToImage::new(1), Sgd::new(rate), MeanSquaredError)
            .metrics(MeanSquaredError);
        let mut settings = Fit::new().epochs(3).batch_size(3).verbose(Verbose::Silent);
        if !weights.is_empty() {
            settings = settings.sample_weight(weights);
        }
        let history = training.fit(&x, &y, settings).unwrap();
        let metric = history.metric("mean_squared_error").unwrap().to_vec();
        (training.model().get_weights(), metric, history.loss)
    };
    let (plain, weighted) = (run(0.25, &[]), run(0.125, &[2.0; 8]));
    assert!(plain.0 == weighted.0);
    assert_eq!(plain.1, weighted.1);
    let double: Vec<f64> = plain.2.iter().map(|loss| 2.0 * loss).collect();
    assert_eq!(double, weighted.2);
}

crate::sequential! {
    struct Small: [2] => [1] { Dense(3, tanh), Dense(1) }
}

#[test]
fn averages_are_put_into_the_model_after_single_steps_too() {
    let (x, y) = ([[0.5, -1.0], [1.0, 2.0]], [[1.0], [-1.0]]);
    let adam = || Adam::new(0.1).use_ema(true).ema_momentum(0.5);
    let mut fitted = Training::new(Small::new(1), adam(), MeanSquaredError);
    let settings = Fit::new().epochs(5).shuffle(false);
    fitted
        .fit(&x, &y, settings.verbose(Verbose::Silent))
        .unwrap();
    let mut stepped = Training::new(Small::new(1), adam(), MeanSquaredError);
    stepped.finalize_variable_values();
    assert!(stepped.model().get_weights() == Small::new(1).get_weights());
    for _ in 0..5 {
        stepped.train_on_batch(&x, &y).unwrap();
    }
    let last = stepped.model().get_weights();
    stepped.finalize_variable_values();
    let averages = stepped.model().get_weights();
    assert!(averages != last);
    assert!(averages == fitted.model().get_weights());
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

crate::sequential! {
    /// So small that its steps have a loop of their own.
    struct Tiny: [3] => [1] { Dense(4, tanh), Dropout(0.3), Dense(1, sigmoid) }
}

/// Steps in registers compute what all others do: those that weigh their samples never are in registers.
#[test]
fn steps_in_registers_have_the_bits_of_all_others() {
    let mut random = Stream::new(5);
    let x = [(); 21].map(|()| [(); 3].map(|()| random.normal() as f32));
    let y = x.map(|x| [f32::from(x[0] > x[1])]);
    // (21 samples in pairs: the last batch is another one.)
    for batch in [1, 2, 3] {
        let trained = |weights: &[f64]| {
            let mut model = Tiny::new(1);
            let mut training = model
                .compile(Sgd::new(0.1), BinaryCrossentropy)
                .metrics(BinaryAccuracy::default());
            let mut settings = Fit::new()
                .epochs(3)
                .batch_size(batch)
                .verbose(Verbose::Silent);
            if !weights.is_empty() {
                settings = settings.sample_weight(weights);
            }
            let history = training.fit(&x, &y, settings).unwrap();
            let accuracy = history.metric("binary_accuracy").unwrap().to_vec();
            (get_weights(&*model), history.loss, accuracy)
        };
        assert!(trained(&[]) == trained(&[1.0; 21]), "batches of {batch}");
    }
}

/// A loss that runs away in the middle of such steps leaves the last good weights.
#[test]
fn steps_in_registers_are_undone_like_all_others() {
    let x: [[f32; 1]; 40] = core::array::from_fn(|i| [(i % 7) as f32 - 3.0]);
    let y = x.map(|x| [2.0 * x[0]]);
    crate::sequential! { struct Line: [1] => [1] { Dense(1) } }
    let trained = |batch, weights: &[f64]| {
        let mut model = Line::new(1);
        let mut training = model.compile(Sgd::new(100.0), MeanSquaredError);
        let mut settings = Fit::new()
            .epochs(2)
            .batch_size(batch)
            .verbose(Verbose::Silent);
        if !weights.is_empty() {
            settings = settings.sample_weight(weights);
        }
        let error = training.fit(&x, &y, settings).unwrap_err();
        (get_weights(&*model), alloc::format!("{error}"))
    };
    for batch in [1, 2] {
        let undone = trained(batch, &[]);
        let finite = |w: &NamedWeight<f32>| w.values.iter().all(|v| v.is_finite());
        assert!(undone.0.iter().all(finite));
        assert_eq!(undone, trained(batch, &[1.0; 40]));
    }
}

crate::sequential! {
    /// Behind a relu (the first with no weights before) and not, with and without biases.
    struct Deep<T>: [10, 20] => [10] {
        Flatten, ReLU, Dense(96, relu), Dense(150, relu, use_bias = false), Dense(40, tanh),
        Dense(33), ReLU, Dense(10, softmax),
    }
}

/// A step of plain gradient descent by one sample: in one pass over the weights, or in two.
struct One<'a, M: Model> {
    model: &'a mut M,
    x: &'a [M::Element],
    passes: u32,
}

impl<M: Model> Job for One<'_, M> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (width, out) = (M::InputShape::SIZE, M::OutputShape::SIZE);
        let zeros = |len| vec![M::Element::zero(); len];
        let (mut cache, mut y, mut dy) = (zeros(M::CACHE), zeros(padded(out)), zeros(padded(out)));
        let (mut scratch, mut gradient) = (zeros(M::BACKWARD_SCRATCH), zeros(M::GRADIENT));
        let (x, moment) = (Rows::new(self.x, width), Moment::new(1, 1, Team::alone()));
        let to = RowsMut::new(&mut y, out);
        M::forward_training(isa, self.model, x, to, &mut cache, moment);
        for (i, dy) in dy[..out].iter_mut().enumerate() {
            *dy = M::Element::of(0.1 * i as f64 - 0.3);
        }
        let mut pass = Backward {
            x,
            y: Rows::new(&y, out),
            cache: &mut cache,
            dy: RowsMut::new(&mut dy, out),
            dx: None,
            picks: None,
            joint: true,
            dead_at_zero: false,
            prepared: &[],
            scratch: &mut scratch,
            team: Team::alone(),
        };
        let mut update = Update::new(Team::alone(), Fused::Add(Add), &mut [], &mut gradient);
        if self.passes == 1 {
            M::descend(isa, self.model, pass, &mut update);
        } else {
            M::backward(isa, self.model, pass.reborrow());
            M::update(isa, self.model, pass.kept(), &mut update);
        }
    }
}

fn one_pass_or_two<M: Model>(make: impl Fn() -> Box<M>) {
    assert_eq!(M::DESCENDS, Some(true));
    let mut random = Stream::new(5);
    let mut x = vec![M::Element::zero(); padded(M::InputShape::SIZE)];
    for x in &mut x[..M::InputShape::SIZE] {
        *x = M::Element::of(random.normal().max(0.0));
    }
    for level in Level::ALL.into_iter().filter(|level| level.available()) {
        let after = |passes| {
            let (mut model, mut weights) = (make(), Vec::new());
            for _ in 0..3 {
                let (model, x) = (&mut *model, &x[..]);
                dispatch_on(level, One { model, x, passes });
            }
            save(&*model, &mut weights);
            weights
        };
        assert!(after(1) == after(2), "{level}");
        let mut before = Vec::new();
        save(&*make(), &mut before);
        assert!(after(1) != before, "{level}");
    }
}

#[test]
fn one_pass_over_the_weights_gives_the_bits_of_two() {
    one_pass_or_two(|| Deep::<f32>::new(1));
    one_pass_or_two(|| Deep::<f64>::new(1));
    one_pass_or_two(|| Net::new(1));
}

/// A sample by itself, and the mean over the same sample twice.
#[test]
fn a_step_by_one_sample_is_that_by_its_double() {
    let mut random = Stream::new(6);
    let x = [(); 10].map(|()| [(); 20].map(|()| random.normal()));
    let after = |count: usize| {
        let mut model = Deep::<f64>::new(1);
        let sgd = Sgd::new(0.05);
        let mut training = model.compile(sgd, SparseCategoricalCrossentropy);
        for label in [3_u8, 4] {
            let (x, y) = (vec![x; count], vec![label; count]);
            training.train_on_batch(&x, &y).unwrap();
        }
        let mut weights = Vec::new();
        save(&*model, &mut weights);
        weights
    };
    let (one, two) = (after(1), after(2));
    let apart = one.iter().zip(&two).map(|(a, b)| (a - b).abs());
    assert!(apart.fold(0.0, f64::max) < 1e-12);
}
