use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        Rescaling,
    }
}

fn main() {
    Net::new(1);
}
