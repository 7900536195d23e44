use plywood::prelude::*;

sequential! {
    struct Net: [8, 2, 2] => [8, 1, 1] {
        Conv2D(8, 3),
    }
}

fn main() {
    Net::new(1);
}
