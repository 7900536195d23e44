use plywood::prelude::*;

sequential! {
    struct Net: [784] => [10] {
        Dense(128, relu),
        Dense(12, softmax),
    }
}

fn main() {
    Net::new(1);
}
