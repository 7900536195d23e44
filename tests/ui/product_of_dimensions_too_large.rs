use plywood::prelude::*;

sequential! {
    struct Net: [2147483647, 2147483647, 2147483647] => [10] {
        Flatten,
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
