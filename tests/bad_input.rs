//! Bad values are errors that say where and what, never panics; and a training that runs away
//! leaves the model with the last weights whose loss was finite.

use std::sync::{Arc, Mutex};

use plywood::cast::Plain;
use plywood::layer::Model;
use plywood::losses::{Fits, Loss};
use plywood::metrics::Metric;
use plywood::prelude::*;
use plywood::random::Stream;

sequential! {
    struct Line: [1] => [1] { Dense(1) }
}
sequential! {
    struct Mlp: [3] => [2] { Dense(40, relu), Dense(2) }
}
sequential! {
    struct Classes: [3] => [4] { Dense(4, softmax) }
}

fn fit<'a, X, Y>() -> Fit<'a, X, Y> {
    Fit::new().verbose(Verbose::Silent)
}

fn line() -> Training<Box<Line>, Sgd, MeanSquaredError> {
    Training::new(Line::new(1), Sgd::new(0.1), MeanSquaredError)
}

fn bits<M: Model<Element = f32>>(model: &M) -> Vec<u32> {
    let weights = plywood::training::get_weights(model);
    weights
        .iter()
        .flat_map(|w| &w.values)
        .map(|w| w.to_bits())
        .collect()
}

/// The error has this variant and this text.
macro_rules! assert_error {
    ($result:expr, $variant:pat, $text:expr) => {{
        let error = $result.unwrap_err();
        assert!(matches!(error, $variant), "{error:?}");
        assert_eq!(error.to_string(), $text);
    }};
}

/// Every way into a training refuses these data, and changes nothing.
macro_rules! assert_refused {
    ($training:expr, $x:expr, $y:expr, $variant:pat, $text:expr) => {{
        let mut training = $training;
        let before = bits(training.model());
        assert_error!(training.fit($x, $y, fit()), $variant, $text);
        assert_error!(training.evaluate($x, $y), $variant, $text);
        assert_error!(training.train_on_batch($x, $y), $variant, $text);
        assert_eq!(bits(training.model()), before);
    }};
}

#[test]
fn no_data() {
    assert_refused!(
        line(),
        &[],
        &[],
        Error::Empty { what: "x" },
        "x is empty: at least one sample is needed"
    );
}

#[test]
fn lengths_that_differ() {
    assert_refused!(
        line(),
        &[[1.0], [2.0]],
        &[[1.0]],
        Error::LengthMismatch {
            left: "x",
            left_len: 2,
            right: "y",
            right_len: 1
        },
        "x has 2 samples, but y has 1"
    );
    assert_refused!(
        line(),
        &[[1.0]],
        &[],
        Error::LengthMismatch {
            left: "x",
            left_len: 1,
            right: "y",
            right_len: 0
        },
        "x has 1 samples, but y has 0"
    );
}

#[test]
fn numbers_that_are_none() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        // At the first place, the last one, and on both sides of a vector's end.
        for index in [0, 15, 16, 17, 31, 32, 33, 36] {
            let (good, mut data) = ([[0.5]; 37], [[0.5]; 37]);
            data[index] = [bad];
            let text = |what| {
                format!("sample {index} of {what} (counted from 0) holds a NaN or an infinity")
            };
            assert_refused!(
                line(),
                &data,
                &good,
                Error::NotFinite { what: "x", .. },
                text("x")
            );
            assert_refused!(
                line(),
                &good,
                &data,
                Error::NotFinite { what: "y", .. },
                text("y")
            );
        }
    }
}

/// Enough numbers that threads look for them together.
#[test]
fn threads_find_the_same_sample() {
    sequential! { struct Wide: [100] => [100] { Dense(100) } }
    let mut model = Wide::new(1);
    let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
    let good = vec![[0.5; 100]; 1200];
    for index in [0, 599, 600, 1199] {
        let mut data = good.clone();
        data[index][99] = f32::NAN;
        let found = training.fit(&data, &good, fit().threads(2));
        assert!(matches!(found, Err(Error::NotFinite { what: "x", index: i }) if i == index));
    }
    assert!(training.fit(&good, &good, fit().threads(2)).is_ok());
}

#[test]
fn labels_out_of_range() {
    let sparse = || {
        Training::new(
            Classes::new(1),
            Sgd::new(0.1),
            SparseCategoricalCrossentropy,
        )
    };
    let text = "label 2 (counted from 0) is 4, but must be below 4, the number of classes";
    let x = [[0.0; 3]; 3];
    assert_refused!(
        sparse(),
        &x,
        &[0u8, 3, 4],
        Error::LabelOutOfRange {
            index: 2,
            label: 4,
            classes: 4
        },
        text
    );
    assert_refused!(
        sparse(),
        &x,
        &[0usize, 3, 4],
        Error::LabelOutOfRange {
            index: 2,
            label: 4,
            classes: 4
        },
        text
    );
    assert_error!(
        sparse().train_on_batch(&x[..1], &[usize::MAX]),
        Error::LabelOutOfRange { index: 0, .. },
        format!(
            "label 0 (counted from 0) is {}, but must be below 4, the number of classes",
            usize::MAX
        )
    );
}

