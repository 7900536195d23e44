use plywood::prelude::*;

sequential! {
    struct Net {
        Dense(10),
    }
}

fn main() {}
