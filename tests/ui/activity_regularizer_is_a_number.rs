use plywood::prelude::*;

sequential! {
    struct Net: [2] => [2] {
        Flatten(activity_regularizer = 0.01),
    }
}

fn main() {}
