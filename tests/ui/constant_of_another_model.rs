use plywood::prelude::*;

sequential! {
    struct Block: [4] => [8] { Dense(8) }
}

sequential! {
    struct Net: [{ Block::OUTPUT_SHAPE[0] }] => [2] {
        Dense({ Block::PARAMS } => 2),
    }
}

fn main() {
    Net::new(1);
}
