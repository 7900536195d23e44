use plywood::prelude::*;

sequential! {
    struct Net: [8] => [8] {
        Residual(Dense(6, rellu), Dense(8)),
    }
}

fn main() {}
