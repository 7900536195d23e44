use plywood::prelude::*;

sequential! {
    struct Net: [1, 4, 4] => [8, 2, 2] {
        Conv2D(8, 3, relu),
    }
}

fn main() {
    Net::new(1);
}
