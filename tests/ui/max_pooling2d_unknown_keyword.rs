use plywood::prelude::*;

sequential! {
    struct Net: [3, 4, 4] => [3, 2, 2] {
        MaxPooling2D(size = 2),
    }
}

fn main() {
    Net::new(1);
}
