use plywood::prelude::*;

sequential! {
    struct Net: [3, 4, 4] => [3, 4, 4] {
        SpatialDropout2D,
    }
}

fn main() {
    Net::new(1);
}
