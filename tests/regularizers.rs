//! Regularisers and constraints: the loss that is reported, its derivative, what holds after each step.

use plywood::layer::Model;
use plywood::math::Real as _;
use plywood::prelude::*;
use plywood::random::Stream;
use plywood::training::{self, get_weights, set_weights};

sequential! {
    struct Inner<T>: [4] => [4] {
        Dense(4, tanh, kernel_regularizer = l1(0.3), bias_regularizer = l2),
    }
}
sequential! {
    /// Every layer with weights, with a penalty on each of them.
    struct Penalties<T>: [2, 6, 6] => [3] {
        Conv2D(4, 3, kernel_regularizer = l1_l2, bias_regularizer = l1(0.1), bias_initializer = random_normal),
        DepthwiseConv2D(2, depthwise_regularizer = l2(0.2), bias_regularizer = l2(0.1), bias_initializer = random_normal),
        BatchNormalization(beta_regularizer = l2(0.3), gamma_regularizer = l1(0.05), beta_initializer = random_normal),
        SeparableConv2D(3, 2, depthwise_regularizer = l1(0.02), pointwise_regularizer = l2(0.03), bias_regularizer = l2(0.7), bias_initializer = random_normal),
        Conv2DTranspose(3, 2, kernel_regularizer = l2(0.04), bias_regularizer = l1(0.04), bias_initializer = random_normal),
        PReLU(random_uniform, alpha_regularizer = l1_l2(l1 = 0.1)),
        Residual(Conv2D(3, 1, kernel_regularizer = l2(0.11))),
        GroupNormalization(1, beta_regularizer = l2, beta_initializer = random_normal),
        Flatten,
        Dense(4, tanh, kernel_regularizer = l2(0.05), use_bias = false, bias_regularizer = l2),
        Inner<T>,
        LayerNormalization(gamma_regularizer = l2(1), beta_regularizer = l2),
        Reshape([2, 2]),
        TimeDistributed(Dense(2, kernel_regularizer = l2(0.4))),
        Flatten,
        Dense(3),
    }
}
sequential! {
    struct Words<T>: [2] => [2, 3] {
        Embedding(5, 3, embeddings_regularizer = l1_l2(0.1, 0.2)),
        Conv1D(3, 1, kernel_regularizer = l2(l2 = 0.3), bias_regularizer = plywood::regularizers::l1),
    }
}

/// The factors of the penalties, tensor by tensor in the order of the weights.
const PENALTIES: &[(&str, f64, f64)] = &[
    ("conv2d/kernel", 0.01, 0.01),
    ("conv2d/bias", 0.1, 0.0),
    ("depthwise_conv2d/kernel", 0.0, 0.2),
    ("depthwise_conv2d/bias", 0.0, 0.1),
    ("batch_normalization/beta", 0.0, 0.3),
    ("batch_normalization/gamma", 0.05, 0.0),
    ("separable_conv2d/depthwise_kernel", 0.02, 0.0),
    ("separable_conv2d/pointwise_kernel", 0.0, 0.03),
    ("separable_conv2d/bias", 0.0, 0.7),
    ("conv2d_transpose/kernel", 0.0, 0.04),
    ("conv2d_transpose/bias", 0.04, 0.0),
    ("p_re_lu/alpha", 0.1, 0.0),
    ("residual/first/conv2d/kernel", 0.0, 0.11),
    ("group_normalization/beta", 0.0, 0.01),
    ("dense/kernel", 0.0, 0.05),
    ("inner/dense/kernel", 0.3, 0.0),
    ("inner/dense/bias", 0.0, 0.01),
    ("layer_normalization/gamma", 0.0, 1.0),
    ("layer_normalization/beta", 0.0, 0.01),
    ("time_distributed/dense/kernel", 0.0, 0.4),
];

/// What these penalties are for the weights of a model.
fn penalties<M: Model>(model: &M, of: &[(&str, f64, f64)]) -> f64 {
    let weights = get_weights(model);
    for (name, ..) in of {
        assert!(
            weights.iter().any(|w| w.name == *name),
            "there is no {name}"
        );
    }
    let of_tensor = |w: &NamedWeight<M::Element>| {
        let Some((_, l1, l2)) = of.iter().find(|(name, ..)| *name == w.name) else {
            return 0.0;
        };
        let values = w.values.iter().map(|w| w.as_f64());
        values.map(|w| l1 * w.abs() + l2 * w * w).sum::<f64>()
    };
    weights.iter().map(of_tensor).sum()
}

