use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, relu(0.1)),
    }
}

fn main() {}
