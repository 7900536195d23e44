use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, activity_regularizer = max_norm),
    }
}

fn main() {}
