use plywood::prelude::*;

sequential! {
    struct Block: [8] => [8] { Dense(8, relu) }
}

sequential! {
    struct Net: [4] => [2] {
        Dense(16, relu),
        Block,
        Dense(2),
    }
}

fn main() {
    Net::new(1);
}
