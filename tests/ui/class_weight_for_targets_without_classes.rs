use plywood::prelude::*;

sequential! {
    struct Table: [1] => [2, 2] { Dense(4), Reshape([2, 2]) }
}

fn main() {
    let mut model = Table::new(1);
    let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
    let settings = Fit::new().class_weight([(0, 2.0)]);
    let _ = training.fit(&[[1.0]], &[[[1.0; 2]; 2]], settings);
}