#[test]
fn validation_data() {
    let (x, y) = ([[1.0], [2.0]], [[1.0], [2.0]]);
    let nan = [[1.0], [f32::NAN]];
    let before = bits(line().model());
    let mut training = line();
    assert_error!(
        training.fit(&x, &y, fit().validation_data(&[], &[])),
        Error::Empty {
            what: "validation x"
        },
        "validation x is empty: at least one sample is needed"
    );
    assert_error!(
        training.fit(&x, &y, fit().validation_data(&x, &y[..1])),
        Error::LengthMismatch {
            left: "validation x",
            right: "validation y",
            ..
        },
        "validation x has 2 samples, but validation y has 1"
    );
    assert_error!(
        training.fit(&x, &y, fit().validation_data(&nan, &y)),
        Error::NotFinite {
            what: "validation x",
            index: 1
        },
        "sample 1 of validation x (counted from 0) holds a NaN or an infinity"
    );
    assert_error!(
        training.fit(&x, &y, fit().validation_data(&x, &nan)),
        Error::NotFinite {
            what: "validation y",
            index: 1
        },
        "sample 1 of validation y (counted from 0) holds a NaN or an infinity"
    );
    assert_eq!(
        bits(training.model()),
        before,
        "all of it is checked before the first step"
    );
}

#[test]
fn settings_of_fit() {
    let (x, y) = ([[1.0], [2.0]], [[1.0], [2.0]]);
    let mut training = line();
    let before = bits(training.model());
    assert_error!(
        training.fit(&x, &y, fit().batch_size(0)),
        Error::BadArgument {
            name: "batch_size",
            ..
        },
        "batch_size is 0, but must be at least 1"
    );
    for share in [-0.1, 1.0, 1.5, f64::NAN, f64::INFINITY] {
        assert_error!(
            training.fit(&x, &y, fit().validation_split(share)),
            Error::BadArgument {
                name: "validation_split",
                ..
            },
            format!("validation_split is {share}, but must be at least 0 and below 1")
        );
    }
    assert_error!(
        training.fit(&x, &y, fit().validation_split(0.8)),
        Error::BadArgument {
            name: "validation_split",
            ..
        },
        "validation_split is 0.8, but must be small enough to leave a sample to train on"
    );
    assert_eq!(bits(training.model()), before);
    // No epochs and a share that rounds to nothing are fine.
    let history = training
        .fit(&x, &y, fit().epochs(0).validation_split(0.1))
        .unwrap();
    assert_eq!(history.epochs(), 0);
    assert_eq!(bits(training.model()), before);
}

