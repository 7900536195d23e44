//! Weights from safetensors: the network's own, or an error that changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plywood_fuzz::{Net, within};

/// All numbers of a file, sorted.
fn numbers(file: &[u8]) -> Vec<[u8; 4]> {
    let (_, bytes) = file.split_at(file.len() - 4 * Net::PARAMS);
    let mut numbers = bytes.as_chunks().0.to_vec();
    numbers.sort();
    numbers
}

fuzz_target!(|data: &[u8]| {
    let mut model = Net::new(1);
    let before = model.weights_to_bytes();
    let result = within(2 * data.len() + 1024, || model.weights_from_bytes(data));
    let after = model.weights_to_bytes();
    match result {
        Err(error) => {
            assert_eq!(after, before);
            assert!(error.to_string().contains(": expected "));
        }
        Ok(()) => {
            // They are the numbers of the file, in which the tensors may have another order ...
            assert_eq!(numbers(&after), numbers(data));
            // ... and the same come back.
            let mut again = Net::new(2);
            again.weights_from_bytes(&after).unwrap();
            assert_eq!(again.weights_to_bytes(), after);
        }
    }
});
