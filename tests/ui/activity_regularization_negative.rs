use plywood::prelude::*;

sequential! {
    struct Net: [2] => [2] {
        ActivityRegularization(l2 = -0.1),
    }
}

fn main() {}
