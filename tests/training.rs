//! Training does what one who knows Keras expects: histories, validation, callbacks, going on,
//! and the numbers behind them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use plywood::cast::Plain;
use plywood::metrics::Metric;
use plywood::prelude::*;
use plywood::random::Stream;

sequential! {
    /// The classifier of the Keras introduction.
    pub struct FashionMlp: [28, 28] => [10] {
        Flatten,
        Dense(128, relu),
        Dense(256, relu),
        Dense(512, relu),
        Dense(10, softmax),
    }
}
sequential! {
    struct Line<T>: [2] => [1] { Dense(1) }
}
sequential! {
    /// No width is a multiple of another one's padding.
    struct Net<T>: [5] => [3] { Dense(35, relu), Dense(18, tanh), Dense(3, softmax) }
}
sequential! {
    struct Dropping: [5] => [3] { Dense(35, relu), Dropout(0.4), Dense(3, softmax) }
}

type Samples<T, const N: usize> = Vec<[T; N]>;

/// Three clouds of points, and their classes as vectors.
fn clouds<T: Element>(count: usize, seed: u64) -> (Samples<T, 5>, Samples<T, 3>) {
    let mut random = Stream::new(seed);
    let mut x = vec![[T::zero(); 5]; count];
    let mut y = vec![[T::zero(); 3]; count];
    for (i, (x, y)) in x.iter_mut().zip(&mut y).enumerate() {
        let class = i % 3;
        y[class] = T::one();
        for (j, x) in x.iter_mut().enumerate() {
            *x = T::of(random.normal() + if j == class { 2.0 } else { 0.0 });
        }
    }
    (x, y)
}

fn fit<'a, X, Y>() -> Fit<'a, X, Y> {
    Fit::new().verbose(Verbose::Silent)
}

fn training<O: Optimizer>(optimizer: O) -> Training<Box<Net<f32>>, O, CategoricalCrossentropy> {
    Training::new(Net::new(1), optimizer, CategoricalCrossentropy)
}

/// Notes every target that it is shown, by its first number.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u32>>>);

impl Seen {
    fn take(&self) -> Vec<u32> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<T: Element, P: Plain<T>> Metric<T, P, P> for Seen {
    fn name(&self) -> &'static str {
        "seen"
    }
    fn add<I: Isa>(&self, _: I, _: &[T], target: &P, _: &mut [f64]) {
        self.0
            .lock()
            .unwrap()
            .push(target.numbers()[0].as_f64() as u32);
    }
}

/// The samples in the order in which an epoch after the other sees them.
fn orders<'a>(samples: usize, settings: Fit<'a, [f32; 2], [f32; 1]>) -> Vec<u32> {
    orders_of_fits(samples, [settings])
}

/// The same for one fit after another.
fn orders_of_fits<'a>(
    samples: usize,
    fits: impl IntoIterator<Item = Fit<'a, [f32; 2], [f32; 1]>>,
) -> Vec<u32> {
    let x: Vec<[f32; 2]> = (0..samples)
        .map(|i| [i as f32 / samples as f32, 1.0])
        .collect();
    let y: Vec<[f32; 1]> = (0..samples).map(|i| [i as f32]).collect();
    let seen = Seen::default();
    let mut training =
        Training::new(Line::<f32>::new(1), Sgd::new(1e-4), MeanSquaredError).metrics(seen.clone());
    for settings in fits {
        training.fit(&x, &y, settings).unwrap();
    }
    seen.take()
}

#[test]
fn history_has_a_value_for_each_epoch() {
    let (x, y) = clouds(90, 1);
    let (val_x, val_y) = clouds(30, 2);
    let mut model = Net::<f32>::new(1);
    let mut training = model
        .compile(Sgd::new(0.1), CategoricalCrossentropy)
        .metrics(Accuracy)
        .metrics(TopK::new(2))
        .metrics(BinaryAccuracy::default())
        .metrics(MeanAbsoluteError);
    let history = training
        .fit(&x, &y, fit().epochs(7).validation_data(&val_x, &val_y))
        .unwrap();
    assert_eq!(history.epochs(), 7);
    assert_eq!(
        [
            history.loss.len(),
            history.val_loss.len(),
            history.seconds.len()
        ],
        [7; 3]
    );
    for name in [
        "accuracy",
        "top_k_categorical_accuracy",
        "binary_accuracy",
        "mean_absolute_error",
    ] {
        assert_eq!(history.metric(name).unwrap().len(), 7, "{name}");
        assert_eq!(
            history.metric(&format!("val_{name}")).unwrap().len(),
            7,
            "{name}"
        );
    }
    assert_eq!(history.metric("precision"), None);
    assert!(history.loss[6] < history.loss[0] && history.val_loss[6] < history.val_loss[0]);
    assert!(history.metric("val_accuracy").unwrap()[6] > 0.6);
    assert!(history.seconds.iter().all(|&s| s > 0.0));

    // The last validation is of the model as it is now.
    let score = training.evaluate(&val_x, &val_y).unwrap();
    assert_eq!(score.loss, history.val_loss[6]);
    assert_eq!(
        score.metric("accuracy"),
        history.metric("val_accuracy").map(|values| values[6])
    );
    let names: Vec<_> = score.metrics().iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "accuracy",
            "top_k_categorical_accuracy",
            "binary_accuracy",
            "mean_absolute_error"
        ]
    );
}

