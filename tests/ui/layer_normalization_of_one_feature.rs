use plywood::prelude::*;

sequential! {
    struct Net: [1, 8, 8] => [1, 8, 8] {
        LayerNormalization,
    }
}

fn main() {
    Net::new(1);
}
