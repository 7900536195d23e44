use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4, 8] {
        Embedding(100, 8, relu),
    }
}

fn main() {
    Net::new(1);
}
