use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(10, lora_rank = 4),
    }
}

fn main() {
    Net::new(1);
}
