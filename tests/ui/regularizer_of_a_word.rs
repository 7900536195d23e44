use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Dense(4, kernel_regularizer = l2(relu)),
    }
}

fn main() {}
