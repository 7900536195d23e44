use plywood::prelude::*;

sequential! {
    struct Net: [4] => [1] {
        Dense(1),
    }
}

fn main() {
    let (x, y): (Vec<[f32; 4]>, Vec<f32>) = Default::default();
    let mut model = Net::new(1);
    let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
    training.fit(&x, &y, Fit::new()).unwrap();
}
