use plywood::activations::Pointwise;
use plywood::prelude::*;

pub struct Twice;
impl Pointwise for Twice {
    const NEEDS_INPUT: bool = true;
    fn apply<T: Element, I: Isa>(_: I, z: T) -> T {
        z + z
    }
    fn derivative<T: Element, I: Isa>(_: I, _: T) -> T {
        T::of(2.0)
    }
}

sequential! {
    struct Net: [2] => [4] {
        Dense(4, twice(0.1)),
    }
}

fn main() {}
