use plywood::prelude::*;

sequential! {
    struct Net<T>: [8] => [2] {
        String,
        Dense(2),
    }
}

fn main() {
    Net::<f64>::new(1);
}
