use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, kernel_regularizer = l2(2 => 0.1)),
    }
}

fn main() {}
