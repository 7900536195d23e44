use plywood::prelude::*;

sequential! {
    struct Net: [4] => [10] {
        Dense(16, relu, activation = tanh),
        Dropout(1.5),
        Dense(10, activaton = softmax),
    }
}

fn main() {
    Net::new(1);
}
