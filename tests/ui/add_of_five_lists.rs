use plywood::prelude::*;

sequential! {
    struct Net: [8] => [4] {
        Add([Dense(4)], [Dense(4)], [Dense(4)], [Dense(4)], [Dense(4)]),
    }
}

fn main() {}
