//! No big array ever lies on the stack: everything that one does with a model of 24 MB works in a
//! thread that has 256 KiB of stack, optimised or not.

use plywood::prelude::*;
use plywood::random::Stream;
use std::path::Path;

sequential! {
    struct Wide: [784] => [10] { Dense(2048, relu), Dense(2048, relu), Dense(10, softmax) }
}

sequential! {
    struct Normalised: [784] => [10] {
        Normalization,
        Dense(2048, relu),
        BatchNormalization,
        LayerNormalization,
        GroupNormalization,
        PReLU,
        Dense(10, softmax),
    }
}

sequential! {
    struct Deep: [784] => [10] {
        Dense(128, relu), Dense(128, gelu), Dense(128, relu), Dense(128, relu), Dense(128, relu), Dropout(0.1),
        Dense(128, relu), Dense(128, gelu), Dense(128, relu), Dense(128, relu), Dense(128, relu), Dropout(0.1),
        Dense(128, relu), Dense(128, gelu), Dense(128, relu), Dense(128, relu), Dense(128, relu), Dropout(0.1),
        Dense(10, softmax),
    }
}

sequential! {
    struct Convolutional: [784] => [10] {
        Reshape([1, 28, 28]),
        Conv2D(8, 3, activation = relu),
        MaxPooling2D(2),
        Conv2D(64, 3, activation = relu),
        MaxPooling2D(2),
        Conv2D(64, 3, padding = same),
        Flatten,
        Dense(10, softmax),
    }
}

/// Runs the work with 256 KiB of stack. A thread that runs out of it takes the whole test down.
fn on_a_small_stack(work: fn()) {
    on_a_stack(256, work);
}

/// The same with so many KiB. (Nothing is optimised here, not even the kernels.)
fn on_a_stack(size: usize, work: fn()) {
    let thread = std::thread::Builder::new().stack_size(size * 1024);
    thread.spawn(work).unwrap().join().unwrap();
}

fn data(count: usize) -> (Vec<[f32; 784]>, Vec<[f32; 10]>) {
    let mut random = Stream::new(3);
    let mut x = vec![[0.0; 784]; count];
    let mut y = vec![[0.0; 10]; count];
    for (x, y) in x.iter_mut().zip(&mut y) {
        x.fill_with(|| random.uniform() as f32);
        y[random.below(10)] = 1.0;
    }
    (x, y)
}

#[test]
fn build_predict_clone() {
    on_a_small_stack(|| {
        let (x, _) = data(3);
        let model: Box<Wide> = Wide::new(1);
        assert!(size_of::<Wide>() > 23_000_000);
        let alone: Vec<[f32; 10]> = x.iter().map(|x| model.predict(x)).collect();
        assert_eq!(model.predict_batch(&x), alone);
        let copy = model.clone();
        drop(model);
        assert_eq!(copy.predict(&x[0]), alone[0]);
        let mut kept = Some(copy);
        let moved = kept.take().unwrap();
        assert_eq!(moved.predict(&x[0]), alone[0]);
    });
}

#[test]
fn train() {
    on_a_small_stack(|| {
        let (x, y) = data(5);
        let mut model = Wide::new(1);
        let mut training = model
            .compile(Sgd::new(0.01), CategoricalCrossentropy)
            .metrics(Accuracy);
        let settings = Fit::new()
            .epochs(2)
            .batch_size(2)
            .validation_data(&x[..2], &y[..2])
            .callback(EarlyStopping::new().patience(5).restore_best_weights(true))
            .verbose(Verbose::Silent);
        let history = training.fit(&x, &y, settings).unwrap();
        assert_eq!(history.epochs(), 2);
        training.train_on_batch(&x[..2], &y[..2]).unwrap();
        assert!(training.evaluate(&x, &y).unwrap().loss.is_finite());
    });
}

// (Where nothing is optimised, each layer has its place in the function that takes a step.)
#[test]
fn train_many_layers_on_two_threads() {
    on_a_stack(512, || {
        let (x, y) = data(64);
        let mut model = Deep::new(1);
        let mut training = model.compile(Sgd::new(0.01), CategoricalCrossentropy);
        let settings = Fit::new().epochs(2).threads(2).verbose(Verbose::Silent);
        let history = training.fit(&x, &y, settings).unwrap();
        assert!(history.loss[1].is_finite());
    });
}

#[test]
fn train_what_one_owns_with_an_optimizer_that_remembers() {
    on_a_small_stack(|| {
        let (x, y) = data(2);
        let mut training = Training::new(Wide::new(1), Adam::new(0.001), CategoricalCrossentropy);
        training.train_on_batch(&x, &y).unwrap();
        training.train_on_batch(&x, &y).unwrap();
        let model: Box<Wide> = training.into_model();
        assert!(model.predict(&x[0]).iter().all(|p| p.is_finite()));
    });
}

#[test]
fn adapt_and_train_with_normalisations() {
    on_a_small_stack(|| {
        let (x, y) = data(4);
        let mut model = Normalised::new(1);
        model.normalization.adapt(&x).unwrap();
        let mut training = model.compile(Adam::new(0.001), CategoricalCrossentropy);
        let settings = Fit::new().epochs(2).batch_size(2).verbose(Verbose::Silent);
        training.fit(&x, &y, settings).unwrap();
        assert!(model.predict(&x[0]).iter().all(|p| p.is_finite()));
    });
}

#[test]
fn train_with_convolutions() {
    on_a_stack(384, || {
        let (x, y) = data(20);
        let mut model = Convolutional::new(1);
        let mut training = model.compile(Adam::new(0.001), CategoricalCrossentropy);
        let settings = Fit::new().batch_size(20).epochs(1).verbose(Verbose::Silent);
        training.fit(&x, &y, settings).unwrap();
        let _ = model.predict(&x[0]);
    });
}

#[test]
fn weights_out_and_in() {
    on_a_small_stack(|| {
        let (x, _) = data(1);
        let (one, mut other) = (Wide::new(1), Wide::new(2));
        assert_ne!(one.predict(&x[0]), other.predict(&x[0]));
        other.set_weights(&one.get_weights()).unwrap();
        assert_eq!(one.predict(&x[0]), other.predict(&x[0]));
        assert!(other.summary().to_string().contains("5,824,522"));
    });
}

#[test]
fn weights_to_a_file_and_back() {
    on_a_small_stack(|| {
        let (x, _) = data(1);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("small_stack.safetensors");
        let (one, mut other) = (Wide::new(1), Wide::new(2));
        one.save_weights(&path).unwrap();
        other.load_weights(&path).unwrap();
        assert_eq!(one.predict(&x[0]), other.predict(&x[0]));
        let mut third = Wide::new(3);
        third.weights_from_bytes(&one.weights_to_bytes()).unwrap();
        assert_eq!(one.predict(&x[0]), third.predict(&x[0]));
        std::fs::remove_file(path).unwrap();
    });
}

#[test]
fn a_training_that_runs_away() {
    on_a_small_stack(|| {
        let (x, y) = data(4);
        let mut model = Wide::new(1);
        let mut training = model.compile(Sgd::new(1e30).momentum(0.9), CategoricalCrossentropy);
        let settings = Fit::new().epochs(3).batch_size(2).verbose(Verbose::Silent);
        let error = training.fit(&x, &y, settings).unwrap_err();
        assert!(matches!(error, Error::NonFiniteLoss { .. }), "{error}");
        assert!(training.evaluate(&x, &y).unwrap().loss.is_finite());
    });
}
