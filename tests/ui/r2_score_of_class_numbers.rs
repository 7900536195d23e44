use plywood::prelude::*;

sequential! {
    struct Net: [4] => [3] {
        Dense(3, softmax),
    }
}

fn main() {
    let (x, y): (Vec<[f32; 4]>, Vec<u8>) = Default::default();
    let mut model = Net::new(1);
    let mut training = model.compile(Sgd::new(0.1), SparseCategoricalCrossentropy).metrics(R2Score);
    training.fit(&x, &y, Fit::new()).unwrap();
}
