use plywood::prelude::*;

sequential! {
    struct Net: [4] => [3] {
        Dense(3),
    }
}

fn main() {
    Net::new(1).compile(Sgd::new(0.1), CategoricalCrossentropy.label_smoothing(0.1));
}
