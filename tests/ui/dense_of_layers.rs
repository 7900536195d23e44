use plywood::prelude::*;

sequential! {
    struct Net: [8] => [10] {
        Dense(Dense(8), 10),
    }
}

fn main() {}
