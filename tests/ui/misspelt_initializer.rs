use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(10, kernel_initializer = he_norml),
    }
}

fn main() {
    Net::new(1);
}