#[test]
fn settings_of_optimizers() {
    fn refused<O: Optimizer>(optimizer: O, text: &str) {
        let mut training = Training::new(Line::new(1), optimizer, MeanSquaredError);
        let before = bits(training.model());
        assert_error!(
            training.fit(&[[1.0]], &[[1.0]], fit()),
            Error::BadArgument { .. },
            text
        );
        assert_error!(
            training.train_on_batch(&[[1.0]], &[[1.0]]),
            Error::BadArgument { .. },
            text
        );
        assert_eq!(bits(training.model()), before);
    }
    for rate in [-0.1, f64::NAN, f64::INFINITY] {
        let text = format!("learning_rate is {rate}, but must be a finite number, 0 or more");
        refused(Sgd::new(rate), &text);
        refused(Adam::new(rate), &text);
        refused(AdamW::new(rate), &text);
        refused(RmsProp::new(rate), &text);
        refused(Adagrad::new(rate), &text);
        refused(Adadelta::new(rate), &text);
        refused(Adamax::new(rate), &text);
        refused(Nadam::new(rate), &text);
        refused(Lion::new(rate), &text);
    }
    refused(
        Sgd::new(0.1).momentum(1.5),
        "momentum is 1.5, but must be at least 0 and below 1",
    );
    refused(
        Sgd::new(0.1).momentum(-0.5),
        "momentum is -0.5, but must be at least 0 and below 1",
    );
    refused(
        Sgd::new(0.1).momentum(f64::NAN),
        "momentum is NaN, but must be at least 0 and below 1",
    );
    refused(
        Sgd::new(0.1).weight_decay(-1.0),
        "weight_decay is -1, but must be a finite number, 0 or more",
    );
    refused(
        Sgd::new(0.1).l2(f64::NAN),
        "l2 is NaN, but must be a finite number, 0 or more",
    );
    refused(
        Adam::new(0.1).beta_1(1.0),
        "beta_1 is 1, but must be at least 0 and below 1",
    );
    refused(
        AdamW::new(0.1).beta_2(1.0),
        "beta_2 is 1, but must be at least 0 and below 1",
    );
    refused(
        Adam::new(0.1).epsilon(-1.0),
        "epsilon is -1, but must be a finite number above 0",
    );
    refused(
        RmsProp::new(0.1).rho(2.0),
        "rho is 2, but must be at least 0 and below 1",
    );
    refused(
        Adagrad::new(0.1).initial_accumulator_value(-1.0),
        "initial_accumulator_value is -1, but must be a finite number, 0 or more",
    );
    refused(
        Adagrad::new(0.1).epsilon(0.0),
        "epsilon is 0, but must be a finite number above 0",
    );
    refused(
        Adadelta::new(0.1).rho(1.0),
        "rho is 1, but must be at least 0 and below 1",
    );
    refused(
        Adamax::new(0.1).beta_1(1.0),
        "beta_1 is 1, but must be at least 0 and below 1",
    );
    refused(
        Nadam::new(0.1).beta_2(f64::NAN),
        "beta_2 is NaN, but must be at least 0 and below 1",
    );
    refused(
        Lion::new(0.1).beta_1(0.0),
        "beta_1 is 0, but must be above 0 and at most 1",
    );
    refused(
        Lion::new(0.1).beta_2(1.0),
        "beta_2 is 1, but must be at least 0 and below 1",
    );
    for clip in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let text = |name| format!("{name} is {clip}, but must be a finite number above 0");
        refused(Sgd::new(0.1).clipvalue(clip), &text("clipvalue"));
        refused(Adam::new(0.1).clipnorm(clip), &text("clipnorm"));
        refused(
            Lion::new(0.1).global_clipnorm(clip),
            &text("global_clipnorm"),
        );
    }
    refused(
        Sgd::new(0.1).clipvalue(1.0).global_clipnorm(2.0),
        "global_clipnorm is 2, but must be the only one of clipvalue, clipnorm and global_clipnorm",
    );
    refused(
        Sgd::new(0.1).gradient_accumulation_steps(0),
        "gradient_accumulation_steps is 0, but must be at least 1",
    );
    refused(
        Sgd::new(0.1).use_ema(true).ema_momentum(1.5),
        "ema_momentum is 1.5, but must be from 0 to 1",
    );
    refused(
        Sgd::new(0.1).use_ema(true).ema_overwrite_frequency(0),
        "ema_overwrite_frequency is 0, but must be at least 1",
    );
}

#[test]
fn settings_of_schedules() {
    fn refused(rate: impl plywood::optimizers::IntoLearningRate, text: &str) {
        let mut training = Training::new(Line::new(1), Adam::new(rate), MeanSquaredError);
        assert_error!(
            training.fit(&[[1.0]], &[[1.0]], fit()),
            Error::BadArgument { .. },
            text
        );
    }
    let number = "must be a finite number, 0 or more";
    for bad in [-0.5, f64::NAN, f64::INFINITY] {
        let text = |name| format!("{name} is {bad}, but {number}");
        let initial = text("initial_learning_rate");
        refused(ExponentialDecay::new(bad, 10, 0.5), &initial);
        refused(InverseTimeDecay::new(bad, 10, 0.5), &initial);
        refused(PolynomialDecay::new(bad, 10), &initial);
        refused(CosineDecay::new(bad, 10), &initial);
        refused(ExponentialDecay::new(0.1, 10, bad), &text("decay_rate"));
        refused(InverseTimeDecay::new(0.1, 10, bad), &text("decay_rate"));
        let polynomial = PolynomialDecay::new(0.1, 10);
        refused(
            polynomial.clone().end_learning_rate(bad),
            &text("end_learning_rate"),
        );
        refused(polynomial.power(bad), &text("power"));
        refused(CosineDecay::new(0.1, 10).alpha(bad), &text("alpha"));
        refused(
            CosineDecay::new(0.1, 10).warmup_target(bad),
            &text("warmup_target"),
        );
        refused(
            PiecewiseConstantDecay::new([1], [0.1, bad]),
            &text("learning_rate"),
        );
    }
    let steps = "decay_steps is 0, but must be at least 1";
    refused(ExponentialDecay::new(0.1, 0, 0.5), steps);
    refused(InverseTimeDecay::new(0.1, 0, 0.5), steps);
    refused(PolynomialDecay::new(0.1, 0), steps);
    refused(CosineDecay::new(0.1, 0), steps);
    refused(
        PiecewiseConstantDecay::new([1, 2], [0.1, 0.2]),
        "the number of values is 2, but must be one more than there are boundaries",
    );
    refused(
        PiecewiseConstantDecay::new([0; 0], [0.0; 0]),
        "the number of values is 0, but must be one more than there are boundaries",
    );
    refused(
        PiecewiseConstantDecay::new([5, 5], [0.1, 0.2, 0.3]),
        "a boundary is 5, but must be above the boundary before it",
    );
}

