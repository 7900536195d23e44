use plywood::prelude::*;

sequential! {
    struct Net: [2, 2] => [10] {
        Flatten(4),
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
