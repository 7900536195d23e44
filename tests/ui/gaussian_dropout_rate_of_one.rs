use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        GaussianDropout(1),
    }
}

fn main() {
    Net::new(1);
}
