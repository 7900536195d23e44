//! Weights that are not trained: who sees them, who changes them, and who does not.

use plywood::prelude::*;
use plywood::random::Stream;

sequential! {
    struct Net<T>: [2, 6, 6] => [3] {
        Normalization,
        Conv2D(5, 3),
        BatchNormalization(momentum = 0.5),
        Activation(relu),
        Flatten,
        Dense(40, use_bias = false),
        BatchNormalization(center = false, scale = false),
        LayerNormalization,
        Dense(3, softmax),
    }
}

type Image<T> = [[[T; 6]; 6]; 2];

fn data(count: usize) -> (Vec<Image<f32>>, Vec<u8>) {
    let mut random = Stream::new(5);
    let mut x = vec![[[[0.0; 6]; 6]; 2]; count];
    for x in x.iter_mut().flatten().flatten().flatten() {
        *x = 3.0 + random.normal() as f32;
    }
    let y = (0..count).map(|_| random.below(3) as u8).collect();
    (x, y)
}

const TRAINED: usize = (9 * 2 * 5 + 5) + 10 + 80 * 40 + 80 + (40 * 3 + 3);
const FROZEN: usize = 4 + 10 + 80;

#[test]
fn they_are_counted_apart() {
    assert_eq!(Net::<f32>::PARAMS, TRAINED);
    let summary = Net::<f32>::new(1).summary().to_string();
    for line in [
        " Total params: 3,602 (14.07 KB)",
        " Trainable params: 3,508 (13.70 KB)",
        " Non-trainable params: 94 (376 B)",
    ] {
        assert!(summary.lines().any(|l| l == line), "{line} in\n{summary}");
    }
    assert_eq!((TRAINED, FROZEN), (3508, 94));
    let total: usize = Net::<f32>::new(1)
        .get_weights()
        .iter()
        .map(|w| w.values.len())
        .sum();
    assert_eq!(total, TRAINED + FROZEN);
}

/// The weights that are not trained, by name.
fn frozen(model: &Net<f32>) -> Vec<NamedWeight> {
    let mut list = model.get_weights();
    list.retain(|w| w.name.contains("moving") || w.name.starts_with("normalization"));
    assert_eq!(list.len(), 6);
    list
}

#[test]
fn they_are_what_the_batches_say_for_every_optimizer() {
    let (x, y) = data(40);
    fn trained<O: plywood::optimizers::Optimizer>(
        optimizer: O,
        x: &[Image<f32>],
        y: &[u8],
    ) -> Vec<NamedWeight> {
        let mut model = Net::<f32>::new(1);
        let mut training = model.compile(optimizer, SparseCategoricalCrossentropy);
        training.train_on_batch(x, y).unwrap();
        frozen(&model)
    }
    // The first step's statistics do not depend on what the step does with the trained weights.
    let first = trained(Sgd::new(0.1), &x, &y);
    assert_eq!(first, trained(Sgd::new(0.5).momentum(0.9).l2(0.1), &x, &y));
    assert_eq!(first, trained(AdamW::new(0.1).weight_decay(0.5), &x, &y));
    assert_eq!(first, trained(RmsProp::new(0.1), &x, &y));
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let (x, y) = data(200);
    let trained = |threads| {
        let mut model = Net::<f32>::new(1);
        model.normalization.adapt(&x).unwrap();
        let mut training = model.compile(Adam::new(0.01), SparseCategoricalCrossentropy);
        let settings = Fit::new()
            .epochs(2)
            .batch_size(64)
            .threads(threads)
            .verbose(Verbose::Silent);
        training.fit(&x, &y, settings).unwrap();
        (
            model.predict_batch_threads(&x, threads),
            model.get_weights(),
        )
    };
    let alone = trained(1);
    for threads in [2, 3, 16] {
        assert!(alone == trained(threads), "{threads} threads");
    }
}

#[test]
fn a_fit_that_runs_away_gives_them_back() {
    let (x, y) = data(40);
    let mut model = Net::<f32>::new(1);
    let mut training = model.compile(Sgd::new(0.01), SparseCategoricalCrossentropy);
    let settings = || Fit::new().batch_size(8).verbose(Verbose::Silent);
    training.fit(&x, &y, settings()).unwrap();
    let good = frozen(training.model());
    training.set_learning_rate(1e38).unwrap();
    let error = training.fit(&x, &y, settings()).unwrap_err();
    assert!(matches!(error, Error::NonFiniteLoss { .. }), "{error}");
    assert_eq!(frozen(training.model()), good);
}

#[test]
fn a_copy_has_them_and_so_has_a_model_with_the_same_weights() {
    let (x, y) = data(40);
    let mut model = Net::<f32>::new(1);
    model.normalization.adapt(&x).unwrap();
    let mut training = model.compile(Sgd::new(0.01), SparseCategoricalCrossentropy);
    training.train_on_batch(&x, &y).unwrap();
    let copy = model.clone();
    let mut other = Net::<f32>::new(2);
    other.set_weights(&model.get_weights()).unwrap();
    for x in &x[..3] {
        assert_eq!(copy.predict(x), model.predict(x));
        assert_eq!(other.predict(x), model.predict(x));
    }
}

#[test]
fn batches_become_normal() {
    sequential! {
        struct Only: [3] => [3] { BatchNormalization(momentum = 0) }
    }
    let mut random = Stream::new(6);
    let x: Vec<[f32; 3]> = (0..1000)
        .map(|_| [5.0, -2.0, 0.1].map(|a| a + 3.0 * a * random.normal() as f32))
        .collect();
    let mut model = Only::new(1);
    let mut training = model.compile(Sgd::new(1e-30), MeanSquaredError);
    training.train_on_batch(&x, &x).unwrap();
    let y = model.predict_batch(&x);
    for feature in 0..3 {
        let mean = y.iter().map(|y| y[feature]).sum::<f32>() / 1e3;
        let variance = y.iter().map(|y| y[feature] * y[feature]).sum::<f32>() / 1e3;
        assert!(
            mean.abs() < 1e-4 && (variance - 1.0).abs() < 0.02,
            "{mean} {variance}"
        );
    }
}
