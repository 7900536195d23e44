use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(10, softmax),
    }
}

fn main() {
    Net {}.predict(&[0.0; 4]);
}
