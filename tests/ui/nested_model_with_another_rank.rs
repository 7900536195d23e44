use plywood::prelude::*;

sequential! {
    struct Block: [8] => [8] { Dense(8, relu) }
}

sequential! {
    struct Net: [2, 4] => [2] {
        Block,
        Dense(2),
    }
}

fn main() {
    Net::new(1);
}
