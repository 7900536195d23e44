use plywood::prelude::*;

sequential! {
    struct Net: [1, 6, 8] => [8, 2, 4] {
        Conv2D(8, 4, dilation_rate = 2),
    }
}

fn main() {}
