use plywood::prelude::*;

sequential! {
    struct Net: [3, 8, 8] => [6, 8] {
        Conv1D(8, 3),
    }
}

fn main() {
    Net::new(1);
}
