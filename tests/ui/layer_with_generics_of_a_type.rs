use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Vec<f32>,
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
