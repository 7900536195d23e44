use plywood::prelude::*;

sequential! {
    struct Net: [2, 3] => [2, 3] {
        Permute([0, 1]),
    }
}

fn main() {
    Net::new(1);
}
