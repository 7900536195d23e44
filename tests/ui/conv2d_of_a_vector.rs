use plywood::prelude::*;

sequential! {
    struct Net: [10] => [8, 26, 26] {
        Conv2D(8, 3),
    }
}

fn main() {}
