use plywood::prelude::*;

sequential! {
    struct Net: [12] => [12] {
        GroupNormalization(0),
    }
}

fn main() {
    Net::new(1);
}
