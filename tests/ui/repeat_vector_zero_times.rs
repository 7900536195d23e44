use plywood::prelude::*;

sequential! {
    struct Net: [3] => [4, 3] {
        RepeatVector(0),
    }
}

fn main() {
    Net::new(1);
}
