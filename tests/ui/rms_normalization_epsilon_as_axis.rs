use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        RMSNormalization(0.001),
    }
}

fn main() {}
