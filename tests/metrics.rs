//! Metrics against plain loops over the predictions, in training and in evaluation, for arrays and
//! for class numbers. (`tests/golden.rs` holds the same ones to Keras.)

use plywood::metrics::Table;
use plywood::prelude::*;
use plywood::random::Stream;

sequential! {
    struct Net<T>: [3] => [4] { Dense(7, tanh), Dense(4, softmax) }
}
sequential! {
    struct Single<T>: [3] => [1] { Dense(7, tanh), Dense(1, sigmoid) }
}
sequential! {
    struct Linear2<T>: [3] => [2] { Dense(2) }
}
sequential! {
    /// Gives its input.
    struct Same<T>: [2] => [2] { Flatten }
}

fn fit<'a, X, Y>() -> Fit<'a, X, Y> {
    Fit::new().verbose(Verbose::Silent)
}

fn inputs(count: usize, seed: u64) -> Vec<[f64; 3]> {
    let mut random = Stream::new(seed);
    (0..count)
        .map(|_| [(); 3].map(|()| random.normal()))
        .collect()
}

/// Classes that are not equally frequent.
fn labels(count: usize) -> Vec<u8> {
    (0..count).map(|i| [0, 1, 1, 2, 3, 1, 3][i % 7]).collect()
}

fn largest(p: &[f64]) -> usize {
    (0..p.len()).max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap()
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12, "{a}, {b}");
}

/// Of a class: how many there are, how many are said to be there, and how many of them are.
fn counts(truth: &[usize], said: &[usize], class: usize) -> [f64; 3] {
    let pairs = || truth.iter().zip(said);
    [
        pairs().filter(|&(&t, _)| t == class).count() as f64,
        pairs().filter(|&(_, &s)| s == class).count() as f64,
        pairs().filter(|&(&t, &s)| t == class && s == class).count() as f64,
    ]
}

#[test]
fn tables_of_classes() {
    let (x, y) = (inputs(150, 1), labels(150));
    let one_hot: Vec<[f64; 4]> = plywood::data::one_hot(&y).unwrap();
    let mut model = Net::<f64>::new(3);
    let said: Vec<usize> = model.predict_batch(&x).iter().map(|p| largest(p)).collect();
    let truth: Vec<usize> = y.iter().map(|&y| y.into()).collect();

    let by_label = model
        .compile(Sgd::new(0.1), SparseCategoricalCrossentropy)
        .metrics(ConfusionMatrix)
        .metrics(Accuracy)
        .metrics(ClassAccuracy)
        .metrics(F1Score::new())
        .evaluate(&x, &y)
        .unwrap();
    let by_array = model
        .compile(Sgd::new(0.1), CategoricalCrossentropy)
        .metrics(ConfusionMatrix)
        .metrics(Accuracy)
        .metrics(ClassAccuracy)
        .metrics(F1Score::new())
        .evaluate(&x, &one_hot)
        .unwrap();
    assert_eq!(by_label.metrics(), by_array.metrics());
    for name in ["confusion_matrix", "class_accuracy", "f1_score"] {
        assert_eq!(by_label.table(name), by_array.table(name), "{name}");
    }
    assert_eq!(by_label.table("accuracy"), None);
    assert_eq!(by_label.table("recall"), None);

    let matrix = by_label.table("confusion_matrix").unwrap();
    assert_eq!((matrix.rows(), matrix.columns()), (4, 4));
    for a in 0..4 {
        for b in 0..4 {
            let pairs = truth.iter().zip(&said);
            let expected = pairs.filter(|&(&t, &s)| (t, s) == (a, b)).count();
            assert_eq!(matrix[[a, b]], expected as f64, "{a} taken for {b}");
        }
    }
    let accuracy = by_label.metric("accuracy").unwrap();
    close(by_label.metric("confusion_matrix").unwrap(), accuracy);

    let (recalls, f1s) = (
        by_label.table("class_accuracy").unwrap(),
        by_label.table("f1_score").unwrap(),
    );
    let mut mean = 0.0;
    for class in 0..4 {
        let [all, found, right] = counts(&truth, &said, class);
        close(recalls[[0, class]], right / all);
        mean += right / all / 4.0;
        let f1 = 2.0 * right / (all + found);
        // Keras' epsilons are in it.
        assert!((f1s[[0, class]] - f1).abs() < 1e-6);
    }
    close(by_label.metric("class_accuracy").unwrap(), mean);
}

