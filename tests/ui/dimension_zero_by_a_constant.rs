use plywood::prelude::*;

const NONE: usize = 0;

sequential! {
    struct Net: [NONE] => [10] {
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
