use plywood::prelude::*;

sequential! {
    struct Block<T>: [8] => [8] { Dense(8, relu) }
}

sequential! {
    struct Net: [8] => [2] {
        Block<f64>,
        Dense(2),
    }
}

fn main() {
    Net::new(1);
}
