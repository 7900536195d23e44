use plywood::prelude::*;

sequential! {
    struct Net: [2, 3, 4] => [2, 3, 4] {
        Permute([2, 1]),
    }
}

fn main() {
    Net::new(1);
}
