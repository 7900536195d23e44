use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(10, use_bias = 3),
    }
}

fn main() {
    Net::new(1);
}
