use plywood::prelude::*;

sequential! {
    struct Net: [3, 4, 4] => [3, 4, 4] {
        PReLU(shared_axes = [1, 2]),
    }
}

fn main() {
    Net::new(1);
}
