//! Backward is the derivative of forward for whatever network the types allow: 40 networks of
//! depth 1 to 6 against central differences, by every input and every weight; and a training step
//! takes the loss downhill by exactly its numeric gradient, for every loss after every output that
//! it goes with.

use plywood::cast::Plain;
use plywood::layer::Model;
use plywood::losses::{Fits, Loss};
use plywood::math::Real;
use plywood::prelude::*;
use plywood::random::Stream;
use plywood::training::{get_weights, restore, save};

/// Inputs away from the kinks of the activations.
fn inputs<M: Model>(count: usize, seed: u64) -> Vec<M::Input> {
    let mut random = Stream::new(seed);
    let mut list = vec![<M::Input as bytemuck::Zeroable>::zeroed(); count];
    for x in list.iter_mut().flat_map(|x| x.numbers_mut()) {
        *x = loop {
            let x = 1.5 * random.normal();
            if (0.001..2.99).contains(&x.abs()) {
                break M::Element::of(x);
            }
        };
    }
    list
}

fn check<M: Model<Element = f64>>() {
    // A single sample takes other ways through the kernels; large networks take their time.
    let rows = if M::PARAMS < 700 { &[1, 3][..] } else { &[3] };
    for &rows in rows {
        let mut model = M::initialized(rows as u64);
        let x = inputs::<M>(rows, 2);
        let weights = get_weights(&*model);
        if let Err(wrong) = plywood::gradients::check(&mut *model, &x) {
            panic!("{rows} samples: {wrong}");
        }
        assert!(
            get_weights(&*model) == weights,
            "the check leaves the model as it was"
        );
    }
}

sequential! {
    struct Encoder<T>: [6] => [4] { Dense(9, silu), Dense(4, tanh) }
}
sequential! {
    struct Block<T>: [8] => [8] { Dense(40, gelu), Dropout(0.3), Dense(8) }
}
sequential! {
    struct Reshaper<T>: [2, 3] => [3, 2] { Reshape([3, 2]) }
}
sequential! {
    struct Head<T>: [4] => [3] { Dense(5, elu), Dense(3, softmax) }
}
sequential! {
    struct Pair<T>: [6] => [3] { Encoder<T>, Head<T> }
}

macro_rules! networks {
    ($($name:ident: $input:tt => $output:tt { $($layers:tt)* })*) => { $(
        #[test]
        fn $name() {
            sequential! {
                struct Net<T>: $input => $output { $($layers)* }
            }
            check::<Net<f64>>();
        }
    )* };
}