/// Numbers from -1 to 1.
fn random<const N: usize>(stream: &mut Stream) -> [f64; N] {
    core::array::from_fn(|_| 2.0 * stream.uniform() - 1.0)
}

type Image = [[[f64; 6]; 6]; 2];

fn images(count: usize) -> (Vec<Image>, Vec<[f64; 3]>) {
    let mut stream = Stream::new(5);
    let image =
        |stream: &mut Stream| core::array::from_fn(|_| core::array::from_fn(|_| random(stream)));
    let x = (0..count).map(|_| image(&mut stream)).collect();
    let y = (0..count).map(|_| random(&mut stream)).collect();
    (x, y)
}

#[test]
fn the_loss_that_is_reported_has_the_penalties_in_it() {
    let (x, y) = images(5);
    let mut model = Penalties::<f64>::new(3);
    let penalty = penalties(&*model, PENALTIES);
    let plain = model
        .predict_batch(&x)
        .iter()
        .zip(&y)
        .map(|(p, y)| (0..3).map(|i| (p[i] - y[i]).powi(2)).sum::<f64>() / 3.0)
        .sum::<f64>()
        / 5.0;
    let mut training = model.compile(Sgd::new(0.0), MeanSquaredError);
    let score = training.evaluate(&x, &y).unwrap();
    assert!(
        (score.loss - plain - penalty).abs() < 1e-12,
        "{} {plain} {penalty}",
        score.loss
    );

    // In training, where batches of 2, 2 and 1 have statistics of their own, only the penalty is known.
    let settings = || {
        Fit::new()
            .batch_size(2)
            .shuffle(false)
            .verbose(Verbose::Silent)
    };
    let history = training
        .fit(&x, &y, settings().validation_data(&x, &y))
        .unwrap();
    assert!((history.loss[0] > penalty));
    let validation = training.evaluate(&x, &y).unwrap().loss;
    assert_eq!(history.val_loss[0], validation);
}

#[test]
fn the_mean_of_an_epoch_counts_penalties_once_a_sample() {
    sequential! {
        struct Net<T>: [1] => [1] { Dense(1, kernel_regularizer = l2(0.5)) }
    }
    let mut model = Net::<f64>::new(1);
    model.dense.kernel[[0, 0]] = 3.0;
    let x = [[1.0]; 5];
    let y = [[3.0]; 5];
    let settings = Fit::new().batch_size(2).verbose(Verbose::Silent);
    let mut training = model.compile(Sgd::new(0.0), MeanSquaredError);
    let history = training.fit(&x, &y, settings).unwrap();
    assert!((history.loss[0] - 4.5).abs() < 1e-12);
    assert!((training.train_on_batch(&x, &y).unwrap() - 4.5).abs() < 1e-12);
}

/// The step of plain gradient descent against differences of the loss that is reported.
fn descends<M, Y>(model: &mut M, x: &[M::Input], y: &[Y])
where
    M: Model,
    Y: Sync,
    MeanSquaredError: plywood::losses::Loss<M::Element, M::Prediction, Y>
        + plywood::losses::Fits<<M as Layer<M::Element, M::InputShape>>::Head>,
{
    let start = get_weights(model);
    let loss_at = |model: &mut M, weights: &[NamedWeight<M::Element>]| {
        set_weights(model, weights).unwrap();
        // The loss of a step, which is that of the weights before it.
        let mut training = Training::new(&mut *model, Sgd::new(0.0), MeanSquaredError);
        training.train_on_batch(x, y).unwrap()
    };
    let mut training = Training::new(&mut *model, Sgd::new(1.0), MeanSquaredError);
    training.train_on_batch(x, y).unwrap();
    let after = get_weights(model);
    for (t, tensor) in start.iter().enumerate() {
        if tensor.name.contains("moving") {
            continue;
        }
        for (i, &w) in tensor.values.iter().enumerate() {
            let (h, w) = (1e-5, w.as_f64());
            if w.abs() < 2.0 * h {
                continue; // a kink of l1
            }
            let mut moved = start.clone();
            moved[t].values[i] = M::Element::of(w + h);
            let high = loss_at(model, &moved);
            moved[t].values[i] = M::Element::of(w - h);
            let low = loss_at(model, &moved);
            let expected = (high - low) / (2.0 * h);
            let found = w - after[t].values[i].as_f64();
            let error = (found - expected).abs() / expected.abs().max(1.0);
            assert!(error < 1e-6, "{} {i}: {found}, but {expected}", tensor.name);
        }
    }
}

