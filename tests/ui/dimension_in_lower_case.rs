use plywood::prelude::*;

const FEATURES: usize = 4;

sequential! {
    struct Net: [features] => [10] {
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
