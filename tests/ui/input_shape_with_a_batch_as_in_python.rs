use plywood::prelude::*;

sequential! {
    struct Net: [None, 28, 28] => [10] {
        Flatten,
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
