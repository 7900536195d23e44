use plywood::prelude::*;

sequential! {
    struct Net: [4, 4] => [16, 8] {
        Embedding(100, 8),
    }
}

fn main() {
    Net::new(1);
}
