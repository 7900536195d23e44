use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        BatchNormalization(gamma_initializer = relu),
    }
}

fn main() {
    Net::new(1);
}
