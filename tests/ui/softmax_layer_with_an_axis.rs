use plywood::prelude::*;

sequential! {
    struct Net: [4] => [3] {
        Dense(3),
        Softmax(axis = -1),
    }
}

fn main() {}
