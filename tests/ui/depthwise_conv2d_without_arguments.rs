use plywood::prelude::*;

sequential! {
    struct Net: [3, 4, 4] => [3, 2, 2] {
        DepthwiseConv2D,
    }
}

fn main() {
    Net::new(1);
}