#[test]
fn a_learning_rate_that_a_schedule_gives_cannot_be_set() {
    let rate = ExponentialDecay::new(0.1, 1, 0.5);
    let mut training = Training::new(Line::new(1), Sgd::new(rate), MeanSquaredError);
    let text = "the learning rate cannot be set to 0.2: the optimiser follows a schedule";
    assert_error!(
        training.set_learning_rate(0.2),
        Error::ScheduledLearningRate { .. },
        text
    );
    assert_error!(
        training.fit(
            &[[1.0]],
            &[[1.0]],
            fit().callback(LearningRateScheduler::new(|_, _| 0.2))
        ),
        Error::ScheduledLearningRate { .. },
        text
    );
    // A callback that leaves it alone sees the rate of the next step.
    let mut rates = Vec::new();
    let settings = fit()
        .epochs(3)
        .callback(LearningRateScheduler::new(|_, rate| rate))
        .on_epoch_end(|end| rates.push(end.learning_rate));
    training.fit(&[[1.0]], &[[1.0]], settings).unwrap();
    assert_eq!(rates, [0.1 / 2.0, 0.1 / 4.0, 0.1 / 8.0]);
    assert_eq!(training.learning_rate(), rates[2]);
}

#[test]
fn a_learning_rate_that_is_none_is_refused_where_it_is_set() {
    let mut training = line();
    for rate in [-1.0, f64::NAN, f64::INFINITY] {
        assert_error!(
            training.set_learning_rate(rate),
            Error::BadArgument {
                name: "learning_rate",
                ..
            },
            format!("learning_rate is {rate}, but must be a finite number, 0 or more")
        );
        assert_eq!(training.learning_rate(), 0.1);
    }
}

/// Settings that every way into a training refuses.
fn refused<L, Me>(loss: L, metric: Me, text: &str)
where
    L: Fits<Softmax> + Loss<f32, [f32; 4], [f32; 4]>,
    Me: Metric<f32, [f32; 4], [f32; 4]>,
{
    let training = Training::new(Classes::new(1), Sgd::new(0.1), loss).metrics(metric);
    assert_refused!(
        training,
        &[[0.0; 3]],
        &[[0.25; 4]],
        Error::BadArgument { .. },
        text
    );
}

#[test]
fn settings_of_losses() {
    for share in [-0.1, 1.0, 1.5, f64::NAN, f64::INFINITY] {
        let text = format!("label_smoothing is {share}, but must be at least 0 and below 1");
        refused(BinaryCrossentropy.label_smoothing(share), Accuracy, &text);
        let loss = CategoricalCrossentropy.label_smoothing(share);
        refused(loss, Accuracy, &text);
        // As a metric it is checked, too.
        refused(MeanSquaredError, loss, &text);
        let mut training = line_with(BinaryCrossentropy::from_logits().label_smoothing(share));
        assert_error!(
            training.train_on_batch(&[[1.0]], &[[1.0]]),
            Error::BadArgument { .. },
            text
        );
    }
    for delta in [-1.0, 0.0, f64::NAN, f64::INFINITY] {
        let text = format!("delta is {delta}, but must be a finite number above 0");
        refused(Huber::new(delta), Accuracy, &text);
    }
    line_with(BinaryCrossentropy::from_logits().label_smoothing(0.0))
        .train_on_batch(&[[1.0]], &[[1.0]])
        .unwrap();
}

fn line_with<L: Fits<Linear>>(loss: L) -> Training<Box<Line>, Sgd, L> {
    Training::new(Line::new(1), Sgd::new(0.1), loss)
}

#[test]
fn settings_of_metrics() {
    fn no<Me: Metric<f32, [f32; 4], [f32; 4]>>(metric: Me, text: &str) {
        refused(MeanSquaredError, metric, text);
    }
    let text = "class_id is 4, but must be below the number of outputs";
    no(Precision::new().class_id(4), text);
    no(Recall::new().class_id(4), text);
    no(Named("of_five", Recall::new().class_id(4)), text);
    no(
        Precision::new().top_k(0),
        "top_k is 0, but must be at least 1",
    );
    no(TopK::new(0), "k is 0, but must be at least 1");
    let text = "threshold is NaN, but must be a finite number";
    no(Precision::new().threshold(f64::NAN), text);
    no(BinaryAccuracy::threshold(f64::NAN), text);
    for threshold in [-0.5, 0.0, 1.5, f64::NAN] {
        let text = format!("threshold is {threshold}, but must be above 0 and at most 1");
        no(F1Score::new().threshold(threshold), &text);
    }
    for count in [0, 1, 1_000_001, usize::MAX] {
        let text = format!("num_thresholds is {count}, but must be from 2 to 1000000");
        no(Auc::new().num_thresholds(count), &text);
    }
    // Among several, too, and with targets that are class numbers.
    let mut training = Training::new(
        Classes::new(1),
        Sgd::new(0.1),
        SparseCategoricalCrossentropy,
    )
    .metrics(Recall::new().class_id(usize::MAX))
    .metrics(Accuracy);
    assert_error!(
        training.fit(&[[0.0; 3]], &[0u8], fit()),
        Error::BadArgument {
            name: "class_id",
            ..
        },
        format!(
            "class_id is {}, but must be below the number of outputs",
            usize::MAX
        )
    );
}