#[test]
fn history_without_validation_has_no_val_values() {
    let (x, y) = clouds(30, 1);
    let mut training = training(Sgd::new(0.1)).metrics(Accuracy);
    let history = training.fit(&x, &y, fit().epochs(2)).unwrap();
    assert!(history.val_loss.is_empty());
    assert_eq!(history.metric("val_accuracy"), None);
    assert_eq!(history.metric("accuracy").unwrap().len(), 2);
}

#[test]
fn the_defaults_are_one_epoch_of_shuffled_batches_of_32() {
    let (x, y) = clouds(70, 1);
    let (mut plain, mut stated) = (training(Sgd::new(0.1)), training(Sgd::new(0.1)));
    let history = plain.fit(&x, &y, fit()).unwrap();
    assert_eq!(history.epochs(), 1);
    stated
        .fit(&x, &y, fit().epochs(1).batch_size(32).shuffle(true).seed(0))
        .unwrap();
    assert_eq!(plain.model().get_weights(), stated.model().get_weights());
}

#[test]
fn without_shuffling_the_samples_come_in_order() {
    let order = orders(50, fit().epochs(3).batch_size(7).shuffle(false));
    let expected: Vec<u32> = (0..3).flat_map(|_| 0..50).collect();
    assert_eq!(order, expected);
}

#[test]
fn shuffling_shows_each_sample_once_an_epoch_in_a_new_order() {
    let order = orders(50, fit().epochs(4).batch_size(7));
    let epochs: BTreeSet<&[u32]> = order.chunks(50).collect();
    assert_eq!(epochs.len(), 4, "four orders");
    for epoch in epochs {
        assert!(!epoch.is_sorted());
        let all: BTreeSet<u32> = epoch.iter().copied().collect();
        assert!(all.into_iter().eq(0..50));
    }
    assert_eq!(orders(50, fit().epochs(4).batch_size(7)), order);
    assert_eq!(
        orders(50, fit().epochs(4).batch_size(11)),
        order,
        "not a matter of batches"
    );
    assert_ne!(orders(50, fit().epochs(4).seed(1)), order);
}

#[test]
fn epochs_at_once_or_one_by_one_see_the_same_orders() {
    // Batches whose steps work out the next order on the way, and others; the last one is smaller.
    for batch_size in [1, 2, 5] {
        let settings = || fit().batch_size(batch_size);
        let at_once = orders(41, settings().epochs(4));
        let fits = [1, 2, 1].map(|epochs| settings().epochs(epochs));
        assert_eq!(orders_of_fits(41, fits), at_once);
    }
}

#[test]
fn a_validation_split_is_disjoint_and_follows_from_the_seed() {
    let held_out = |seed, share, held: usize| {
        let order = orders(40, fit().epochs(2).seed(seed).validation_split(share));
        let epochs: Vec<_> = order
            .chunks(40)
            .map(|epoch| epoch.split_at(40 - held))
            .collect();
        let set = |list: &[u32]| list.iter().copied().collect::<BTreeSet<u32>>();
        let (train, val) = (set(epochs[0].0), set(epochs[0].1));
        assert_eq!((train.len(), val.len()), (40 - held, held));
        assert!(train.is_disjoint(&val));
        assert_eq!(set(epochs[1].0), train, "the same in every epoch");
        assert_eq!(set(epochs[1].1), val);
        val
    };
    let val = held_out(0, 0.25, 10);
    assert_eq!(held_out(0, 0.25, 10), val);
    assert_ne!(held_out(1, 0.25, 10), val);
    assert!(
        !val.into_iter().eq(30..40),
        "drawn at random, and not the last rows"
    );
    held_out(0, 0.9, 36);
    held_out(0, 0.0, 0);
}

