use plywood::files::IncludedWeights;
use plywood::include_weights;
use plywood::prelude::*;

sequential! {
    struct Net: [2] => [3] { Dense(3, tanh) }
}

static WEIGHTS: IncludedWeights<Net> = include_weights!("../files/net.safetensors");

fn main() {
    WEIGHTS.model();
}
