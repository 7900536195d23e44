//! The pages about Keras and PyTorch show the programs that the gate runs, to the letter.

const RUST: &str = include_str!("../examples/interop/main.rs");

#[test]
fn the_page_about_keras_shows_its_programs() {
    let page = include_str!("../docs/keras.md");
    assert!(page.contains(include_str!("../examples/interop/with_keras.py")));
    assert!(page.contains(RUST));
}

#[test]
fn the_page_about_pytorch_shows_its_programs() {
    let page = include_str!("../docs/pytorch.md");
    assert!(page.contains(include_str!("../examples/interop/with_pytorch.py")));
    assert!(page.contains(RUST));
}
