use plywood::prelude::*;

sequential! {
    struct Net: [3, 4, 4] => [3, 1, 1] {
        MaxPooling2D(5),
    }
}

fn main() {
    Net::new(1);
}
