use plywood::prelude::*;

sequential! {
    struct Net: [4 5] => [10] {
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
