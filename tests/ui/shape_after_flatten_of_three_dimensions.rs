use plywood::prelude::*;

sequential! {
    struct Net: [3, 32, 32] => [10] {
        Flatten,
        Dense(1024 => 10, softmax),
    }
}

fn main() {
    Net::new(1);
}
