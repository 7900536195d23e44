use plywood::files::IncludedWeights;
use plywood::include_weights;
use plywood::prelude::*;

sequential! {
    struct Net: [2] => [1] { Dense(4, tanh), Dense(1) }
}

static WEIGHTS: IncludedWeights<Net> = include_weights!("../files/net.safetensors");

fn main() {
    WEIGHTS.model();
}
