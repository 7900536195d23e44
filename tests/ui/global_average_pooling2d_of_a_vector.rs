use plywood::prelude::*;

sequential! {
    struct Net: [16] => [1] {
        GlobalAveragePooling2D,
    }
}

fn main() {
    Net::new(1);
}
