use plywood::prelude::*;

sequential! {
    struct Net: [4, 4, 4] => [3, 2, 2] {
        Conv2D(3, 3, groups = 2),
    }
}

fn main() {
    Net::new(1);
}
