use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(10, activaton = relu),
    }
}

fn main() {
    Net::new(1);
}