#[test]
fn a_bad_learning_rate_from_a_callback() {
    let mut training = line();
    let settings = fit()
        .epochs(5)
        .callback(LearningRateScheduler::new(|_, _| f64::NAN));
    assert_error!(
        training.fit(&[[1.0]], &[[1.0]], settings),
        Error::BadArgument {
            name: "learning_rate",
            ..
        },
        "learning_rate is NaN, but must be a finite number, 0 or more"
    );
    training.set_learning_rate(0.1).unwrap();
    training.fit(&[[1.0]], &[[1.0]], fit()).unwrap();
}

#[test]
fn weights_of_samples() {
    let (x, y) = ([[1.0]; 3], [[1.0]; 3]);
    let refused = |weights: &[f64], text: &str| {
        let mut training = line();
        let before = bits(training.model());
        let error = training
            .fit(&x, &y, fit().sample_weight(weights))
            .unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(bits(training.model()), before);
    };
    refused(&[], "x has 3 samples, but sample_weight has 0");
    refused(&[1.0; 4], "x has 3 samples, but sample_weight has 4");
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let text = format!(
            "sample_weight is {bad} at sample 1 (counted from 0), but must be finite numbers, \
             0 or more"
        );
        refused(&[1.0, bad, 1.0], &text);
    }
    line()
        .fit(&x, &y, fit().sample_weight(&[0.0f32; 3]))
        .unwrap();
    // One for each sample, those held out as well.
    let settings = fit().sample_weight(&[1.0; 3]).validation_split(0.4);
    line().fit(&x, &y, settings).unwrap();
}

#[test]
fn weights_of_classes() {
    let (x, y) = ([[0.0; 3]; 3], [0u8, 1, 3]);
    let refused = |settings: Fit<'_, _, u8>, text: &str| {
        let loss = SparseCategoricalCrossentropy;
        let mut training = Training::new(Classes::new(1), Sgd::new(0.1), loss);
        let error = training.fit(&x, &y, settings).unwrap_err();
        assert!(matches!(error, Error::BadArgument { .. }), "{error:?}");
        assert_eq!(error.to_string(), text);
    };
    refused(
        fit().class_weight([(1, 2.0), (4, 1.0)]),
        "class_weight is of class 4, with 4 classes, but must be of classes that the model has",
    );
    refused(
        fit().class_weight([(usize::MAX, 1.0)]),
        &format!(
            "class_weight is of class {}, with 4 classes, but must be of classes that the model has",
            usize::MAX
        ),
    );
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let text =
            format!("class_weight is {bad} for class 3, but must be finite numbers, 0 or more");
        refused(fit().class_weight([(3, bad)]), &text);
    }
    refused(
        fit().class_weight([(1, 2.0)]).sample_weight(&[1.0; 3]),
        "class_weight is given with it, but must be given without sample_weight",
    );
}

#[test]
fn settings_of_streams() {
    let refused = |settings: Fit<'_, _, _>, text: &str| {
        let samples = std::iter::repeat(([1.0], [1.0]));
        let error = line().fit_stream(samples, settings).unwrap_err();
        assert!(matches!(error, Error::BadArgument { .. }), "{error:?}");
        assert_eq!(error.to_string(), text);
    };
    refused(
        fit().steps_per_epoch(0),
        "steps_per_epoch is 0, but must be at least 1",
    );
    refused(
        fit().batch_size(0),
        "batch_size is 0, but must be at least 1",
    );
    refused(fit().threads(0), "threads is 0, but must be at least 1");
    refused(
        fit().batch_size(1 << 32),
        "batch_size is 4294967296, but must be below 2^32",
    );
    refused(
        fit().validation_split(0.5),
        "validation_split is 0.5, but must be given to `fit` only",
    );
    refused(
        fit().sample_weight(&[1.0]),
        "sample_weight is given, but must be given to `fit` only",
    );
    let error = line().fit(&[[1.0]], &[[1.0]], fit().steps_per_epoch(3));
    assert_error!(
        error,
        Error::BadArgument { .. },
        "steps_per_epoch is 3, but must be given to `fit_stream` only"
    );
    let validation = fit().validation_data(&[[1.0]], &[]);
    let samples = std::iter::repeat(([1.0], [1.0]));
    assert_error!(
        line().fit_stream(samples, validation),
        Error::LengthMismatch { .. },
        "validation x has 1 samples, but validation y has 0"
    );
}

