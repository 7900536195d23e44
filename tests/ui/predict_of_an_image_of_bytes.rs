use plywood::prelude::*;

sequential! {
    struct Net: [28, 28] => [10] {
        Flatten,
        Dense(10, softmax),
    }
}

fn main() {
    Net::new(1).predict(&[[0u8; 28]; 28]);
}
