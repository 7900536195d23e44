use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(10, relu, true, he_normal, zeros, l2, l1, non_neg, unit_norm, ones),
    }
}

fn main() {
    Net::new(1);
}
