use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        Activation(),
    }
}

fn main() {
    Net::new(1);
}
