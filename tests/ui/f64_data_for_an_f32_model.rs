use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(10, softmax),
    }
}

fn main() {
    let x: [f64; 4] = [0.0; 4];
    Net::new(1).predict(&x);
}
