use plywood::prelude::*;

sequential! {
    struct Net: [1, 2, 2] => [1, 4, 4] {
        UpSampling2D(2, interpolation = same),
    }
}

fn main() {
    Net::new(1);
}