#[test]
fn val_values_are_those_of_the_held_out_samples() {
    let (x, y) = clouds::<f32>(40, 1);
    let numbered: Vec<[f32; 2]> = x.iter().map(|x| [x[0], x[1]]).collect();
    let y: Vec<[f32; 1]> = y.iter().enumerate().map(|(i, _)| [i as f32]).collect();
    let seen = Seen::default();
    let mut training =
        Training::new(Line::<f32>::new(1), Sgd::new(1e-4), MeanSquaredError).metrics(seen.clone());
    let history = training
        .fit(&numbered, &y, fit().validation_split(0.3))
        .unwrap();
    let held = seen.take().split_off(28);
    let val_x: Vec<_> = held.iter().map(|&i| numbered[i as usize]).collect();
    let val_y: Vec<_> = held.iter().map(|&i| y[i as usize]).collect();
    assert_eq!(
        training.evaluate(&val_x, &val_y).unwrap().loss,
        history.val_loss[0]
    );
}

/// A metric with the values of a list, one after the other.
struct Planned(&'static str, Mutex<VecDeque<f64>>);

impl Planned {
    fn new(name: &'static str, values: &[f64]) -> Self {
        Planned(name, Mutex::new(values.iter().copied().collect()))
    }
}

impl<T: Element, P: Plain<T>> Metric<T, P, P> for Planned {
    fn name(&self) -> &'static str {
        self.0
    }
    fn state(&self) -> usize {
        1
    }
    fn add<I: Isa>(&self, _: I, _: &[T], _: &P, state: &mut [f64]) {
        state[0] = self.1.lock().unwrap().pop_front().unwrap();
    }
    fn value(&self, state: &[f64]) -> f64 {
        state[0]
    }
    fn lower_is_better(&self) -> bool {
        self.0 == "falling"
    }
}

fn numbers(weights: &[NamedWeight<f64>]) -> Vec<f64> {
    weights.iter().flat_map(|w| w.values.clone()).collect()
}

/// Trains with a metric of these values: after how many epochs it stopped, and after which of them
/// the model had the weights that it has in the end.
fn stops(name: &'static str, callback: EarlyStopping, values: &[f64]) -> (usize, usize) {
    let mut training = Training::new(Line::<f64>::new(1), Sgd::new(0.01), MeanSquaredError)
        .metrics(Planned::new(name, values));
    let mut after_each = Vec::new();
    let settings = fit()
        .epochs(values.len())
        .on_epoch_end(|end| after_each.push(numbers(&end.model.get())))
        .callback(callback.monitor(name));
    let history = training.fit(&[[1.0, 0.5]], &[[3.0]], settings).unwrap();
    assert_eq!(history.metric(name).unwrap(), &values[..history.epochs()]);
    let now = numbers(&training.model().get_weights());
    let found = after_each.iter().position(|then| *then == now).unwrap();
    (history.epochs(), found + 1)
}

#[test]
fn early_stopping_waits_as_long_as_in_keras() {
    let new = EarlyStopping::new;
    // The best value comes in epoch 3.
    let falling = [5.0, 4.0, 3.0, 3.5, 3.0, 3.2, 3.1, 3.0, 3.0, 3.0];
    // Keras: no patience and a patience of 1 are the same.
    assert_eq!(stops("falling", new(), &falling), (4, 4));
    assert_eq!(stops("falling", new().patience(1), &falling), (4, 4));
    assert_eq!(stops("falling", new().patience(2), &falling), (5, 5));
    assert_eq!(stops("falling", new().patience(4), &falling), (7, 7));
    assert_eq!(stops("falling", new().patience(9), &falling), (10, 10));
    // Each better value starts the count again.
    let steps = [5.0, 6.0, 4.0, 6.0, 3.0, 6.0, 6.0, 1.0];
    assert_eq!(stops("falling", new().patience(2), &steps), (7, 7));
    // What does not say that it should fall should rise.
    let rising = [0.1, 0.3, 0.2, 0.4, 0.4, 0.4, 0.9];
    assert_eq!(stops("rising", new().patience(2), &rising), (6, 6));
    // Too little is not better.
    let slow = [5.0, 4.9, 4.8, 4.7, 4.6];
    assert_eq!(stops("falling", new().patience(2), &slow), (5, 5));
    assert_eq!(
        stops("falling", new().patience(2).min_delta(0.5), &slow),
        (3, 3)
    );
}

#[test]
fn early_stopping_restores_the_best_weights() {
    let new = || EarlyStopping::new().restore_best_weights(true);
    let falling = [5.0, 4.0, 3.0, 3.5, 3.0, 3.2, 2.0];
    assert_eq!(stops("falling", new().patience(3), &falling), (6, 3));
    assert_eq!(stops("falling", new().patience(1), &falling), (4, 3));
    // Also if the training ends by itself.
    assert_eq!(stops("falling", new().patience(9), &falling), (7, 7));
    assert_eq!(stops("falling", new().patience(9), &falling[..6]), (6, 3));
    assert_eq!(stops("rising", new().patience(9), &[0.1, 0.5, 0.3]), (3, 2));
}

