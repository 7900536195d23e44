use plywood::prelude::*;

sequential! {
    struct Net: [2, 3] => [2, 2] {
        Permute([1, 1]),
    }
}

fn main() {
    Net::new(1);
}
