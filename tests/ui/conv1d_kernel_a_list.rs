use plywood::prelude::*;

sequential! {
    struct Net: [8, 2] => [6, 8] {
        Conv1D(8, [3]),
    }
}

fn main() {
    Net::new(1);
}
