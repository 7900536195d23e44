use plywood::prelude::*;

sequential! {
    struct Net: [2147483648] => [10] {
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
