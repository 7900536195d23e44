use plywood::prelude::*;

sequential! {
    struct Net: [8] => [8] {
        Dense(8, relu),
        Residual(Dense(9 => 6, relu), Dense(8)),
    }
}

fn main() {}
