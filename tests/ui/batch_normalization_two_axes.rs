use plywood::prelude::*;

sequential! {
    struct Net: [4, 3] => [4, 3] {
        BatchNormalization(axis = [1, 2]),
    }
}

fn main() {}
