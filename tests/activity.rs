//! Penalties of outputs: the loss that is reported, in batches of every kind, and what steps make of them.

use plywood::prelude::*;
use plywood::random::Stream;

/// Numbers of Keras 3.15.1 for these samples, targets of zero and a learning rate of zero:
///
/// ```python
/// identity = keras.initializers.Identity()
/// l1_l2 = keras.regularizers.L1L2(0.1, 0.01)
/// model = keras.Sequential([Dense(2, kernel_initializer=identity, activity_regularizer=l1_l2)])
/// ```
const X: [[f32; 2]; 4] = [[1.0, -2.0], [3.0, 4.0], [0.5, -1.0], [2.0, -0.25]];
const LOSS: f64 = 4.846094;
const WEIGHTED_LOSS: f64 = 1.3695313;

sequential! {
    struct Layer: [2] => [2] { ActivityRegularization(l1 = 0.1, l2 = 0.01) }
}
sequential! {
    struct Argument: [2] => [2] { Dense(2, activity_regularizer = l1_l2(0.1, 0.01)) }
}

fn identity() -> Box<Argument> {
    let mut model = Argument::new(1);
    for place in [[0, 0], [0, 1], [1, 0], [1, 1]] {
        model.dense.kernel[place] = f32::from(place[0] == place[1]);
    }
    model
}

fn quiet(batch_size: usize) -> Fit<'static, [f32; 2], [f32; 2]> {
    Fit::new()
        .batch_size(batch_size)
        .shuffle(false)
        .verbose(Verbose::Silent)
}

#[track_caller]
fn assert_near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-6 * expected,
        "{found}, but {expected}"
    );
}

#[test]
fn every_loss_that_is_reported_is_that_of_keras() {
    let y = [[0.0; 2]; 4];
    let mut model = Layer::new(1);
    let training = model.compile(Sgd::new(0.0), MeanSquaredError);
    assert_near(training.evaluate(&X, &y).unwrap().loss, LOSS);

    let mut model = identity();
    let mut training = model.compile(Sgd::new(0.0), MeanSquaredError);
    assert_near(training.evaluate(&X, &y).unwrap().loss, LOSS);
    assert_near(training.train_on_batch(&X, &y).unwrap(), LOSS);
    let settings = quiet(3).validation_data(&X, &y);
    let history = training.fit(&X, &y, settings).unwrap();
    assert_near(history.loss[0], LOSS);
    assert_near(history.val_loss[0], LOSS);

    // Weights of samples do not count in penalties.
    let settings = quiet(4).sample_weight(&[1.0, 0.0, 2.0, 0.0]);
    let history = training.fit(&X, &y, settings).unwrap();
    assert_near(history.loss[0], WEIGHTED_LOSS);
}

#[test]
fn steps_of_an_accumulation_each_count_their_own_batch() {
    sequential! {
        struct Net: [1] => [1] {
            Dense(1, use_bias = false, kernel_initializer = ones, activity_regularizer = l2(1.0)),
        }
    }
    // The targets are met, so that the gradient is that of the mean of (w x)^2.
    let step = |optimizer: Sgd, batches: &[&[[f32; 1]]]| {
        let mut model = Net::new(1);
        let mut training = model.compile(optimizer, MeanSquaredError);
        for x in batches {
            training.train_on_batch(x, x).unwrap();
        }
        model.dense.kernel[[0, 0]]
    };
    let (first, second): (&[_], &[_]) = (&[[1.0], [2.0]], &[[3.0], [4.0]]);
    let all = [first, second].concat();
    assert_eq!(step(Sgd::new(0.01), &[&all]), 1.0 - 0.01 * 2.0 * 7.5);
    let accumulated = Sgd::new(0.01).gradient_accumulation_steps(2);
    assert_eq!(step(accumulated, &[first, second]), 1.0 - 0.01 * 2.0 * 7.5);
}

sequential! {
    /// Layers of every kind that have others inside, and a batch that is cut into shards.
    struct Separate: [12, 12] => [2, 3] {
        Reshape([1, 12, 12]),
        Conv2D(16, 3, activation = tanh, activity_regularizer = l1_l2(1e-4, 1e-3)),
        MaxPooling2D(2),
        Residual(Conv2D(16, 3, padding = same, activity_regularizer = l2(1e-3)), Activation(tanh)),
        Dropout(0.1),
        Concatenate([Conv2D(2, 1, activity_regularizer = l1)], [Conv2D(2, 1)]),
        Flatten(activity_regularizer = l2(1e-4)),
        Dense(6),
        Reshape([2, 3]),
        TimeDistributed(Dense(3, activity_regularizer = l2(1e-2))),
    }
}
sequential! {
    /// The same in short, of samples that depend on each other.
    struct Together: [12, 12] => [2, 3] {
        Reshape([1, 12, 12]),
        Conv2D(4, 3, activation = tanh, activity_regularizer = l2(1e-3)),
        BatchNormalization,
        ActivityRegularization(l1 = 1e-4),
        Flatten,
        Dense(6),
        Reshape([2, 3]),
    }
}

type Data = (Vec<[[f32; 12]; 12]>, Vec<[[f32; 3]; 2]>);

fn data(count: usize) -> Data {
    let mut random = Stream::new(3);
    let mut x = vec![[[0.0; 12]; 12]; count];
    let mut y = vec![[[0.0; 3]; 2]; count];
    let numbers = x.iter_mut().flatten().flatten();
    for number in numbers.chain(y.iter_mut().flatten().flatten()) {
        *number = random.normal() as f32;
    }
    (x, y)
}

/// Losses and weights of a short training on so many threads.
macro_rules! trained {
    ($model:ident, $threads:expr) => {{
        let (x, y) = data(75);
        let mut model = $model::new(1);
        let mut training = model.compile(Sgd::new(0.05), MeanSquaredError);
        let settings = Fit::new()
            .epochs(2)
            .batch_size(50)
            .threads($threads)
            .validation_data(&x, &y)
            .verbose(Verbose::Silent);
        let history = training.fit(&x, &y, settings).unwrap();
        assert_eq!(training.evaluate(&x, &y).unwrap().loss, history.val_loss[1]);
        (history, training.model().get_weights())
    }};
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (history, weights) = trained!(Separate, 1);
    for threads in [2, 3] {
        let (other, others) = trained!(Separate, threads);
        assert_eq!(history.loss, other.loss);
        assert_eq!(history.val_loss, other.val_loss);
        assert_eq!(weights, others);
    }
    assert!(history.loss[1] < history.loss[0]);
    let (history, weights) = trained!(Together, 1);
    let (other, others) = trained!(Together, 2);
    assert_eq!(history.loss, other.loss);
    assert_eq!(weights, others);
}

#[test]
fn a_loss_that_is_not_finite_leaves_statistics_as_they_were() {
    sequential! {
        struct Net: [2] => [1] {
            BatchNormalization, ActivityRegularization(l2 = 0.1), Dense(1),
        }
    }
    let mut model = Net::new(1);
    let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
    let good = [[1.0, 2.0], [3.0, -1.0]];
    training.train_on_batch(&good, &[[1.0], [2.0]]).unwrap();
    let before = training.model().get_weights();
    assert_ne!(before, Net::new(1).get_weights());
    let wrong = training.train_on_batch(&good, &[[f32::MAX], [f32::MAX]]);
    assert!(
        matches!(wrong, Err(Error::NonFiniteLoss { .. })),
        "{wrong:?}"
    );
    assert_eq!(training.model().get_weights(), before);
}
