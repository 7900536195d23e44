use plywood::prelude::*;

sequential! {
    struct Net: [2, 3] => [4, 6] {
        RepeatVector(4),
    }
}

fn main() {
    Net::new(1);
}
