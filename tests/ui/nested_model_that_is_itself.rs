use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        Dense(4),
        Net,
    }
}

fn main() {
    Net::new(1);
}
