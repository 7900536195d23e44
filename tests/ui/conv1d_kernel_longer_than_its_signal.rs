use plywood::prelude::*;

sequential! {
    struct Net: [4, 2] => [1, 8] {
        Conv1D(8, 5),
    }
}

fn main() {
    Net::new(1);
}
