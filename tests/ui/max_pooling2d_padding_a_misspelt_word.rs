use plywood::prelude::*;

sequential! {
    struct Net: [3, 4, 4] => [3, 2, 2] {
        MaxPooling2D(padding = sam),
    }
}

fn main() {
    Net::new(1);
}
