use plywood::prelude::*;

sequential! {
    struct Net: [4, 3] => [4, 3] {
        BatchNormalization(axis = 3),
    }
}

fn main() {}
