use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dropout(0.2, 0.3),
        Dense(10),
    }
}

fn main() {
    Net::new(1);
}
