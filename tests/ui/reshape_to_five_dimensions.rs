use plywood::prelude::*;

sequential! {
    struct Net: [32] => [32] {
        Reshape([2, 2, 2, 2, 2]),
        Flatten,
    }
}

fn main() {
    Net::new(1);
}
