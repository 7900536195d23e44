use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        hidden: Dense(16, relu),
        hidden: Dense(10),
    }
}

fn main() {
    Net::new(1);
}
