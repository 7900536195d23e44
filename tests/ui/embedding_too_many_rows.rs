use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4, 8] {
        Embedding(20000000, 8),
    }
}

fn main() {
    Net::new(1);
}
