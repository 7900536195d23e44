use plywood::prelude::*;

sequential! {
    struct Net: [784] => [10] {
        Dense(783 => 10, softmax),
    }
}

fn main() {
    Net::new(1);
}
