use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, kernel_initializer = random_normal(stddev = -0.01)),
    }
}

fn main() {}
