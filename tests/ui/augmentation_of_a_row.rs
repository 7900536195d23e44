use plywood::data::augment::{Augment, RandomFlip};

fn main() {
    let _ = RandomFlip::horizontal().apply(&[1.0f32, 2.0], 1, 1, 0);
}
