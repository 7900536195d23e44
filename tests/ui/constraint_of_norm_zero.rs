use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, kernel_constraint = max_norm(0)),
    }
}

fn main() {}
