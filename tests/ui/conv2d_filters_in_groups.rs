use plywood::prelude::*;

sequential! {
    struct Net: [4, 8, 8] => [6, 6, 6] {
        Conv2D(6, 3, groups = 4),
    }
}

fn main() {}