networks! {
    n01: [1] => [1] { Dense(1) }
    n02: [70] => [1] { Dense(1, tanh) }
    n03: [1] => [70] { Dense(70, sigmoid) }
    n04: [17] => [33] { Dense(33, softmax) }
    n05: [2, 3, 4] => [24] { Flatten }
    n06: [7] => [7] { Dropout(0.5) }
    n07: [9] => [9] { Activation(gelu), Activation(silu) }
    n08: [3] => [2] { Dense(31, relu), Dense(2) }
    n09: [32] => [16] { Dense(32, elu), Dense(16, use_bias = false) }
    n10: [33] => [9] { Dense(32, selu), Dense(9, tanh) }
    n11: [15] => [15] { Dense(16, leaky_relu), Dense(15, hard_sigmoid) }
    n12: [5, 5] => [3] { Flatten, Dense(13, softplus), Dense(3, softmax) }
    n13: [12] => [3, 4] { Dense(12, silu), Reshape([3, 4]), Activation(selu) }
    n14: [2, 6] => [4] { Reshape(12), Dropout(0.2), Dense(4, sigmoid) }
    n15: [10] => [2] { Dropout(0.4), Dense(66, relu), Dense(2) }
    n16: [65] => [5] { Dense(17, tanh), Activation(linear), Dense(5, gelu) }
    n17: [4] => [4] { Dense(49, gelu), Dropout(0.1), Dense(4, linear) }
    n18: [6] => [6] { Activation(tanh), Dense(6, use_bias = false), Activation(relu) }
    n19: [8] => [1] { Dense(64, silu), Dense(3, selu), Dense(1, sigmoid) }
    n20: [3] => [3] { Dense(5, relu), Dense(5, relu), Dense(5, relu), Dense(3) }
    n21: [11] => [7] { Dense(20, softmax), Dense(19, softplus), Dense(18, elu), Dense(7) }
    n22: [4, 4] => [2, 8] { Flatten, Dense(16, tanh), Reshape([2, 8]), Dropout(0.25) }
    n23: [6] => [4] { Encoder<T> }
    n24: [3] => [4] { Dense(6, leaky_relu), Encoder<T>, Activation(softplus) }
    n25: [8] => [2] { Block<T>, Block<T>, Dense(2) }
    n26: [2, 3] => [2] { Reshaper<T>, Flatten, Dense(2, silu) }
    n27: [6] => [3] { Pair<T> }
    n28: [5] => [3] { Dense(6, hard_sigmoid), Pair<T> }
    n29: [9] => [1] { Dense(41, elu), Dropout(0.5), Dense(23, selu), Dropout(0.1), Dense(1) }
    n30: [3] => [2] { Dense(4, gelu), Dense(8, silu), Dense(16, softplus), Dense(12, tanh), Dense(2) }
    n31: [7, 2] => [5] {
        Flatten, Dense(35, relu), Reshape([5, 7]), Activation(silu), Flatten, Dense(5, softmax),
    }
    n32: [2] => [2] {
        Dense(3, tanh), Dense(9, tanh), Dense(33, tanh), Dense(10, tanh), Dense(4, tanh), Dense(2, tanh),
    }
    n33: [33] => [2] { Dense(35, gelu), Dense(2, use_bias = false) }
    n34: [3] => [8] { Dense(8, silu), Activation(gelu), Block<T>, Dropout(0.2), Activation(tanh) }
    n35: [2] => [70] { Dense(69, leaky_relu), Dense(1), Dense(70, sigmoid) }
    n36: [1, 1, 1, 5] => [5, 1] { Reshape([5]), Dense(5, softplus), Reshape([5, 1]) }
    n37: [2, 5, 4] => [3] {
        Conv2D(6, 2), BatchNormalization, Activation(tanh), GroupNormalization(3), Flatten,
        LayerNormalization, Dense(3, softmax),
    }
    n38: [6] => [4] {
        Encoder<T>, LayerNormalization, RMSNormalization, BatchNormalization(scale = false),
    }
    n39: [4, 3] => [2] {
        Normalization(0.5, 2), Permute([2, 1]), GaussianNoise(0.1), PReLU(random_normal),
        SpatialDropout1D(0.3), Flatten, BatchNormalization(center = false, scale = false), Dense(2),
    }
    n40: [3] => [2] {
        Dense(4), BatchNormalization, RepeatVector(2), ELU, Flatten, GaussianDropout(0.2), Dense(2),
    }
}

/// How far weights are moved, and the learning rate.
const MOVE: f64 = 1e-5;
const RATE: f64 = 0.5;

/// One step of gradient descent on a batch, by every weight against the central difference of the
/// mean loss that `evaluate` gives.
fn descends<M, L, Y>(loss: L, y: &[Y])
where
    M: Model,
    L: Fits<<M as Layer<M::Element, M::InputShape>>::Head> + Loss<M::Element, M::Prediction, Y>,
    Y: Sync,
{
    let x = inputs::<M>(y.len(), 5);
    let mut training = Training::new(M::initialized(3), Sgd::new(RATE), loss);
    let numbers = |model: &M| -> Vec<f64> {
        let mut list = Vec::new();
        save(model, &mut list);
        list.into_iter().map(Real::as_f64).collect()
    };
    let mut weights = numbers(training.model());
    let mut mean_loss = |weights: &[f64]| {
        let list: Vec<M::Element> = weights.iter().map(|&w| M::Element::of(w)).collect();
        restore(training.model_mut(), &list);
        training.evaluate(&x, y).unwrap().loss
    };
    let mut gradient = Vec::new();
    for i in 0..weights.len() {
        let old = weights[i];
        let mut at = |to: f64| {
            weights[i] = to;
            mean_loss(&weights)
        };
        gradient.push((at(old + MOVE) - at(old - MOVE)) / (2.0 * MOVE));
        at(old);
    }
    let before = mean_loss(&weights);
    let stepped = training.train_on_batch(&x, y).unwrap();
    let moved = numbers(training.model());
    let what = std::any::type_name::<(M, L)>();
    assert!(
        (stepped - before).abs() <= 1e-12 * before.abs().max(1.0),
        "{what}: {stepped}, {before}"
    );
    assert!(
        gradient.iter().any(|g| g.abs() > 1e-3),
        "{what}: nothing to learn"
    );
    for (i, numeric) in gradient.iter().enumerate() {
        let taken = (weights[i] - moved[i]) / RATE;
        let size = taken.abs().max(numeric.abs());
        assert!(
            (taken - numeric).abs() <= 1e-7 + 1e-5 * size,
            "{what}: weight {i} went by {taken}, the gradient is {numeric}"
        );
    }
}

