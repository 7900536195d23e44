use plywood::prelude::*;

sequential! {
    struct Net: [8] => [8] {
        Residual([Dense(8)], [Dense(8)]),
    }
}

fn main() {}
