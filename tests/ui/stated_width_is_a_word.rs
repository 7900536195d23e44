use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(relu => 10),
    }
}

fn main() {
    Net::new(1);
}
