use plywood::prelude::*;

sequential! {
    struct Net: [3, 4, 4] => [4, 2, 2] {
        Conv2D(4, 3, groups = 2),
    }
}

fn main() {
    Net::new(1);
}
