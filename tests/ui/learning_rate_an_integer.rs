use plywood::prelude::*;

fn main() {
    let _ = Sgd::new(1);
}
