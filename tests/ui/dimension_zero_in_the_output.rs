use plywood::prelude::*;

sequential! {
    struct Net: [4] => [0, 2] {
        Dense(2),
    }
}

fn main() {
    Net::new(1);
}
