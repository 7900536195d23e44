use plywood::prelude::*;

sequential! {
    struct Net: [3, 4, 4] => [3, 4, 4] {
        LayerNormalization(axis = [2, 3]),
    }
}

fn main() {}
