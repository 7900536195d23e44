use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        LayerNormalization(scale = ones),
    }
}

fn main() {
    Net::new(1);
}
