use plywood::prelude::*;

sequential! {
    struct Net: [784] => [28, 27] {
        Reshape([28, 27]),
    }
}

fn main() {
    Net::new(1);
}
