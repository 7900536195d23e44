use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, kernel_regularizer = l1(0.1, 0.2)),
    }
}

fn main() {}
