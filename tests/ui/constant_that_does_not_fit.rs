use plywood::prelude::*;

const FEATURES: usize = 30;

sequential! {
    struct Net: [FEATURES] => [3] {
        Dense(16, relu),
        Dense(FEATURES => 3, softmax),
    }
}

fn main() {
    Net::new(1);
}