#[test]
fn a_step_goes_down_the_whole_loss() {
    let (x, y) = images(4);
    descends(&mut *Penalties::<f64>::new(7), &x, &y);
    let mut stream = Stream::new(2);
    let y: [[[f64; 3]; 2]; 3] =
        core::array::from_fn(|_| core::array::from_fn(|_| random(&mut stream)));
    descends(
        &mut *Words::<f64>::new(7),
        &[[0.0, 3.0], [1.0, 1.0], [2.0, 0.0]],
        &y,
    );
}

#[test]
fn l1_leaves_zero_where_it_is() {
    sequential! {
        struct Net: [1] => [1] { Dense(1, kernel_initializer = zeros, kernel_regularizer = l1(0.5)) }
    }
    let mut model = Net::new(1);
    let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
    training.train_on_batch(&[[0.0]], &[[0.0]]).unwrap();
    assert_eq!(model.dense.kernel[[0, 0]], 0.0);
}

sequential! {
    struct Frozen: [2] => [1] {
        first: Dense(2, kernel_regularizer = l2(1.0), kernel_constraint = max_norm(0.1)),
        second: Dense(1, kernel_regularizer = l2(1.0)),
    }
}

#[test]
fn frozen_layers_have_neither_penalty_nor_constraint() {
    let mut model = Frozen::new(1);
    let kernel = |model: &Frozen| model.first.kernel.row(0).to_vec();
    let before = kernel(&model);
    let second: f32 = (0..2).map(|i| model.second.kernel[[i, 0]].powi(2)).sum();
    let mut training = model
        .compile(Sgd::new(0.1), MeanSquaredError)
        .freeze("first")
        .unwrap();
    let x = [[0.0, 0.0]];
    let loss = training.evaluate(&x, &[[0.0]]).unwrap().loss;
    assert!((loss - f64::from(second)).abs() < 1e-6);
    assert!((training.train_on_batch(&x, &[[0.0]]).unwrap() - f64::from(second)).abs() < 1e-6);
    assert_eq!(kernel(&model), before);
}

#[test]
fn clipping_and_accumulation_see_the_whole_gradient() {
    sequential! {
        struct Net: [1] => [1] {
            Dense(1, use_bias = false, kernel_regularizer = l2(1.0), kernel_initializer = ones)
        }
    }
    // Data that say nothing: the gradient is 2 w.
    let step = |optimizer: Sgd, steps: usize| {
        let mut model = Net::new(1);
        let mut training = model.compile(optimizer, MeanSquaredError);
        for _ in 0..steps {
            training.train_on_batch(&[[0.0]], &[[0.0]]).unwrap();
        }
        model.dense.kernel[[0, 0]]
    };
    assert_eq!(step(Sgd::new(0.25), 1), 0.5);
    assert_eq!(step(Sgd::new(0.25).clipvalue(1.0), 1), 0.75);
    assert_eq!(step(Sgd::new(0.25).global_clipnorm(0.5), 1), 0.875);
    assert_eq!(step(Sgd::new(0.25).gradient_accumulation_steps(4), 3), 1.0);
    assert_eq!(step(Sgd::new(0.25).gradient_accumulation_steps(4), 4), 0.5);
}

