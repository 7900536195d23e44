use plywood::prelude::*;

sequential! {
    struct Net: [2, 16] => [2, 2, 2, 4] {
        TimeDistributed(Reshape([2, 2, 2, 2])),
    }
}

fn main() {}
