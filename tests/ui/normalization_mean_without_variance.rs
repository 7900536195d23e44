use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        Normalization(mean = 0.5),
    }
}

fn main() {
    Net::new(1);
}
