use plywood::prelude::*;

sequential! {
    struct Net: [784] => [28, 28] {
        Reshape,
    }
}

fn main() {
    Net::new(1);
}
