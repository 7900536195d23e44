use plywood::prelude::*;

sequential! {
    struct Line: [1] => [1] { Dense(1) }
}

fn main() {
    let mut model = Line::new(1);
    let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
    let samples = std::iter::repeat(([1.0f32, 2.0], [1.0f32]));
    let _ = training.fit_stream(samples, Fit::new());
}
