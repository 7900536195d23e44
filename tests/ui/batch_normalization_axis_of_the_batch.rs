use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        BatchNormalization(axis = 0),
    }
}

fn main() {}
