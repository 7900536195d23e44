use plywood::prelude::*;

sequential! {
    struct Net: [4, 2] => [1, 2] {
        MaxPooling1D(5),
    }
}

fn main() {
    Net::new(1);
}