#[test]
fn a_class_that_does_not_occur() {
    let (x, y) = (inputs(20, 1), vec![2u8; 20]);
    let training = Training::new(
        Net::<f64>::new(3),
        Sgd::new(0.1),
        SparseCategoricalCrossentropy,
    )
    .metrics(ClassAccuracy)
    .metrics(Accuracy);
    let score = training.evaluate(&x, &y).unwrap();
    let table = score.table("class_accuracy").unwrap();
    assert!(table[[0, 0]].is_nan() && table[[0, 1]].is_nan() && table[[0, 3]].is_nan());
    assert_eq!(score.metric("class_accuracy"), score.metric("accuracy"));
    assert_eq!(score.metric("accuracy"), Some(table[[0, 2]]));
}

#[test]
fn precision_and_recall() {
    let (x, y) = (inputs(150, 1), labels(150));
    let mut model = Net::<f64>::new(3);
    let predictions = model.predict_batch(&x);
    let score = model
        .compile(Sgd::new(0.1), SparseCategoricalCrossentropy)
        .metrics(Precision::new().threshold(0.3))
        .metrics(Recall::new().threshold(0.3))
        .metrics(Named(
            "precision_of_1",
            Precision::new().top_k(1).class_id(1),
        ))
        .metrics(Named("recall_in_3", Recall::new().top_k(3)))
        .metrics(TopK::new(3))
        .evaluate(&x, &y)
        .unwrap();
    let (mut said, mut right) = (0.0, 0.0);
    for (p, &y) in predictions.iter().zip(&y) {
        for (i, &p) in p.iter().enumerate() {
            said += f64::from(u8::from(p > 0.3));
            right += f64::from(u8::from(p > 0.3 && i == usize::from(y)));
        }
    }
    close(score.metric("precision").unwrap(), right / said);
    close(score.metric("recall").unwrap(), right / 150.0);
    let truth: Vec<usize> = y.iter().map(|&y| y.into()).collect();
    let said: Vec<usize> = predictions.iter().map(|p| largest(p)).collect();
    let [_, found, right] = counts(&truth, &said, 1);
    assert!(found > 0.0);
    close(score.metric("precision_of_1").unwrap(), right / found);
    close(
        score.metric("recall_in_3").unwrap(),
        score.metric("top_k_categorical_accuracy").unwrap(),
    );
}

#[test]
fn area_under_the_curve_is_the_share_of_pairs_in_order() {
    let x = inputs(200, 4);
    let y: Vec<[f64; 1]> = x
        .iter()
        .enumerate()
        .map(|(i, x)| [f64::from(u8::from(x[0] + (i % 3) as f64 > 1.0))])
        .collect();
    let mut model = Single::<f64>::new(5);
    let predictions = model.predict_batch(&x);
    let training = model
        .compile(Sgd::new(0.1), BinaryCrossentropy)
        .metrics(Auc::new().num_thresholds(50_000));
    let (mut ordered, mut pairs) = (0.0, 0.0);
    for (p, yes) in predictions.iter().zip(&y) {
        for (q, no) in predictions.iter().zip(&y) {
            if yes[0] > no[0] {
                pairs += 1.0;
                ordered += f64::from(u8::from(p[0] > q[0]));
            }
        }
    }
    let auc = training.evaluate(&x, &y).unwrap().metric("auc").unwrap();
    assert!(
        (auc - ordered / pairs).abs() < 1e-3,
        "{auc}, {ordered} of {pairs}"
    );
    assert!(auc != 0.5);

    // A model that has learnt has a larger one.
    let mut training = model
        .compile(Sgd::new(0.1), BinaryCrossentropy)
        .metrics(Auc::new());
    let history = training.fit(&x, &y, fit().epochs(20)).unwrap();
    let values = history.metric("auc").unwrap();
    assert!(values[19] > 0.75 && values[19] > values[0], "{values:?}");
}

