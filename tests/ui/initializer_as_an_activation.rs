use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(16, he_normal),
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
