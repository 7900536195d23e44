use plywood::prelude::*;

fn main() {
    sequential! {
        struct Net: [4] => [10] {
            Dense(16, relu) => [10],
            Dense(10),
        }
    }
    Net::new(1);
}
