use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        BatchNormalization(epsilon = 0),
    }
}

fn main() {
    Net::new(1);
}
