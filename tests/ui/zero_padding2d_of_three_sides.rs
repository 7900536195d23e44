use plywood::prelude::*;

sequential! {
    struct Net: [1, 2, 2] => [1, 4, 4] {
        ZeroPadding2D([1, 1, 1]),
    }
}

fn main() {
    Net::new(1);
}
