use plywood::prelude::*;

sequential! {
    struct Net: [16] => [8, 4, 4] {
        Conv2DTranspose(8, 2),
    }
}

fn main() {
    Net::new(1);
}
