use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        ReLU(-6.0),
    }
}

fn main() {
    Net::new(1);
}
