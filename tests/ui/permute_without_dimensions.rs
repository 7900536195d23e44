use plywood::prelude::*;

sequential! {
    struct Net: [2, 3] => [3, 2] {
        Permute,
    }
}

fn main() {
    Net::new(1);
}
