use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, bias_constraint = non_neg(1)),
    }
}

fn main() {}
