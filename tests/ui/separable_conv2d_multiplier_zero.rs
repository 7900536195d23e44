use plywood::prelude::*;

sequential! {
    struct Net: [3, 4, 4] => [8, 2, 2] {
        SeparableConv2D(8, 3, depth_multiplier = 0),
    }
}

fn main() {
    Net::new(1);
}
