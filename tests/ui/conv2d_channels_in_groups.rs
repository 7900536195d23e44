use plywood::prelude::*;

sequential! {
    struct Net: [3, 8, 8] => [8, 6, 6] {
        Conv2D(8, 3, groups = 2),
    }
}

fn main() {}
