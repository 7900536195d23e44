//! A training that goes on from a checkpoint: from its own, or an error that changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plywood::Error;
use plywood_fuzz::checkpoint::{self, EPOCHS};
use plywood_fuzz::{Net, within};

/// What a training takes, whatever the file is.
const TRAINING: usize = 1 << 16;

fuzz_target!(init: checkpoint::refresh_corpus(), |data: &[u8]| {
    let path = checkpoint::path();
    // Files with wrong checksums are refused before anything else is looked at.
    let file = checkpoint::sealed(data);
    std::fs::write(&path, &file).unwrap();
    let mut model = Net::new(1);
    let before = model.weights_to_bytes();
    let result = within(2 * file.len() + TRAINING, || {
        checkpoint::fit(&mut model, &path, EPOCHS)
    });
    match result {
        Err(error @ Error::Malformed { .. }) => {
            assert_eq!(model.weights_to_bytes(), before);
            assert!(error.to_string().contains(": expected "));
        }
        // Numbers are not judged before they are used.
        Err(Error::NonFiniteLoss { .. }) => {}
        Err(error) => panic!("{error}"),
        // Callbacks may end it sooner, for what the file says that they have seen.
        Ok(history) => assert!((1..=EPOCHS).contains(&history.epochs())),
    }
});