#[test]
fn early_stopping_watches_val_loss_or_else_loss() {
    let (x, y) = clouds(60, 1);
    let stopping = || EarlyStopping::new().patience(3);
    // A learning rate of 0 changes nothing: the first epoch is the best one.
    let mut training = training(Sgd::new(0.0));
    let settings = fit()
        .epochs(20)
        .validation_data(&x, &y)
        .callback(stopping());
    assert_eq!(training.fit(&x, &y, settings).unwrap().epochs(), 4);
    let settings = fit().epochs(20).shuffle(false).callback(stopping());
    assert_eq!(training.fit(&x, &y, settings).unwrap().epochs(), 4);
}

#[test]
fn a_learning_rate_scheduler_sets_the_rate_of_each_epoch_when_it_begins() {
    let (x, y) = clouds(30, 1);
    let mut scheduled = training(Sgd::new(0.4));
    let mut rates = Vec::new();
    let settings = fit()
        .epochs(4)
        .shuffle(false)
        .callback(LearningRateScheduler::new(|epoch, rate| {
            assert!((0..4).contains(&epoch));
            if epoch == 0 { rate } else { rate / 2.0 }
        }))
        .on_epoch_end(|end| rates.push(end.learning_rate));
    scheduled.fit(&x, &y, settings).unwrap();
    assert_eq!(rates, [0.4, 0.2, 0.1, 0.05]);
    assert_eq!(scheduled.learning_rate(), 0.05);

    let mut by_hand = training(Sgd::new(0.4));
    for rate in [0.4, 0.2, 0.1, 0.05] {
        by_hand.set_learning_rate(rate).unwrap();
        by_hand.fit(&x, &y, fit().shuffle(false)).unwrap();
    }
    assert_eq!(
        scheduled.model().get_weights(),
        by_hand.model().get_weights()
    );
}

#[test]
fn closures_see_the_history_and_can_stop() {
    let (x, y) = clouds(60, 1);
    let mut training = training(Sgd::new(0.1)).metrics(Accuracy);
    let mut epochs = Vec::new();
    let settings = fit().epochs(100).validation_split(0.2).on_epoch_end(|end| {
        epochs.push(end.epoch);
        assert_eq!(end.history.epochs(), end.epoch);
        assert_eq!(end.value("loss"), end.history.loss.last().copied());
        assert_eq!(end.value("val_loss"), end.history.val_loss.last().copied());
        assert!(end.value("accuracy").is_some() && end.value("val_accuracy").is_some());
        assert_eq!(end.value("no such thing"), None);
        assert_eq!(end.model.get()[0].name, "dense/kernel");
        end.stop = end.epoch == 5;
    });
    let history = training.fit(&x, &y, settings).unwrap();
    assert_eq!(history.epochs(), 5);
    assert_eq!(epochs, [1, 2, 3, 4, 5]);
}

#[test]
fn a_second_fit_goes_on() {
    fn goes_on<O: Optimizer + Clone>(optimizer: O) {
        let (x, y) = clouds(75, 1);
        let (mut long, mut short) = (training(optimizer.clone()), training(optimizer.clone()));
        let mut history = long.fit(&x, &y, fit().epochs(5)).unwrap();
        let first = short.fit(&x, &y, fit().epochs(2)).unwrap();
        let second = short.fit(&x, &y, fit().epochs(3)).unwrap();
        assert_eq!(history.loss[..2], first.loss);
        assert_eq!(history.loss.split_off(2), second.loss);
        assert_eq!(long.model().get_weights(), short.model().get_weights());

        // A new training begins anew: an optimiser with a memory notices.
        let mut model = training(optimizer.clone()).into_model();
        for epochs in [2, 3] {
            let mut training = model.compile(optimizer.clone(), CategoricalCrossentropy);
            training.fit(&x, &y, fit().epochs(epochs)).unwrap();
        }
        assert_ne!(long.model().get_weights(), model.get_weights());
    }
    goes_on(Sgd::new(0.05));
    goes_on(Sgd::new(0.05).momentum(0.9));
    goes_on(Sgd::new(0.05).momentum(0.9).nesterov(true));
    goes_on(Adam::new(0.01));
    goes_on(AdamW::new(0.01));
    goes_on(RmsProp::new(0.01).momentum(0.5));
}

