use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        GaussianNoise(-1),
    }
}

fn main() {
    Net::new(1);
}
