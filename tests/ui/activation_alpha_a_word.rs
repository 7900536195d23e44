use plywood::prelude::*;

sequential! {
    struct Net: [2] => [4] {
        Activation(elu(alpha = relu)), Dense(4),
    }
}

fn main() {}
