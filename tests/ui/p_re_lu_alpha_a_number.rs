use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        PReLU(0.25),
    }
}

fn main() {
    Net::new(1);
}
