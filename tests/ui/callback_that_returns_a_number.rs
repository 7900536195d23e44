use plywood::prelude::*;

sequential! {
    struct Line: [1] => [1] { Dense(1) }
}

fn main() {
    let mut model = Line::new(1);
    let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
    let settings = Fit::new().on_epoch_end(|end| end.epoch);
    let _ = training.fit(&[[1.0]], &[[1.0]], settings);
}
