use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        RMSNormalization(epsilon = -0.1),
    }
}

fn main() {
    Net::new(1);
}
