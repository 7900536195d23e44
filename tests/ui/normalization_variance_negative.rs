use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        Normalization(0.5, -1),
    }
}

fn main() {
    Net::new(1);
}
