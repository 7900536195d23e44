use plywood::prelude::*;

sequential! {
    struct Net: [FEATURE] => [10] {
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
