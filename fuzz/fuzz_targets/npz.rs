//! Weights from npz: the network's own, or an error that changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plywood_fuzz::{Net, within};

/// What unpacking takes, whatever the file is.
const INFLATE: usize = 1 << 17;

fuzz_target!(|data: &[u8]| {
    let path = std::env::temp_dir().join(format!("plywood-fuzz-{}.npz", std::process::id()));
    std::fs::write(&path, data).unwrap();
    let mut model = Net::new(1);
    let before = model.weights_to_bytes();
    let result = within(2 * data.len() + INFLATE, || model.load_weights(&path));
    if let Err(error) = result {
        assert_eq!(model.weights_to_bytes(), before);
        assert!(error.to_string().contains(": expected "));
    } else {
        let after = model.weights_to_bytes();
        model.save_weights(&path).unwrap();
        Net::new(2).load_weights(&path).unwrap();
        assert_eq!(model.weights_to_bytes(), after);
    }
});
