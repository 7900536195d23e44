use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(10, use_bias = False),
    }
}

fn main() {
    Net::new(1);
}
