use plywood::prelude::*;

sequential! {
    struct Encoder: [8] => [4] {
        Dense(4),
    }
}

sequential! {
    struct Net: [3, 8] => [3, 4] {
        TimeDistributed(Encoder),
    }
}

fn main() {}
