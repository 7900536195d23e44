use plywood::prelude::*;

sequential! {
    struct Net: [784] => [10] {
        Reshape([28, 28]),
        Dense(10, softmax),
    }
}

fn main() {
    Net::new(1);
}