#[test]
fn momentum_goes_on_from_batch_to_batch() {
    let mut training = Training::new(
        Line::<f64>::new(1),
        Sgd::new(0.1).momentum(0.5),
        MeanSquaredError,
    );
    let w = training.model().dense.kernel[[0, 0]];
    let (mut b, mut v) = (0.0, 0.0);
    for _ in 0..5 {
        let p = w + b;
        // x1 is 0, so that only one weight and the bias move; x0 is 0, too, so only the bias does.
        let loss = training
            .train_on_batch(&[[0.0, 0.0]], &[[3.0 - w]])
            .unwrap();
        assert!((loss - (p - 3.0) * (p - 3.0)).abs() < 1e-12);
        v = 0.5 * v - 0.1 * 2.0 * (p - 3.0);
        b += v;
        assert!((training.model().dense.bias[0] - b).abs() < 1e-12);
    }
}

#[test]
fn a_program_learns_as_it_goes() {
    struct App {
        brain: Training<Box<Line<f64>>, Adam, MeanSquaredError>,
    }
    let mut app = App {
        brain: Training::new(Line::new(1), Adam::new(0.05), MeanSquaredError),
    };
    let mut random = Stream::new(1);
    let mut last = f64::MAX;
    for _ in 0..1000 {
        let x = [random.uniform(), random.uniform()];
        last = app
            .brain
            .train_on_batch(&[x], &[[2.0 * x[0] - x[1] + 0.5]])
            .unwrap();
    }
    assert!(last < 1e-4, "{last}");
    let p = app.brain.model().predict(&[0.5, 0.5]);
    assert!((p[0] - 1.0).abs() < 0.02, "{p:?}");
    let model: Box<Line<f64>> = app.brain.into_model();
    assert_eq!(model.predict(&[0.5, 0.5]), p);
}

#[test]
fn a_smaller_batch_after_a_larger_one_takes_the_same_step() {
    let (x, y) = clouds(32, 1);
    for size in [31, 13, 8, 1] {
        // Both take a step that changes nothing, one of them with a larger batch.
        let run = |first: usize| {
            let mut training = training(Sgd::new(0.0));
            training.train_on_batch(&x[..first], &y[..first]).unwrap();
            training.set_learning_rate(0.1).unwrap();
            let step = |_| training.train_on_batch(&x[..size], &y[..size]).unwrap();
            let losses: Vec<f64> = (0..10).map(step).collect();
            (losses, training.into_model().get_weights())
        };
        let (used, new) = (run(32), run(size));
        assert_eq!(used.0, new.0, "batches of {size}");
        assert!(used.1 == new.1, "batches of {size}");
    }
}

#[test]
fn a_smaller_last_batch_leaves_the_padding_of_the_weights_zero() {
    let (x, y) = clouds::<f32>(45, 1);
    let mut training = training(Sgd::new(0.05).momentum(0.9));
    training
        .fit(&x, &y, fit().epochs(3).batch_size(16))
        .unwrap();
    let mut padded = Vec::new();
    plywood::training::save(training.model(), &mut padded);
    let weights = training.model().get_weights();
    let nonzero = weights
        .iter()
        .flat_map(|w| &w.values)
        .filter(|&&w| w != 0.0)
        .count();
    assert_eq!(padded.iter().filter(|&&w| w != 0.0).count(), nonzero);
}

#[test]
fn a_smaller_last_batch_counts_by_its_samples() {
    // With a rate of 0 the mean over the epoch is the mean over all samples.
    let (x, y) = clouds::<f64>(45, 1);
    let mut model = Net::<f64>::new(1);
    let mut training = model
        .compile(Sgd::new(0.0), CategoricalCrossentropy)
        .metrics(Accuracy);
    let score = training.evaluate(&x, &y).unwrap();
    for batch_size in [1, 7, 32, 44, 45, 46, 1000] {
        let history = training.fit(&x, &y, fit().batch_size(batch_size)).unwrap();
        assert!((history.loss[0] - score.loss).abs() < 1e-12);
        let accuracy = history.metric("accuracy").unwrap()[0];
        assert!((accuracy - score.metric("accuracy").unwrap()).abs() < 1e-12);
    }
}

