use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, kernel_constraint = min_max_norm(2.0)),
    }
}

fn main() {}
