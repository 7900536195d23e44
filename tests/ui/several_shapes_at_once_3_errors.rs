use plywood::prelude::*;

sequential! {
    struct Net: [28, 28] => [10] {
        Dense(128, relu),
        Dense(100 => 64, relu),
        Dense(10) => [12],
    }
}

fn main() {
    Net::new(1);
}
