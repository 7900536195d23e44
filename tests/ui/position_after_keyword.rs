use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(units = 10, relu),
    }
}

fn main() {
    Net::new(1);
}
