use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        Rescaling(2, offset = zeros),
    }
}

fn main() {
    Net::new(1);
}
