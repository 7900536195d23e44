use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        hidden: Dense(16, relu),
        Dense(10, softmax),
    }
}

fn main() {
    Net::new(1).dense_1.bias[0] = 1.0;
}
