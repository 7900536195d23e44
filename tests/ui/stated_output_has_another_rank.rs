use plywood::prelude::*;

sequential! {
    struct Net: [784] => [10] {
        Dense(128, relu) => [1, 128],
        Dense(10, softmax),
    }
}

fn main() {
    Net::new(1);
}
