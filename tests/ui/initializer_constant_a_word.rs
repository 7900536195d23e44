use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, bias_initializer = constant(ones)),
    }
}

fn main() {}
