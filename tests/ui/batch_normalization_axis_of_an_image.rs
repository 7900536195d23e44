use plywood::prelude::*;

sequential! {
    struct Net: [3, 4, 4] => [3, 4, 4] {
        BatchNormalization(axis = 1),
    }
}

fn main() {}
