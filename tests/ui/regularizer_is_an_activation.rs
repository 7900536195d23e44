use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, bias_regularizer = relu),
    }
}

fn main() {}