#[test]
fn the_last_step_is_along_the_mean_over_its_own_samples() {
    // 5 samples in batches of 4, by hand: y = w x + b with x in the first place only.
    let x: Vec<[f64; 2]> = (0..5).map(|i| [i as f64, 0.0]).collect();
    let y: Vec<[f64; 1]> = (0..5).map(|i| [1.0 + i as f64]).collect();
    let mut model = Line::<f64>::new(1);
    let (mut w, mut b) = (model.dense.kernel[[0, 0]], 0.0);
    for range in [0..4, 4..5] {
        let n = range.len() as f64;
        let errors: Vec<_> = range.map(|i| (i, w * i as f64 + b - y[i][0])).collect();
        w -= 0.05 * errors.iter().map(|&(i, e)| 2.0 * e * i as f64).sum::<f64>() / n;
        b -= 0.05 * errors.iter().map(|&(_, e)| 2.0 * e).sum::<f64>() / n;
    }
    let mut training = model.compile(Sgd::new(0.05), MeanSquaredError);
    training
        .fit(&x, &y, fit().batch_size(4).shuffle(false))
        .unwrap();
    assert!((model.dense.kernel[[0, 0]] - w).abs() < 1e-12);
    assert!((model.dense.bias[0] - b).abs() < 1e-12);
}

#[test]
fn a_batch_larger_than_the_data_is_all_of_it() {
    let (x, y) = clouds(20, 1);
    let (mut exact, mut larger) = (training(Sgd::new(0.1)), training(Sgd::new(0.1)));
    exact.fit(&x, &y, fit().epochs(3).batch_size(20)).unwrap();
    larger
        .fit(&x, &y, fit().epochs(3).batch_size(usize::MAX))
        .unwrap();
    assert_eq!(exact.model().get_weights(), larger.model().get_weights());
}

#[test]
fn train_on_batch_is_a_step_of_fit() {
    let (x, y) = clouds(60, 1);
    let optimizer = Adam::new(0.01);
    let (mut whole, mut steps) = (training(optimizer.clone()), training(optimizer));
    let history = whole
        .fit(&x, &y, fit().epochs(2).batch_size(20).shuffle(false))
        .unwrap();
    let mut losses = [0.0; 2];
    for loss in &mut losses {
        for (x, y) in x.chunks(20).zip(y.chunks(20)) {
            *loss += steps.train_on_batch(x, y).unwrap() / 3.0;
        }
    }
    assert_eq!(whole.model().get_weights(), steps.model().get_weights());
    for (a, b) in history.loss.iter().zip(losses) {
        assert!((a - b).abs() < 1e-6);
    }
}

#[test]
fn the_same_seeds_give_the_same_model() {
    let (x, y) = clouds(50, 1);
    let run = |model_seed, fit_seed| {
        let mut model = Dropping::new(model_seed);
        model
            .compile(Sgd::new(0.1).momentum(0.9), CategoricalCrossentropy)
            .fit(&x, &y, fit().epochs(3).seed(fit_seed))
            .unwrap();
        model.get_weights()
    };
    assert_eq!(run(1, 2), run(1, 2));
    assert_ne!(run(1, 2), run(1, 3));
    assert_ne!(run(1, 2), run(2, 2));
}

#[test]
fn dropout_is_for_training_only() {
    let (x, y) = clouds(50, 1);
    let mut model = Dropping::new(1);
    let before = model.predict_batch(&x);
    assert_eq!(model.predict_batch(&x), before);
    let mut training = model.compile(Sgd::new(0.0), CategoricalCrossentropy);
    let first = training.fit(&x, &y, fit().epochs(2)).unwrap().loss;
    assert_ne!(
        first[0], first[1],
        "other numbers are left out in each epoch"
    );
    assert_ne!(first[0], training.evaluate(&x, &y).unwrap().loss);
}

#[test]
fn evaluate_is_the_mean_over_the_samples() {
    let (x, y) = clouds::<f64>(133, 1);
    let labels: Vec<u32> = (0..133).map(|i| i % 3).collect();
    let mut model = Net::<f64>::new(1);
    let predictions = model.predict_batch(&x);
    let mean = |of: &dyn Fn(usize, &[f64; 3]) -> f64| {
        predictions
            .iter()
            .enumerate()
            .map(|(i, p)| of(i, p))
            .sum::<f64>()
            / 133.0
    };
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a}, {b}");

    let training = model
        .compile(Sgd::new(0.1), MeanSquaredError)
        .metrics(MeanAbsoluteError);
    let score = training.evaluate(&x, &y).unwrap();
    let pairs =
        |i: usize, p: &[f64; 3]| -> Vec<f64> { p.iter().zip(&y[i]).map(|(p, y)| p - y).collect() };
    close(
        score.loss,
        mean(&|i, p| pairs(i, p).iter().map(|d| d * d).sum::<f64>() / 3.0),
    );
    let mae = mean(&|i, p| pairs(i, p).iter().map(|d| d.abs()).sum::<f64>() / 3.0);
    close(score.metric("mean_absolute_error").unwrap(), mae);

    let best = |p: &[f64; 3]| (0..3).max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap();
    let accuracy = mean(&|i, p| f64::from(u8::from(best(p) == i % 3)));
    let cross = mean(&|i, p| -p[i % 3].ln());
    let training = model
        .compile(Sgd::new(0.1), CategoricalCrossentropy)
        .metrics(Accuracy);
    let score = training.evaluate(&x, &y).unwrap();
    close(score.loss, cross);
    close(score.metric("accuracy").unwrap(), accuracy);
    let training = model
        .compile(Sgd::new(0.1), SparseCategoricalCrossentropy)
        .metrics(Accuracy);
    let score = training.evaluate(&x, &labels).unwrap();
    close(score.loss, cross);
    close(score.metric("accuracy").unwrap(), accuracy);
}

