use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, kernel_constraint = l2(0.1)),
    }
}

fn main() {}
