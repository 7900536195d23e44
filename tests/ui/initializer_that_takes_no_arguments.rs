use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, kernel_initializer = he_normal(0.1)),
    }
}

fn main() {}
