use plywood::prelude::*;

sequential! {
    enum Net: [4] => [10] {
        Dense(10),
    }
}

fn main() {}
