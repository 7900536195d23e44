use plywood::prelude::*;

sequential! {
    struct Net<T>: [8] => [2] {
        Dense(4),
    }
}

fn main() {
    Net::<f64>::new(1);
}
