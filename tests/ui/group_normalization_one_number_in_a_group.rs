use plywood::prelude::*;

sequential! {
    struct Net: [32] => [32] {
        GroupNormalization,
    }
}

fn main() {
    Net::new(1);
}