#[test]
fn confusion_of_a_single_output() {
    let x = [[0.1, 0.0], [0.9, 0.0], [0.7, 0.0]];
    sequential! {
        struct First<T>: [2] => [1] { Dense(1, use_bias = false) }
    }
    let mut model = First::<f64>::new(1);
    model.dense.kernel[[0, 0]] = 1.0;
    let score = model
        .compile(Sgd::new(0.1), MeanSquaredError)
        .metrics(ConfusionMatrix)
        .metrics(ClassAccuracy)
        .metrics(F1Score::new())
        .evaluate(&x, &[[0.0], [1.0], [0.0]])
        .unwrap();
    let matrix = score.table("confusion_matrix").unwrap();
    assert_eq!(matrix.values(), [1.0, 1.0, 0.0, 1.0]);
    let classes = score.table("class_accuracy").unwrap();
    assert_eq!(classes.values(), [0.5, 1.0]);
    assert!((score.metric("f1_score").unwrap() - 2.0 / 3.0).abs() < 1e-6);
}

#[test]
fn state_begins_anew_in_each_epoch_and_for_validation() {
    let (x, y) = (inputs(45, 1), labels(45));
    let one_hot: Vec<[f64; 4]> = plywood::data::one_hot(&y).unwrap();
    let mut training = Training::new(Net::<f64>::new(3), Sgd::new(0.0), CategoricalCrossentropy)
        .metrics(ConfusionMatrix)
        .metrics(Precision::new().threshold(0.3))
        .metrics(F1Score::new().average(Average::Micro))
        .metrics(Auc::new().curve(Curve::Pr))
        .metrics(R2Score)
        .metrics(RootMeanSquaredError)
        .metrics(MeanSquaredError)
        .metrics(KLDivergence);
    // With a rate of 0 all epochs are alike.
    let settings = fit().epochs(3).batch_size(7);
    let settings = settings.validation_data(&x, &one_hot);
    let history = training.fit(&x, &one_hot, settings).unwrap();
    let score = training.evaluate(&x, &one_hot).unwrap();
    for &(name, value) in score.metrics() {
        assert_eq!(
            history.metric(&format!("val_{name}")).unwrap(),
            [value; 3],
            "{name}"
        );
        // Another order of the samples: other roundings.
        for found in history.metric(name).unwrap() {
            assert!((found - value).abs() < 1e-12, "{name}: {found}, {value}");
        }
    }
    let [rmse, mse] =
        ["root_mean_squared_error", "mean_squared_error"].map(|name| score.metric(name).unwrap());
    close(rmse * rmse, mse);
    // A step by itself has its own.
    training.train_on_batch(&x[..3], &one_hot[..3]).unwrap();
    assert_eq!(training.evaluate(&x, &one_hot).unwrap(), score);
}

#[test]
fn r2_score_of_numbers_far_from_zero() {
    let x = inputs(300, 6);
    let mut model = Linear2::<f64>::new(1);
    model.dense.bias.copy_from_slice(&[1e8, -3.0]);
    let predictions = model.predict_batch(&x);
    let mut random = Stream::new(2);
    let y: Vec<[f64; 2]> = predictions
        .iter()
        .map(|p| [p[0] + 0.1 * random.normal(), p[1] + 0.1 * random.normal()])
        .collect();
    let score = model
        .compile(Sgd::new(0.1), MeanSquaredError)
        .metrics(R2Score)
        .evaluate(&x, &y)
        .unwrap();
    let mut expected = 0.0;
    for i in 0..2 {
        let mean = y.iter().map(|y| y[i] - predictions[0][i]).sum::<f64>() / 300.0;
        let total: f64 = y
            .iter()
            .map(|y| (y[i] - predictions[0][i] - mean).powi(2))
            .sum();
        let pairs = y.iter().zip(&predictions);
        let rest: f64 = pairs.map(|(y, p)| (y[i] - p[i]).powi(2)).sum();
        expected += (1.0 - rest / total) / 2.0;
    }
    let found = score.metric("r2_score").unwrap();
    assert!(
        expected > 0.9 && (found - expected).abs() < 1e-7,
        "{found}, {expected}"
    );
}

