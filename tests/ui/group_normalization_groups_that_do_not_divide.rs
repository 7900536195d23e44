use plywood::prelude::*;

sequential! {
    struct Net: [12, 4, 4] => [12, 4, 4] {
        GroupNormalization,
    }
}

fn main() {
    Net::new(1);
}
