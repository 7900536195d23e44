use plywood::prelude::*;

sequential! {
    struct Net: [3, 8, 8] => [3, 4] {
        Activation(relu),
        TimeDistributed(Dense(4)),
    }
}

fn main() {}