#[test]
fn ranges_of_augmentations() {
    use plywood::data::augment::{Augmented, RandomFlip, RandomRotation, RandomTranslation};
    assert_error!(
        RandomRotation::new(1.5),
        Error::BadArgument { .. },
        "factor is -1.5 to 1.5, but must be a range within -1 and 1"
    );
    assert_error!(
        RandomRotation::new((0.3, 0.2)),
        Error::BadArgument { .. },
        "factor is 0.3 to 0.2, but must be a range within -1 and 1"
    );
    assert_error!(
        RandomTranslation::new(f64::NAN, 0.0),
        Error::BadArgument { .. },
        "height_factor is NaN to NaN, but must be a range within -1 and 1"
    );
    assert_error!(
        RandomTranslation::new(0.0, (0.0, f64::INFINITY)),
        Error::BadArgument { .. },
        "width_factor is 0 to inf, but must be a range within -1 and 1"
    );
    assert_error!(
        Augmented::new(&[[[1.0f32]]; 2], &[1u8], RandomFlip::default(), 1),
        Error::LengthMismatch { .. },
        "x has 2 samples, but y has 1"
    );
    assert_error!(
        Augmented::<[[f32; 1]; 1], u8, _>::new(&[], &[], RandomFlip::default(), 1),
        Error::Empty { .. },
        "x is empty: at least one sample is needed"
    );
}

#[test]
fn weights_of_another_model() {
    let mut model = Mlp::new(1);
    let before = bits(&*model);
    let good = Mlp::new(2).get_weights();
    let mut refused = |change: &dyn Fn(&mut Vec<NamedWeight>), text: &str| {
        let mut weights = good.clone();
        change(&mut weights);
        assert_error!(
            model.set_weights(&weights),
            Error::WeightMismatch { .. },
            text
        );
        assert_eq!(bits(&*model), before, "{text}");
    };
    refused(
        &|w| w.truncate(3),
        "weight 3 is `dense_1/bias` of shape [2] in the model, but nothing was given",
    );
    refused(
        &|w| w.clear(),
        "weight 0 is `dense/kernel` of shape [3, 40] in the model, but nothing was given",
    );
    refused(
        &|w| w.push(w[0].clone()),
        "weight 4 is nothing in the model, but `dense/kernel` of shape [3, 40] was given",
    );
    refused(
        &|w| w.swap(1, 3),
        "weight 1 is `dense/bias` of shape [40] in the model, but `dense_1/bias` of shape [2] was given",
    );
    refused(
        &|w| w[2].name = "dense_2/kernel".into(),
        "weight 2 is `dense_1/kernel` of shape [40, 2] in the model, \
         but `dense_2/kernel` of shape [40, 2] was given",
    );
    refused(
        &|w| w[0].shape = vec![40, 3],
        "weight 0 is `dense/kernel` of shape [3, 40] in the model, \
         but `dense/kernel` of shape [40, 3] was given",
    );
    refused(
        &|w| w[3].values.truncate(1),
        "weight 3 is `dense_1/bias` of shape [2] with 2 values in the model, \
         but one with 1 values was given",
    );
    refused(
        &|w| w[0].values.push(0.0),
        "weight 0 is `dense/kernel` of shape [3, 40] with 120 values in the model, \
         but one with 121 values was given",
    );
    model.set_weights(&good).unwrap();
    assert_eq!(model.get_weights(), good);
}

/// Notes the order in which samples are seen: their targets begin with their numbers.
#[derive(Clone, Default)]
struct Order(Arc<Mutex<Vec<u32>>>);

impl<T: Element, P: Plain<T>> Metric<T, P, P> for Order {
    fn name(&self) -> &'static str {
        "order"
    }
    fn add<I: Isa>(&self, _: I, _: &[T], target: &P, _: &mut [f64]) {
        self.0
            .lock()
            .unwrap()
            .push(target.numbers()[0].as_f64() as u32);
    }
}

/// The epoch and step of an error, and the loss.
fn place(error: &Error) -> (usize, usize, f64) {
    match *error {
        Error::NonFiniteLoss { epoch, step, loss } => (epoch, step, loss),
        ref other => panic!("{other}"),
    }
}

const SAMPLES: usize = 23;
const BATCH: usize = 4;
const STEPS: usize = SAMPLES.div_ceil(BATCH);

