use plywood::prelude::*;

sequential! {
    struct Net: [4] => [2, 2] {
        Dense(4),
        Reshape([2, 2]),
    }
}

fn main() {
    let (x, y): (Vec<[f32; 4]>, Vec<[[f32; 2]; 2]>) = Default::default();
    let mut model = Net::new(1);
    let mut training = model.compile(Sgd::new(0.1), MeanSquaredError).metrics(ConfusionMatrix);
    training.fit(&x, &y, Fit::new()).unwrap();
}
