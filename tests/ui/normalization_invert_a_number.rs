use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        Normalization(invert = 1),
    }
}

fn main() {
    Net::new(1);
}
