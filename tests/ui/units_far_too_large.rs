use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(99999999999999999999),
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
