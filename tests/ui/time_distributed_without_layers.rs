use plywood::prelude::*;

sequential! {
    struct Net: [3, 8] => [3, 4] {
        TimeDistributed(4),
    }
}

fn main() {}
