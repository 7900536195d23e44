use plywood::prelude::*;

const CLASSES: usize = 3;

sequential! {
    struct Net: [4] => [CLASSES] {
        Dense(16, relu),
        Dense({ CLASSES + 1 }, softmax),
    }
}

fn main() {
    Net::new(1);
}