/// Harmless samples, but for one.
fn data(spike: Option<(usize, f32)>) -> (Vec<[f32; 3]>, Vec<[f32; 2]>) {
    let mut random = Stream::new(4);
    let mut x: Vec<[f32; 3]> = (0..SAMPLES)
        .map(|_| [(); 3].map(|()| random.uniform() as f32))
        .collect();
    let y = (0..SAMPLES)
        .map(|i| [i as f32, random.uniform() as f32])
        .collect();
    if let Some((at, size)) = spike {
        x[at] = [size; 3];
    }
    (x, y)
}

/// Trains in the order that was seen, step by step, until the loss is not finite. Gives how many
/// steps had a finite loss, and the weights with which the last one of them began; if only every so
/// many steps move the weights, the last one that did.
fn replay<O: Optimizer + Clone>(
    optimizer: &O,
    x: &[[f32; 3]],
    y: &[[f32; 2]],
    order: &[u32],
    every: usize,
) -> (usize, Vec<u32>) {
    let mut training = Training::new(Mlp::new(7), optimizer.clone(), MeanSquaredError);
    let mut last = bits(training.model());
    let mut steps = 0;
    for epoch in order.chunks(SAMPLES) {
        for batch in epoch.chunks(BATCH) {
            let x: Vec<_> = batch.iter().map(|&i| x[i as usize]).collect();
            let y: Vec<_> = batch.iter().map(|&i| y[i as usize]).collect();
            let before = bits(training.model());
            if training.train_on_batch(&x, &y).is_err() {
                return (steps, last);
            }
            steps += 1;
            if steps % every == 0 {
                last = before;
            }
        }
    }
    (steps, last)
}

/// Trains until it runs away, and says where that was: none if all units died before. The weights
/// are then the ones with which the last good step began.
fn runs_away<O: Optimizer + Clone>(
    optimizer: O,
    shuffle: bool,
    spike: Option<(usize, f32)>,
) -> Option<(usize, usize)> {
    runs_away_every(1, optimizer, shuffle, spike)
}

/// The same, if only every so many steps move the weights.
fn runs_away_every<O: Optimizer + Clone>(
    every: usize,
    optimizer: O,
    shuffle: bool,
    spike: Option<(usize, f32)>,
) -> Option<(usize, usize)> {
    let (x, y) = data(spike);
    let order = Order::default();
    let mut training =
        Training::new(Mlp::new(7), optimizer.clone(), MeanSquaredError).metrics(order.clone());
    let settings = fit().epochs(50).batch_size(BATCH).shuffle(shuffle).seed(3);
    let error = training.fit(&x, &y, settings).err()?;
    let (epoch, step, loss) = place(&error);
    assert!(!loss.is_finite());
    assert!(error.to_string().starts_with(&format!(
        "the loss became {loss} in epoch {epoch}, step {step}: "
    )));
    assert!(error.to_string().contains("smaller learning rate"));

    let found = bits(training.model());
    assert!(found.iter().all(|&w| f32::from_bits(w).is_finite()));
    let seen = order.0.lock().unwrap().clone();
    let (good, weights) = replay(&optimizer, &x, &y, &seen, every);
    assert_eq!((epoch - 1) * STEPS + step, good + 1, "where it ran away");
    assert!(
        found == weights,
        "epoch {epoch}, step {step}: not the last good weights"
    );

    training.evaluate(&x, &y).unwrap();
    if spike.is_none() {
        return Some((epoch, step));
    }
    // With harmless data and a small rate it learns on.
    training.set_learning_rate(1e-4).unwrap();
    let (x, y) = data(None);
    let before = training.evaluate(&x, &y).unwrap().loss;
    training.fit(&x, &y, fit().epochs(20)).unwrap();
    assert!(training.evaluate(&x, &y).unwrap().loss <= before);
    Some((epoch, step))
}

#[test]
fn a_loss_that_is_infinite_at_the_first_step() {
    let place = runs_away(Sgd::new(0.01), false, Some((0, 1e30)));
    assert_eq!(place, Some((1, 1)));
}

#[test]
fn a_loss_that_runs_away_in_the_middle() {
    // The sample itself has a finite loss, but the step from there is too long.
    for sample in [0, 5, 11] {
        let place = runs_away(Sgd::new(0.01), false, Some((sample, 1e12)));
        assert_eq!(place, Some((1, sample / BATCH + 2)));
    }
}

#[test]
fn a_loss_that_runs_away_between_epochs() {
    let place = runs_away(Sgd::new(0.01), false, Some((SAMPLES - 1, 1e12)));
    // In the first step of the next epoch, or after the last one of this.
    assert!(
        [Some((2, 1)), Some((1, STEPS + 1))].contains(&place),
        "{place:?}"
    );
}

