use plywood::prelude::*;

sequential! {
    struct Net: [1, 8, 8] => [10] {
        Conv2D(4, 3),
        Dense(10),
    }
}

fn main() {}
