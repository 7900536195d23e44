use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, activity_regularizer = l1(-0.1)),
    }
}

fn main() {}
