use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(5 => 16, relu),
        Dense(11, softmax),
    }
}

fn main() {
    Net::new(1).predict(&[0.0; 5]);
}
