use plywood::prelude::*;

sequential! {
    struct Net: [28, 28] => [784] {
        Activation(relu),
    }
}

fn main() {
    Net::new(1);
}
