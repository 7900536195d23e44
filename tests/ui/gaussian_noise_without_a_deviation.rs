use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        GaussianNoise,
    }
}

fn main() {
    Net::new(1);
}
