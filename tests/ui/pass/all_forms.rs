//! Every form that the grammar of `sequential!` has.

use plywood::prelude::*;

const FEATURES: usize = 12;
const W: usize = 3;

mod layers {
    plywood::prelude::sequential! {
        /// A model in a module.
        #[derive(Debug)]
        pub(crate) struct Block: [12] => [12] { Dense(12, tanh) }
    }
    use plywood::prelude::{Dense, Tanh};
}

sequential! {
    /// A doc comment, and an attribute.
    #[derive(Debug)]
    struct Everything: [FEATURES] => [5] {
        Dense(12 => 9),
        Dense(8, relu,) => [8],
        named: Dense({ 2 * W }, activation = sigmoid, use_bias = false),
        Dense(units = FEATURES, kernel_initializer = he_normal, bias_initializer = ones),
        layers::Block,
        plywood::layers::Activation(activation = gelu),
        Reshape([W, { FEATURES / W }]) => [3, 4],
        Reshape((2, W, 2)),
        Flatten,
        Flatten(),
        Dropout(0),
        Dropout(rate = 0.25),
        layers::Block(activity_regularizer = l1) => [FEATURES],
        LayerNormalization(axis = -1, activity_regularizer = l1_l2(l2 = 0.1)),
        Dense(FEATURES => 5, Softmax, true, glorot_uniform, zeros) => [5]
    }
}

sequential! { struct Four: [1, 2, 3, 4] => [24] { Flatten } }

sequential! {
    struct Generic<T>: [2, { W - 1 }] => [1] { Flatten(), Dense(1, plywood::prelude::Sigmoid), Four1<T>, }
}

sequential! { struct Four1<T>: [1] => [1] { Dense(1), } }

sequential! {
    struct Twice<T>: [2, 3, 12] => [2, 2] {
        TimeDistributed(
            Flatten(),
            Residual(Dense(36, tanh)),
            Reshape([2, 18]),
            TimeDistributed(layer = [Rows<T>]),
            Flatten,
        ),
    }
}

sequential! { struct Rows<T>: [18] => [1] { Dense(1) } }

sequential! {
    struct Aliases: [1, 12, 12] => [2] {
        Convolution2D(2, 3),
        MaxPool2D(2),
        pool: AvgPool2D(pool_size = 2),
        GlobalAvgPool2D,
        Softmax,
    }
}

/// Makes some, and predicts.
pub fn main() {
    sequential! { struct Inside: [FEATURES] => [2] { layers::Block, Dense(2) } }
    assert_eq!(Everything::new(1).predict(&[0.5; 12]).len(), 5);
    assert_eq!(Four::new(1).predict(&[[[[1.0; 4]; 3]; 2]]), [1.0; 24]);
    assert_eq!(Generic::<f64>::new(1).predict(&[[1.0f64; 2]; 2]).len(), 1);
    assert_eq!(Aliases::new(1).max_pool2d, NoWeights);
    assert_eq!(Inside::new(1).predict(&[0.5; 12]).len(), 2);
}
