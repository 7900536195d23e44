use plywood::prelude::*;

sequential! {
    struct Net: [8] => [4] {
        TimeDistributed(Dense(4)),
    }
}

fn main() {}
