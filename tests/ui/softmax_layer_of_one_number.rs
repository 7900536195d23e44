use plywood::prelude::*;

sequential! {
    struct Net: [4] => [1] {
        Dense(1),
        Softmax,
    }
}

fn main() {}
