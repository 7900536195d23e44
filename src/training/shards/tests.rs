//! Steps in shards against gradients of the whole batch, and on teams of any size.

use super::super::fit::HeldOut;
use super::super::lap::{InMemory, Lap};
use super::super::{HeadOf, get_weights, save};
use super::{Cut, is_sharded};
use crate::gradients;
use crate::layer::{Model, Moment};
use crate::losses::{Fits, Loss};
use crate::optimizers::Optimizer;
use crate::prelude::*;
use crate::random::Stream;
use crate::team::{self, Pace, Team, with_team};
use alloc::vec::Vec;

crate::sequential! {
    struct Net<T>: [12, 12] => [2, 3] {
        Reshape([1, 12, 12]), Conv2D(16, 3, activation = tanh), MaxPooling2D(2),
        Residual(Conv2D(16, 3, padding = same), Activation(tanh)), Conv2D(4, 1),
        Flatten, Dense(6), Reshape([2, 3]),
    }
}
crate::sequential! {
    /// With random numbers, whose rows are other ones inside the list.
    struct Noisy: [2, 12, 12] => [4] {
        Normalization(mean = 0.1, variance = 2.0),
        TimeDistributed(
            Reshape([1, 12, 12]), Conv2D(16, 3, activation = relu), Dropout(0.3), MaxPooling2D(2),
            Conv2D(16, 3, padding = same), GlobalMaxPooling2D,
        ),
        SpatialDropout1D(0.2), Flatten, Dense(4, softmax),
    }
}
crate::sequential! {
    /// As the first one, but its rows depend on each other.
    struct Normalized: [12, 12] => [6] {
        Reshape([1, 12, 12]), Conv2D(16, 3, activation = tanh), BatchNormalization, MaxPooling2D(2),
        Conv2D(16, 3, padding = same), Conv2D(4, 1), Flatten, Dense(6),
    }
}
crate::sequential! {
    /// Its weights are many beside its products.
    struct Perceptron: [784] => [10] { Dense(128, relu), Dense(10, softmax) }
}

#[test]
fn batches_are_cut_where_it_is_worth_while() {
    const {
        assert!(is_sharded::<Net<f64>>() && is_sharded::<Noisy>());
        assert!(!is_sharded::<Normalized>() && !is_sharded::<Perceptron>());
    }
}

#[test]
fn shards_make_up_the_batch() {
    for rows in 1..5000 {
        let cut = Cut::of(rows);
        let mut end = 0;
        for shard in 0..cut.len() {
            let here = cut.rows(shard..shard + 1);
            assert!(here.start == end && here.len() <= cut.each && !here.is_empty());
            assert!(here.len() == cut.each || shard + 1 == cut.len(), "{rows}");
            end = here.end;
        }
        assert_eq!((end, cut.rows(0..cut.len())), (rows, 0..rows));
        assert!((1..=team::MOST).contains(&cut.len()) && cut.len() <= rows.div_ceil(8));
        assert!(cut.each <= Cut::of(rows + 1).each, "{rows}");
    }
}

#[test]
fn items_of_a_shard_have_the_random_numbers_of_the_batch() {
    let moment = Moment::new(1, 2, Team::alone());
    for item in 0..10 {
        let mut shard = moment.from_row(8).of_items(5).stream(item);
        let mut batch = moment.of_items(5).stream(40 + item);
        assert_eq!(shard.normal(), batch.normal());
    }
}

/// An epoch on a team: the weights behind it, and the loss.
fn trained<M, O, L, Y>(
    members: usize,
    model: &mut M,
    (optimizer, loss): (O, L),
    (x, y): (&[M::Input], &[Y]),
    batch_size: usize,
) -> (Vec<NamedWeight<M::Element>>, f64)
where
    M: Model,
    O: Optimizer,
    L: Loss<M::Element, M::Prediction, Y> + Fits<HeadOf<M>>,
{
    let list: Vec<u32> = (0..x.len() as u32).collect();
    let mut training = Training::new(&mut *model, optimizer, loss);
    training.pace = Pace::together();
    let settings = Fit::new().verbose(Verbose::Silent);
    let mut laps = InMemory::new(Lap::new((x, y), &list, batch_size), Some(0));
    let nothing = HeldOut {
        x: &x[..0],
        y: &y[..0],
        list: None,
    };
    let history = with_team(members, |team| {
        training.fit_laps(team, &mut laps, nothing, settings, None)
    });
    let loss = history.unwrap().loss[0];
    (get_weights(model), loss)
}

fn pictures<T: Copy, const N: usize>(count: usize, of: impl Fn(f64) -> T) -> Vec<[[T; 12]; N]> {
    let mut random = Stream::new(3);
    let mut row = || [(); 12].map(|()| of(random.normal()));
    (0..count).map(|_| [(); N].map(|()| row())).collect()
}

#[test]
fn a_step_follows_the_gradient_of_the_whole_batch() {
    for rows in [1, 7, 8, 9, 20, 31, 32, 50, 300] {
        let x = pictures::<f64, 12>(rows, |x| x);
        let y: Vec<[[f64; 3]; 2]> = (0..rows)
            .map(|i| [[1.0, i as f64 / 9.0, -0.5], [0.0, 0.3, (i % 3) as f64]])
            .collect();
        let mut model = Net::<f64>::new(5);
        let predictions = model.predict_batch(&x);
        let differences: Vec<f64> = (predictions.as_flattened().as_flattened().iter())
            .zip(y.as_flattened().as_flattened())
            .map(|(p, y)| p - y)
            .collect();
        let mean =
            |numbers: &mut dyn Iterator<Item = f64>| numbers.sum::<f64>() / (6 * rows) as f64;
        let r: Vec<f64> = differences
            .iter()
            .map(|d| 2.0 * d / (6 * rows) as f64)
            .collect();
        let gradient = gradients::of(&mut *model, &x, &r, 0).weights;
        let mut expected = Vec::new();
        save(&*model, &mut expected);
        for (w, g) in expected.iter_mut().zip(gradient) {
            *w -= 0.5 * g;
        }

        for members in [1, 2, 3] {
            let mut model = Net::<f64>::new(5);
            let how = (Sgd::new(0.5), MeanSquaredError);
            let (_, loss) = trained(members, &mut *model, how, (&x, &y), rows);
            let squares = mean(&mut differences.iter().map(|d| d * d));
            assert!((loss - squares).abs() < 1e-12 * squares, "{rows}");
            let mut found = Vec::new();
            save(&*model, &mut found);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (found - expected).abs() < 1e-13,
                    "{rows}: {found} {expected}"
                );
            }
        }
    }
}

#[test]
fn any_team_gives_the_same_bits() {
    let flat = pictures::<f32, 24>(150, |x| x as f32);
    let x: Vec<[[[f32; 12]; 12]; 2]> = (flat.iter())
        .map(|x| core::array::from_fn(|i| core::array::from_fn(|j| x[12 * i + j])))
        .collect();
    let y: Vec<u8> = (0..150).map(|i| (i % 4) as u8).collect();
    // The last batches have other sizes, and so have the last shards of most.
    for batch_size in [1, 12, 32, 45, 100, 150] {
        let run = |members| {
            let adam = Adam::new(0.01).gradient_accumulation_steps(2).clipnorm(1.0);
            let how = (adam, SparseCategoricalCrossentropy);
            trained(members, &mut *Noisy::new(2), how, (&x, &y), batch_size)
        };
        let alone = run(1);
        for members in [2, 3, 16] {
            assert!(run(members) == alone, "{batch_size}, {members}");
        }
    }
}