#[test]
fn labels_and_vectors_train_alike() {
    let (x, y) = clouds(60, 1);
    let labels: Vec<u8> = (0..60).map(|i| i % 3).collect();
    let (mut one, mut other) = (Net::<f32>::new(1), Net::<f32>::new(1));
    one.compile(Sgd::new(0.1), CategoricalCrossentropy)
        .fit(&x, &y, fit().epochs(3))
        .unwrap();
    other
        .compile(Sgd::new(0.1), SparseCategoricalCrossentropy)
        .fit(&x, &labels, fit().epochs(3))
        .unwrap();
    for (one, other) in one.get_weights().iter().zip(other.get_weights()) {
        for (a, b) in one.values.iter().zip(other.values) {
            assert!((a - b).abs() < 1e-5, "{}: {a}, {b}", one.name);
        }
    }
}

#[test]
fn predict_batch_is_predict_for_each() {
    let (x, _) = clouds(200, 1);
    let model = Net::<f32>::new(1);
    for count in [0, 1, 2, 63, 64, 65, 200] {
        let alone: Vec<[f32; 3]> = x[..count].iter().map(|x| model.predict(x)).collect();
        assert_eq!(model.predict_batch(&x[..count]), alone);
    }
}

#[test]
fn a_clone_is_another_model() {
    let (x, y) = clouds(30, 1);
    let mut model = Net::<f32>::new(1);
    let copy = model.clone();
    assert_eq!(copy.get_weights(), model.get_weights());
    model
        .compile(Sgd::new(0.1), CategoricalCrossentropy)
        .fit(&x, &y, fit())
        .unwrap();
    assert_ne!(copy.get_weights(), model.get_weights());
    assert_eq!(copy.get_weights(), Net::<f32>::new(1).get_weights());
    let mut second = copy.clone();
    second.dense_2.bias[0] = 7.0;
    assert_eq!(copy.dense_2.bias[0], 0.0);
}

#[test]
fn weights_go_out_and_in() {
    let (x, _) = clouds(10, 1);
    let (mut one, other) = (Net::<f32>::new(1), Net::<f32>::new(2));
    assert_ne!(one.predict(&x[0]), other.predict(&x[0]));
    one.set_weights(&other.get_weights()).unwrap();
    assert_eq!(one.get_weights(), other.get_weights());
    assert_eq!(one.predict_batch(&x), other.predict_batch(&x));
}

#[test]
fn weights_are_row_major_as_in_keras() {
    let mut model = Line::<f32>::new(1);
    let kernel = NamedWeight {
        name: "dense/kernel".into(),
        shape: vec![2, 1],
        values: vec![3.0, -2.0],
    };
    let bias = NamedWeight {
        name: "dense/bias".into(),
        shape: vec![1],
        values: vec![0.5],
    };
    model.set_weights(&[kernel, bias]).unwrap();
    assert_eq!(model.predict(&[1.0, 10.0]), [3.0 - 20.0 + 0.5]);
    assert_eq!(
        (model.dense.kernel[[0, 0]], model.dense.kernel[[1, 0]]),
        (3.0, -2.0)
    );

    let net = Net::<f32>::new(1);
    let weights = net.get_weights();
    assert_eq!(weights[2].shape, [35, 18]);
    assert_eq!(weights[2].values[18 * 3 + 7], net.dense_1.kernel[[3, 7]]);
}

sequential! {
    struct Encoder: [6] => [4] { Dense(9, silu), hidden: Dense(4, tanh) }
}
sequential! {
    struct Whole: [6] => [2] { Encoder, again: Encoder2, Dense(2) }
}
sequential! {
    struct Encoder2: [4] => [4] { Dense(4, use_bias = false), Dropout(0.1) }
}

