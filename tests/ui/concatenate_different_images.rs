use plywood::prelude::*;

sequential! {
    struct Net: [3, 8, 8] => [8, 8, 8] {
        Concatenate([Conv2D(4, 1)], [Conv2D(4, 3)]),
    }
}

fn main() {}
