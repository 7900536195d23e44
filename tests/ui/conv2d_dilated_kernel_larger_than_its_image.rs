use plywood::prelude::*;

sequential! {
    struct Net: [8, 4, 4] => [8, 1, 1] {
        Conv2D(8, 3, dilation_rate = 2),
    }
}

fn main() {
    Net::new(1);
}
