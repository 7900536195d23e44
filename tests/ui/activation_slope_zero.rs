use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, leaky_relu(0.0)),
    }
}

fn main() {}
