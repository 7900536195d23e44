use plywood::prelude::*;

sequential! {
    struct Net: [4] {
        Dense(10),
    }
}

fn main() {}