#[test]
fn weights_of_nested_models_are_named_by_their_paths() {
    let model = Whole::new(1);
    let names: Vec<String> = model.get_weights().into_iter().map(|w| w.name).collect();
    assert_eq!(
        names,
        [
            "encoder/dense/kernel",
            "encoder/dense/bias",
            "encoder/hidden/kernel",
            "encoder/hidden/bias",
            "again/dense/kernel",
            "dense/kernel",
            "dense/bias",
        ]
    );
    assert_eq!(
        Whole::PARAMS,
        Encoder::PARAMS + Encoder2::PARAMS + 4 * 2 + 2
    );
}

#[test]
fn a_nested_model_computes_what_its_parts_do() {
    let model = Whole::new(3);
    let (mut encoder, mut second) = (Encoder::new(1), Encoder2::new(1));
    let strip = |prefix: &str| -> Vec<NamedWeight> {
        let mut list = model.get_weights();
        list.retain(|w| w.name.starts_with(prefix));
        list.iter_mut()
            .for_each(|w| w.name = w.name[prefix.len()..].into());
        list
    };
    encoder.set_weights(&strip("encoder/")).unwrap();
    second.set_weights(&strip("again/")).unwrap();
    let x = [0.1, -0.4, 0.9, 1.2, -0.3, 0.0];
    let code = second.predict(&encoder.predict(&x));
    let expected: Vec<f32> = (0..2)
        .map(|j| {
            (0..4)
                .map(|i| code[i] * model.dense.kernel[[i, j]])
                .sum::<f32>()
                + model.dense.bias[j]
        })
        .collect();
    for (p, e) in model.predict(&x).iter().zip(expected) {
        assert!((p - e).abs() < 1e-6);
    }
}

const WIDTH: usize = 4;
const FEATURES: usize = WIDTH * 3;

sequential! {
    struct FromConstants: [WIDTH, 3] => [{ FEATURES / 2 }] {
        Flatten => [FEATURES],
        Dense(FEATURES => 7, relu),
        Dense({ FEATURES / 2 }),
    }
}

#[test]
fn models_from_constants() {
    let model = FromConstants::new(1);
    let x: [[f32; 3]; WIDTH] = [[0.5; 3]; 4];
    let p: [f32; 6] = model.predict(&x);
    assert!(p.iter().all(|p| p.is_finite()));
    assert_eq!(FromConstants::PARAMS, 12 * 7 + 7 + 7 * 6 + 6);
}

#[test]
fn constants_are_constants() {
    const PARAMS: usize = FashionMlp::PARAMS;
    const TABLE: [u8; FashionMlp::OUTPUT_SHAPE[0]] = [0; FashionMlp::OUTPUT_SHAPE[0]];
    const _: () = assert!(FashionMlp::MACS == 784 * 128 + 128 * 256 + 256 * 512 + 512 * 10);
    const _: () = assert!(FashionMlp::INPUT_SHAPE[0] == 28 && FashionMlp::INPUT_SHAPE.len() == 2);
    assert_eq!(
        PARAMS,
        784 * 128 + 128 + 128 * 256 + 256 + 256 * 512 + 512 + 512 * 10 + 10
    );
    assert_eq!(TABLE.len(), 10);
    assert_eq!(
        (Net::<f64>::PARAMS, Net::<f32>::MACS),
        (6 * 35 + 36 * 18 + 19 * 3, 5 * 35 + 35 * 18 + 18 * 3)
    );
}

#[test]
fn the_summary_of_the_fashion_mlp() {
    let text = FashionMlp::new(42).summary().to_string();
    assert_eq!(
        text,
        "\
Model: FashionMlp
────────────────────────────────────────────
 Layer (type)        Output Shape   Param #
────────────────────────────────────────────
 flatten (Flatten)   [784]                0
 dense (Dense)       [128]          100,480
 dense_1 (Dense)     [256]           33,024
 dense_2 (Dense)     [512]          131,584
 dense_3 (Dense)     [10]             5,130
────────────────────────────────────────────
 Total params: 270,218 (1.03 MB)
 Multiply-adds: 269,312"
    );
}

#[test]
fn doubles_and_singles_learn_the_same() {
    let ((x, y), (x64, y64)) = (clouds::<f32>(60, 1), clouds::<f64>(60, 1));
    let (mut single, mut double) = (Net::<f32>::new(1), Net::<f64>::new(1));
    let one = single
        .compile(Sgd::new(0.1), CategoricalCrossentropy)
        .fit(&x, &y, fit().epochs(3))
        .unwrap();
    let two = double
        .compile(Sgd::new(0.1), CategoricalCrossentropy)
        .fit(&x64, &y64, fit().epochs(3))
        .unwrap();
    for (a, b) in one.loss.iter().zip(&two.loss) {
        assert!((a - b).abs() < 1e-4, "{a}, {b}");
    }
}
