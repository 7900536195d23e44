use plywood::prelude::*;

sequential! {
    struct Net: [4.0] => [10] {
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
