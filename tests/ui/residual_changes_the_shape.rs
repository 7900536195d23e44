use plywood::prelude::*;

sequential! {
    struct Net: [8] => [4] {
        Residual(Dense(6, relu), Dense(4)),
    }
}

fn main() {}
