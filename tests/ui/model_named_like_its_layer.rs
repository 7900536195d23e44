use plywood::prelude::*;

sequential! {
    struct Dense: [4] => [10] {
        Dense(10),
    }
}

fn main() {
    Dense::new(1);
}
