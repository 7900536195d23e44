use plywood::prelude::*;

sequential! {
    struct Net: [4] => [1] {
        Dense(1),
    }
}

fn main() {
    Net::new(1).compile(Sgd::new(0.1), BinaryCrossentropy);
}
