use plywood::prelude::*;

sequential! {
    struct Net: [28, 28] => [10] {
        Flatten,
        Dense(10, softmax),
    }
}

fn main() {
    let image = [0.0f32; 784];
    Net::new(1).predict(&image);
}
