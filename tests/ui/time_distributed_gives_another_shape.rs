use plywood::prelude::*;

sequential! {
    struct Net: [3, 8] => [4] {
        TimeDistributed(Dense(4)),
    }
}

fn main() {}
