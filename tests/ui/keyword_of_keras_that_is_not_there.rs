use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(10, activity_regularizer = l2),
    }
}

fn main() {
    Net::new(1);
}
