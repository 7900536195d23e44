use plywood::prelude::*;

sequential! {
    struct Net: [28, 28] => [10] {
        Flatten,
        Dense(784 => 128, relu),
        Dense(100 => 10, softmax),
    }
}

fn main() {
    Net::new(1);
}
