use plywood::prelude::*;

sequential! {
    struct Net<T: Element>: [8] => [2] {
        Dense(2),
    }
}

fn main() {
    Net::<f64>::new(1);
}
