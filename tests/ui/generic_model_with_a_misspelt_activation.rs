use plywood::prelude::*;

sequential! {
    struct Net<T>: [8] => [2] {
        Dense(2, rellu),
    }
}

fn main() {
    Net::<f64>::new(1);
}
