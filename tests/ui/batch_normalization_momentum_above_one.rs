use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        BatchNormalization(1.5),
    }
}

fn main() {
    Net::new(1);
}
