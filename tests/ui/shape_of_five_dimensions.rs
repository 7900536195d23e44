use plywood::prelude::*;

sequential! {
    struct Net: [1, 2, 3, 4, 5] => [10] {
        Flatten,
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
