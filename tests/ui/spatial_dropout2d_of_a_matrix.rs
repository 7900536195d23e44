use plywood::prelude::*;

sequential! {
    struct Net: [4, 4] => [4, 4] {
        SpatialDropout2D(0.2),
    }
}

fn main() {
    Net::new(1);
}
