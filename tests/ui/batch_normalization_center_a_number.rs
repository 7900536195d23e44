use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        BatchNormalization(center = 1),
    }
}

fn main() {
    Net::new(1);
}
