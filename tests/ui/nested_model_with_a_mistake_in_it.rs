use plywood::prelude::*;

sequential! {
    struct Block: [4] => [8] { Dense(9, relu) }
}

sequential! {
    struct Net: [4] => [2] {
        Block,
        Dense(2),
    }
}

fn main() {
    Net::new(1);
}
