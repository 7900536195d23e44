use plywood::prelude::*;

const MANY: usize = 1 << 31;

sequential! {
    struct Net: [MANY] => [10] {
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
