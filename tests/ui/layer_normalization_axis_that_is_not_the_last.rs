use plywood::prelude::*;

sequential! {
    struct Net: [4, 3] => [4, 3] {
        LayerNormalization(axis = 1),
    }
}

fn main() {}
