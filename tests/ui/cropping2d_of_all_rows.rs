use plywood::prelude::*;

sequential! {
    struct Net: [1, 4, 4] => [1, 1, 2] {
        Cropping2D([2, 1]),
    }
}

fn main() {
    Net::new(1);
}