#[test]
fn rates_that_are_too_large() {
    let mut places = Vec::new();
    for rate in [0.5, 1.0, 3.0, 10.0, 1e3, 1e10, 1e30] {
        for shuffle in [false, true] {
            places.push(runs_away(Sgd::new(rate), shuffle, None));
            places.push(runs_away(
                Sgd::new(rate).momentum(0.9).nesterov(true),
                shuffle,
                None,
            ));
            places.push(runs_away(Sgd::new(rate).l2(0.5), shuffle, None));
        }
    }
    for rate in [1e15, 1e25, 1e30, 1e37] {
        places.push(runs_away(Adam::new(rate), true, None));
        places.push(runs_away(RmsProp::new(rate).momentum(0.5), true, None));
    }
    let found = places.iter().flatten().count();
    assert!(found > places.len() / 2, "{places:?}");
}

#[test]
fn updates_that_go_too_far_where_gradients_are_stored() {
    let mut places = Vec::new();
    for rate in [1.0, 10.0, 1e10] {
        let sgd = || Sgd::new(ExponentialDecay::new(rate, 10, 0.9)).momentum(0.5);
        places.push(runs_away(sgd().clipvalue(1e30), true, None));
        places.push(runs_away(sgd().clipnorm(1e30), true, None));
        places.push(runs_away(sgd().use_ema(true), true, None));
        for every in [2, 3, STEPS, STEPS + 1] {
            let sgd = sgd().gradient_accumulation_steps(every as u64);
            places.push(runs_away_every(every, sgd, true, None));
        }
    }
    let found = places.iter().flatten().count();
    assert!(found > places.len() / 2, "{places:?}");
}

#[test]
fn a_rate_that_changes_between_epochs() {
    // The step that went too far was the last one of an epoch, taken at that epoch's rate.
    let (x, y) = data(Some((SAMPLES - 1, 3e10)));
    let run = |schedule: bool| {
        let mut training = Training::new(Mlp::new(7), Sgd::new(0.01), MeanSquaredError);
        let mut settings = fit().epochs(5).batch_size(BATCH).shuffle(false);
        if schedule {
            let halve = |epoch, rate| if epoch > 0 { rate / 2.0 } else { rate };
            settings = settings.callback(LearningRateScheduler::new(halve));
        }
        let error = training.fit(&x, &y, settings).unwrap_err();
        (place(&error).0, place(&error).1, bits(training.model()))
    };
    let (fixed, changed) = (run(false), run(true));
    assert_eq!(
        (fixed.0, fixed.1),
        (2, 1),
        "the example is one of this kind"
    );
    assert_eq!((changed.0, changed.1), (2, 1));
    let order: Vec<u32> = (0..2).flat_map(|_| 0..SAMPLES as u32).collect();
    let (_, weights) = replay(&Sgd::new(0.01), &x, &y, &order, 1);
    assert!(fixed.2 == weights, "not the last good weights");
    assert!(
        changed.2 == weights,
        "not the last good weights: the way back took the steps again at another rate"
    );
}

#[test]
fn linear_regression_with_a_huge_rate() {
    let x: Vec<[f32; 1]> = (0..50).map(|i| [i as f32]).collect();
    let y: Vec<[f32; 1]> = x.iter().map(|[x]| [2.0 * x + 1.0]).collect();
    let mut model = Line::new(1);
    let mut training = model.compile(Sgd::new(1.0), MeanSquaredError);
    let error = training.fit(&x, &y, fit().epochs(1000)).unwrap_err();
    assert!(place(&error).0 < 1000);
    assert!(training.evaluate(&x, &y).unwrap().loss.is_finite());
    assert!(bits(&*model).iter().all(|&w| f32::from_bits(w).is_finite()));
}

#[test]
fn a_batch_that_runs_away() {
    let mut training = Training::new(Line::new(1), Sgd::new(1e30), MeanSquaredError);
    let mut last = bits(training.model());
    let error = loop {
        let before = bits(training.model());
        match training.train_on_batch(&[[1.0]], &[[5.0]]) {
            Ok(loss) => assert!(loss.is_finite()),
            Err(error) => break error,
        }
        last = before;
    };
    let (.., loss) = place(&error);
    assert!(!loss.is_finite());
    // What the message says: the weights from before the step that led there.
    if error
        .to_string()
        .contains("the weights from before the step that led there")
    {
        assert_eq!(bits(training.model()), last, "{error}");
    }
}

#[test]
fn a_loss_that_runs_away_after_the_last_step_of_a_fit() {
    // The weights stay finite, but their loss does not: only the next fit can see it.
    let (x, y) = ([[1.0], [1e12]], [[1.0], [1.0]]);
    let settings = || fit().batch_size(1).shuffle(false);
    let mut training = Training::new(Line::new(1), Sgd::new(0.01), MeanSquaredError);
    if training.fit(&x, &y, settings()).is_ok() {
        training.fit(&x, &y, settings()).unwrap_err();
    }
    // "The model then has the last weights whose loss was finite."
    assert!(training.evaluate(&x, &y).unwrap().loss.is_finite());
}
