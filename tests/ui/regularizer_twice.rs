use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, kernel_regularizer = l1_l2(0.1, l1 = 0.2)),
    }
}

fn main() {}
