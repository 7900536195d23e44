use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        ELU(relu),
    }
}

fn main() {
    Net::new(1);
}
