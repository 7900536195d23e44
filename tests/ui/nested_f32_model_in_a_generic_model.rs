use plywood::prelude::*;

sequential! {
    struct Block: [8] => [8] { Dense(8, relu) }
}

sequential! {
    struct Net<T>: [8] => [2] {
        Block,
        Dense(2),
    }
}

fn main() {
    Net::<f32>::new(1);
}
