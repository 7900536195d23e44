use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, kernel_initializer = random_uniform(0.1, 0.0)),
    }
}

fn main() {}
