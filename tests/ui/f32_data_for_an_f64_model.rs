use plywood::prelude::*;

sequential! {
    struct Net<T>: [4] => [10] {
        Dense(10, softmax),
    }
}

fn main() {
    let x: [f32; 4] = [0.0; 4];
    Net::<f64>::new(1).predict(&x);
}
