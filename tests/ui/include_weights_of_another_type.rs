use plywood::files::IncludedWeights;
use plywood::include_weights;
use plywood::prelude::*;

sequential! {
    struct Net<T>: [2] => [1] { Dense(3, tanh), Dense(1) }
}

static WEIGHTS: IncludedWeights<Net<f64>> = include_weights!("../files/net.safetensors");

fn main() {
    WEIGHTS.model();
}
