use plywood::prelude::*;

const N: u32 = 4;

sequential! {
    struct Net: [N] => [10] {
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