sequential! {
    struct Bounds<T>: [3, 5, 4] => [2, 3] {
        Conv2D(18, 2, kernel_constraint = max_norm(0.4, axis = [0, 1, 2]), bias_constraint = max_norm(0.01)),
        DepthwiseConv2D(2, depthwise_constraint = unit_norm([0, 1])),
        SeparableConv2D(
            3, 2, padding = same,
            depthwise_constraint = max_norm(0.3), pointwise_constraint = min_max_norm(0.5, 0.7, axis = 3),
        ),
        PReLU(random_normal, alpha_constraint = non_neg),
        Flatten,
        Dense(
            6, tanh, kernel_constraint = min_max_norm(min_value = 0.2, max_value = 0.3),
            bias_constraint = non_neg,
        ),
        Reshape([2, 3]),
        Conv1D(3, 1, kernel_constraint = unit_norm(axis = [0, 1]), bias_constraint = unit_norm),
        PReLU(random_normal, alpha_constraint = max_norm(0.05, axis = [0, 1])),
        LayerNormalization(gamma_constraint = max_norm(0.9), beta_constraint = non_neg),
    }
}

/// The norms of a tensor along some axes, by its definition.
fn norms(shape: &[usize], values: &[f64], axes: &[usize]) -> Vec<f64> {
    let mut sums = std::collections::BTreeMap::<Vec<usize>, f64>::new();
    for (i, w) in values.iter().enumerate() {
        let (mut rest, mut place) = (i, vec![0; shape.len()]);
        for axis in (0..shape.len()).rev() {
            place[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        for &axis in axes {
            place[axis] = 0;
        }
        *sums.entry(place).or_default() += w * w;
    }
    sums.into_values().map(f64::sqrt).collect()
}

/// The norms of a tensor by its name: the axes, and the range.
const NORMS: &[(&str, &[usize], f64, f64)] = &[
    ("conv2d/kernel", &[0, 1, 2], 0.0, 0.4),
    ("conv2d/bias", &[0], 0.0, 0.01),
    ("depthwise_conv2d/kernel", &[0, 1], 1.0, 1.0),
    ("separable_conv2d/depthwise_kernel", &[0], 0.0, 0.3),
    ("separable_conv2d/pointwise_kernel", &[3], 0.5, 0.7),
    ("dense/kernel", &[0], 0.2, 0.3),
    ("conv1d/kernel", &[0, 1], 1.0, 1.0),
    ("conv1d/bias", &[0], 1.0, 1.0),
    // (Keras' alpha is [2, 3] here, and the norm that of each of three columns.)
    ("p_re_lu_1/alpha", &[0], 0.0, 0.0866026),
    ("layer_normalization/gamma", &[0], 0.0, 0.9),
];
const NOT_NEGATIVE: &[&str] = &["p_re_lu/alpha", "dense/bias", "layer_normalization/beta"];

/// Norms are short by 1e-7, as a share of what they were.
fn hold<T: Element>(model: &Bounds<T>) {
    let weights = training::get_weights(model);
    let values = |name: &str| {
        let tensor = weights.iter().find(|w| w.name == name);
        let tensor = tensor.unwrap_or_else(|| panic!("there is no {name}"));
        let values: Vec<f64> = tensor.values.iter().map(|w| w.as_f64()).collect();
        (tensor.shape.clone(), values)
    };
    for &(name, axes, min, max) in NORMS {
        let (shape, values) = values(name);
        for norm in norms(&shape, &values, axes) {
            let fits = norm >= min - 1e-4 && norm <= max + 1e-6;
            assert!(fits, "{name} has a norm of {norm}");
        }
    }
    for name in NOT_NEGATIVE {
        assert!(
            values(name).1.iter().all(|&w| w >= 0.0),
            "{name} is negative"
        );
    }
}

fn holds_after_each_step<T: Element>(optimizer: impl Optimizer) {
    let mut model = Bounds::<T>::new(4);
    let mut stream = Stream::new(8);
    let mut training = model.compile(optimizer, MeanSquaredError);
    for _ in 0..12 {
        let mut number = || T::of(stream.normal());
        let x: [[[[T; 4]; 5]; 3]; 3] = core::array::from_fn(|_| {
            core::array::from_fn(|_| core::array::from_fn(|_| core::array::from_fn(|_| number())))
        });
        let y: [[[T; 3]; 2]; 3] =
            core::array::from_fn(|_| core::array::from_fn(|_| core::array::from_fn(|_| number())));
        training.train_on_batch(&x, &y).unwrap();
        hold(training.model());
    }
    training.finalize_variable_values();
    hold_averages(training.model());
}

/// Averages of vectors that are short enough are.
fn hold_averages<T: Element>(model: &Bounds<T>) {
    let weights = training::get_weights(model);
    for &(name, axes, _, max) in NORMS {
        let tensor = weights.iter().find(|w| w.name == name).unwrap();
        let values: Vec<f64> = tensor.values.iter().map(|w| w.as_f64()).collect();
        let norms = norms(&tensor.shape, &values, axes);
        assert!(
            norms.iter().all(|&norm| norm <= max + 1e-6),
            "{name}: {norms:?}"
        );
    }
}

#[test]
fn constraints_hold_after_each_step() {
    holds_after_each_step::<f64>(Sgd::new(0.1).momentum(0.9));
    holds_after_each_step::<f64>(Adam::new(0.1).clipnorm(1.0));
    holds_after_each_step::<f32>(Adam::new(0.1));
    holds_after_each_step::<f32>(Lion::new(0.1).use_ema(true));
}

#[test]
fn a_rate_goes_only_a_part_of_the_way() {
    sequential! {
        struct Net<T>: [2] => [1] {
            Dense(1, use_bias = false, kernel_constraint = min_max_norm(rate = 0.25, max_value = 1))
        }
    }
    let mut model = Net::<f64>::new(1);
    (model.dense.kernel[[0, 0]], model.dense.kernel[[1, 0]]) = (3.0, 4.0);
    let mut training = model.compile(Sgd::new(0.0), MeanSquaredError);
    training.train_on_batch(&[[0.0; 2]], &[[0.0]]).unwrap();
    // From the norm 5 to 0.25 * 1 + 0.75 * 5 = 4.
    let kernel = &model.dense.kernel;
    assert!((kernel[[0, 0]] - 2.4).abs() < 1e-6 && (kernel[[1, 0]] - 3.2).abs() < 1e-6);
}

#[test]
fn axes_of_alpha_are_those_of_keras() {
    sequential! {
        struct Net<T>: [2, 3, 2] => [2, 3, 2] {
            PReLU(ones, alpha_constraint = unit_norm),
            PReLU(ones, alpha_constraint = unit_norm([0, 1])),
            PReLU(ones, alpha_constraint = unit_norm(2)),
            PReLU(ones, shared_axes = [2, 3], alpha_constraint = unit_norm(2)),
            PReLU(ones, shared_axes = [2, 3], alpha_constraint = max_norm(0.5)),
        }
    }
    let mut model = Net::<f64>::new(1);
    let mut training = model.compile(Sgd::new(0.0), MeanSquaredError);
    training
        .train_on_batch(&[[[[1.0; 2]; 3]; 2]], &[[[[0.0; 2]; 3]; 2]])
        .unwrap();
    // As many numbers as there are in the norm, all the same: alpha is [height][width][channels].
    let of = |alpha: &[f64], count: f64| {
        assert!(
            alpha.iter().all(|a| (a - 1.0 / count.sqrt()).abs() < 1e-6),
            "{alpha:?}"
        );
    };
    of(&model.p_re_lu.alpha, 3.0);
    of(&model.p_re_lu_1.alpha, 6.0);
    of(&model.p_re_lu_2.alpha, 2.0);
    of(&model.p_re_lu_3.alpha, 2.0);
    of(&model.p_re_lu_4.alpha, 4.0);
}

#[test]
fn a_penalty_that_is_not_finite_is_an_error() {
    sequential! {
        struct Net<T>: [1] => [1] { Dense(1, kernel_regularizer = l2(1.0)) }
    }
    let mut model = Net::<f64>::new(1);
    model.dense.kernel[[0, 0]] = 1e200;
    let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
    let error = training.train_on_batch(&[[0.0]], &[[0.0]]).unwrap_err();
    assert!(matches!(error, Error::NonFiniteLoss { .. }), "{error}");
    assert_eq!(model.dense.kernel[[0, 0]], 1e200);
}
