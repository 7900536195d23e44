use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        BatchNormalization(momentum = 1.5),
    }
}

fn main() {
    Net::new(1);
}
