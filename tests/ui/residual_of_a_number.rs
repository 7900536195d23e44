use plywood::prelude::*;

sequential! {
    struct Net: [8] => [8] {
        Residual(8),
    }
}

fn main() {}
