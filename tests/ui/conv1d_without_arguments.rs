use plywood::prelude::*;

sequential! {
    struct Net: [8, 2] => [6, 8] {
        Conv1D,
    }
}

fn main() {
    Net::new(1);
}
