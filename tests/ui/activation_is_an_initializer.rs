use plywood::prelude::*;

sequential! {
    struct Net: [4] => [4] {
        Activation(zeros),
    }
}

fn main() {
    Net::new(1);
}
