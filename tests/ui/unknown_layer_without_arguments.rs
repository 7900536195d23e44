use plywood::prelude::*;

sequential! {
    struct Net: [2, 2] => [10] {
        Flaten,
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
