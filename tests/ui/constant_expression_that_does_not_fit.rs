use plywood::prelude::*;

const W: usize = 6;
const H: usize = 7;

sequential! {
    struct Net: [{ W * H }] => [3] {
        Dense({ W * H + 1 } => 3, softmax),
    }
}

fn main() {
    Net::new(1);
}
