use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, leaky_relu(slope = 0.1)),
    }
}

fn main() {}
