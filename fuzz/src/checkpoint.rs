//! A training with a checkpoint, and checksums for files that are none.

use crate::Net;
use plywood::prelude::*;
use std::path::Path;

/// Three epochs, or those that are left of them.
pub fn fit(model: &mut Net, path: &Path) -> plywood::Result<History> {
    let x = [[0.5, -1.0], [1.0, 2.0], [-0.5, 0.0], [0.0, 0.25]];
    let y = [[1.0], [0.0], [1.0], [0.5]];
    let settings = Fit::new()
        .epochs(3)
        .batch_size(2)
        .verbose(Verbose::Silent)
        .callback(BackupAndRestore::new(path).delete_checkpoint(false))
        .callback(
            EarlyStopping::new()
                .monitor("loss")
                .patience(9)
                .restore_best_weights(true),
        )
        .callback(ReduceLrOnPlateau::new().monitor("loss"));
    let mut training = model.compile(Adam::new(0.01), MeanSquaredError);
    training.fit(&x, &y, settings)
}

/// The same bytes with the checksums that a checkpoint of these lengths would have.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut file = bytes.to_vec();
    let text = file.get(16..24).and_then(|len| len.try_into().ok());
    let Some(text) = text.map(u64::from_le_bytes) else {
        return file;
    };
    let end = usize::try_from(text)
        .ok()
        .and_then(|text| text.checked_add(64));
    let Some(end) = end.filter(|&end| end <= file.len()) else {
        return file;
    };
    let mut head = crc32fast::Hasher::new();
    head.update(&file[..48]);
    head.update(&file[64..end]);
    let rest = crc32fast::hash(file.get(end.next_multiple_of(64)..).unwrap_or_default());
    file[48..52].copy_from_slice(&head.finalize().to_le_bytes());
    file[52..56].copy_from_slice(&rest.to_le_bytes());
    file
}
