use plywood::files::IncludedWeights;
use plywood::include_weights;
use plywood::prelude::*;

sequential! {
    struct Net: [2] => [1] { Dense(3, tanh), Dense(1) }
}

static WEIGHTS: IncludedWeights<Net> = include_weights!("include_weights_of_no_safetensors.rs");

fn main() {
    WEIGHTS.model();
}
