use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        dense(16, relu),
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
