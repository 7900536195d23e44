use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        SpatialDropout1D(0.2),
    }
}

fn main() {
    Net::new(1);
}
