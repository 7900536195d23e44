use plywood::prelude::*;

sequential! {
    struct Net: [8] => [4] {
        Add([Dense(4)], [Dense(5, relu), Dense(6)]),
    }
}

fn main() {}
