use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(10, relu, true, he_normal, zeros, ones),
    }
}

fn main() {
    Net::new(1);
}
