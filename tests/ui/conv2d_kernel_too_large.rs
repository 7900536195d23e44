use plywood::prelude::*;

sequential! {
    struct Net: [1, 4, 4] => [10] {
        Conv2D(8, 3, activation = relu),
        Conv2D(8, 3, activation = relu),
        Flatten,
        Dense(10),
    }
}

fn main() {}
