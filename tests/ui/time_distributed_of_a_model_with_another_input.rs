use plywood::prelude::*;

sequential! {
    struct Encoder: [28, 28] => [16] {
        Flatten,
        Dense(16),
    }
}

sequential! {
    struct Alike: [2, 32, 32] => [2, 16] {
        TimeDistributed([Encoder]),
    }
}

fn main() {}
