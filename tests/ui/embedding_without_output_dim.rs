use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4, 4] {
        Embedding(100),
    }
}

fn main() {
    Net::new(1);
}