/// Numbers between 0.05 and 0.95, sample by sample: they need not add up to 1.
fn targets<const N: usize>() -> Vec<[f64; N]> {
    let mut random = Stream::new(8);
    (0..5)
        .map(|_| [(); N].map(|()| 0.05 + 0.9 * random.uniform()))
        .collect()
}

const CLASSES: [u8; 5] = [0, 2, 1, 2, 2];

/// The same as arrays.
fn one_hot() -> Vec<[f64; 3]> {
    plywood::data::one_hot(&CLASSES).unwrap()
}

/// Answers of 1 and this number.
fn answers(no: f64) -> Vec<[f64; 3]> {
    let answer = |y: f64| if y > 0.5 { 1.0 } else { no };
    targets::<3>().iter().map(|y| y.map(answer)).collect()
}

macro_rules! descents {
    ($($name:ident: $input:tt => $output:tt { $($layers:tt)* } [$($loss:expr, $y:expr;)*])*) => { $(
        #[test]
        fn $name() {
            sequential! {
                struct Net<T>: $input => $output { $($layers)* }
            }
            $(descends::<Net<f64>, _, _>($loss, $y);)*
        }
    )* };
}

descents! {
    after_linear: [4] => [3] { Dense(34, tanh), Dense(3) } [
        MeanSquaredError, &targets::<3>();
        MeanAbsoluteError, &targets::<3>();
        Huber::default(), &targets::<3>();
        Huber::new(0.3), &targets::<3>();
        LogCosh, &targets::<3>();
        MeanAbsolutePercentageError, &targets::<3>();
        MeanSquaredLogarithmicError, &targets::<3>();
        CosineSimilarity, &targets::<3>();
        Hinge, &answers(-1.0);
        SquaredHinge, &answers(-1.0);
        SquaredHinge, &answers(0.0);
        CategoricalHinge, &targets::<3>();
        CategoricalHinge, &one_hot();
        BinaryCrossentropy::from_logits(), &targets::<3>();
        BinaryCrossentropy::from_logits().label_smoothing(0.2), &targets::<3>();
        CategoricalCrossentropy::from_logits(), &targets::<3>();
        CategoricalCrossentropy::from_logits().label_smoothing(0.2), &targets::<3>();
        SparseCategoricalCrossentropy::from_logits(), &CLASSES;
    ]
    after_sigmoid: [4] => [3] { Dense(6, silu), Dense(3, sigmoid) } [
        BinaryCrossentropy, &targets::<3>();
        BinaryCrossentropy.label_smoothing(0.2), &targets::<3>();
        MeanSquaredError, &targets::<3>();
        MeanSquaredLogarithmicError, &targets::<3>();
        Huber::new(0.2), &targets::<3>();
        Poisson, &targets::<3>();
        CosineSimilarity, &targets::<3>();
        CategoricalHinge, &one_hot();
    ]
    after_tanh: [4] => [3] { Dense(6, silu), Dense(3, tanh) } [
        Hinge, &answers(0.0);
        SquaredHinge, &answers(-1.0);
        LogCosh, &targets::<3>();
    ]
    after_relu: [4] => [3] { Dense(16, silu), Dense(3, relu) } [
        Poisson, &targets::<3>();
        MeanSquaredLogarithmicError, &targets::<3>();
    ]
    after_softplus: [4] => [3] { Dense(6, silu), Dense(3, softplus) } [
        Poisson, &targets::<3>();
        MeanAbsolutePercentageError, &targets::<3>();
    ]
    after_one_sigmoid: [4] => [1] { Dense(6, silu), Dense(1, sigmoid) } [
        BinaryCrossentropy, &targets::<1>();
    ]
    after_softmax: [4] => [3] { Dense(6, gelu), Dense(3, softmax) } [
        CategoricalCrossentropy, &targets::<3>();
        SparseCategoricalCrossentropy, &CLASSES;
        CategoricalCrossentropy.label_smoothing(0.2), &targets::<3>();
        CategoricalCrossentropy.label_smoothing(0.2), &one_hot();
        BinaryCrossentropy, &targets::<3>();
        BinaryCrossentropy.label_smoothing(0.2), &targets::<3>();
        KLDivergence, &targets::<3>();
        KLDivergence, &one_hot();
        MeanSquaredError, &targets::<3>();
        Poisson, &targets::<3>();
        CosineSimilarity, &targets::<3>();
        CategoricalHinge, &one_hot();
    ]
    after_a_wide_softmax: [4] => [37] { Dense(37, softmax) } [
        CategoricalCrossentropy, &targets::<37>();
        SparseCategoricalCrossentropy, &CLASSES;
    ]
    after_hard_sigmoid: [4] => [3] { Dense(5, tanh), Dense(3, hard_sigmoid) } [
        BinaryCrossentropy, &targets::<3>();
        BinaryCrossentropy.label_smoothing(0.2), &targets::<3>();
        Poisson, &targets::<3>();
    ]
    after_activation_layers: [4] => [3] { Dense(3), Activation(softmax) } [
        CategoricalCrossentropy, &targets::<3>();
        SparseCategoricalCrossentropy, &CLASSES;
    ]
    after_an_activation_layer: [4] => [3] { Dense(3), Activation(sigmoid) } [
        BinaryCrossentropy, &targets::<3>();
    ]
    after_a_model: [3] => [3] { Dense(6, elu), Pair<T> } [
        CategoricalCrossentropy, &targets::<3>();
        SparseCategoricalCrossentropy, &CLASSES;
    ]
    after_anything: [4] => [3] { Dense(5, elu), Dense(3, softmax), Flatten } [
        BinaryCrossentropy, &targets::<3>();
        BinaryCrossentropy.label_smoothing(0.2), &targets::<3>();
        CategoricalCrossentropy, &targets::<3>();
        CategoricalCrossentropy.label_smoothing(0.2), &targets::<3>();
        SparseCategoricalCrossentropy, &CLASSES;
        KLDivergence, &targets::<3>();
        Poisson, &targets::<3>();
        Hinge, &answers(0.0);
        SquaredHinge, &answers(0.0);
        BinaryCrossentropy::from_logits(), &targets::<3>();
        CategoricalCrossentropy::from_logits(), &targets::<3>();
        SparseCategoricalCrossentropy::from_logits(), &CLASSES;
    ]
}

#[test]
fn losses_of_outputs_in_two_dimensions() {
    sequential! {
        struct Net<T>: [4] => [2, 3] { Dense(6, sigmoid), Reshape([2, 3]) }
    }
    let mut random = Stream::new(8);
    let y: Vec<[[f64; 3]; 2]> = (0..5)
        .map(|_| [(); 2].map(|()| [(); 3].map(|()| random.uniform())))
        .collect();
    descends::<Net<f64>, _, _>(MeanSquaredError, &y);
    descends::<Net<f64>, _, _>(BinaryCrossentropy, &y);
    descends::<Net<f64>, _, _>(BinaryCrossentropy.label_smoothing(0.1), &y);
    descends::<Net<f64>, _, _>(Poisson, &y);
    descends::<Net<f64>, _, _>(LogCosh, &y);
}
