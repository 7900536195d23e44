use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, activation = gelu(approximate = 1)),
    }
}

fn main() {}