#[test]
fn r2_score_of_targets_that_are_all_the_same() {
    let training =
        Training::new(Same::<f64>::new(1), Sgd::new(0.1), MeanSquaredError).metrics(R2Score);
    let score = training.evaluate(&[[1.0, 5.0], [2.0, 5.0]], &[[1.0, 5.0], [2.0, 5.0]]);
    assert_eq!(score.unwrap().metric("r2_score"), Some(0.5));
}

#[test]
fn cosine_similarity_is_a_loss_of_the_other_sign() {
    let training = Training::new(Same::<f64>::new(1), Sgd::new(0.1), CosineSimilarity)
        .metrics(CosineSimilarity);
    let score = training.evaluate(&[[3.0, 0.0]], &[[1.0, 1.0]]).unwrap();
    close(score.loss, -0.5f64.sqrt());
    close(score.metric("cosine_similarity").unwrap(), 0.5f64.sqrt());
}

#[test]
fn metrics_know_whether_they_should_fall() {
    let (x, y) = (inputs(30, 1), labels(30));
    let one_hot: Vec<[f64; 4]> = plywood::data::one_hot(&y).unwrap();
    let mut training = Training::new(Net::<f64>::new(3), Sgd::new(0.1), CategoricalCrossentropy)
        .metrics(Accuracy)
        .metrics(KLDivergence)
        .metrics(Named("divergence", KLDivergence))
        .metrics(CosineSimilarity)
        .metrics(RootMeanSquaredError)
        .metrics(Auc::new());
    let history = training.fit(&x, &one_hot, fit()).unwrap();
    for name in [
        "loss",
        "val_loss",
        "kl_divergence",
        "divergence",
        "root_mean_squared_error",
    ] {
        assert!(history.lower_is_better(name), "{name}");
    }
    assert!(history.lower_is_better("val_kl_divergence"));
    for name in [
        "accuracy",
        "cosine_similarity",
        "auc",
        "val_auc",
        "no_such_error",
    ] {
        assert!(!history.lower_is_better(name), "{name}");
    }
}

#[test]
fn metrics_have_the_same_bits_on_two_threads() {
    let mut random = Stream::new(7);
    sequential! {
        struct Wide: [100] => [4] { Dense(300, relu), Dense(4, softmax) }
    }
    let x: Vec<[f32; 100]> = (0..256)
        .map(|_| [(); 100].map(|()| random.normal() as f32))
        .collect();
    let y = labels(256);
    let [one, two] = [1, 2].map(|threads| {
        let mut model = Wide::new(1);
        let mut training = model
            .compile(Sgd::new(0.05), SparseCategoricalCrossentropy)
            .metrics(Auc::new())
            .metrics(F1Score::new())
            .metrics(SparseCategoricalCrossentropy);
        let settings = fit().epochs(2).batch_size(64).threads(threads);
        let history = training
            .fit(&x, &y, settings.validation_split(0.3))
            .unwrap();
        let names = ["auc", "f1_score", "sparse_categorical_crossentropy"];
        names.map(|name| {
            let val = history.metric(&format!("val_{name}")).unwrap();
            [history.metric(name).unwrap(), val].concat()
        })
    });
    assert_eq!(one, two);
}

#[test]
fn tables_of_any_size() {
    let table = Table::new(0, [1.0]);
    assert_eq!((table.rows(), table.columns()), (0, 0));
    assert_eq!(table.to_string(), "");
    let table = Table::new(2, [1.0, 2.0, 3.0]);
    assert_eq!((table.rows(), table.row(0)), (1, &[1.0, 2.0][..]));
}
