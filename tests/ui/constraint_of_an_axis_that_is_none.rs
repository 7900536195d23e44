use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, kernel_constraint = unit_norm(axis = [0, 2])),
    }
}

fn main() {}
