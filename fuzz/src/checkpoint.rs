//! A training with a checkpoint, and checksums for files that are none.

use crate::Net;
use plywood::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// How many epochs a training has.
pub const EPOCHS: usize = 3;

/// A file of this process.
pub fn path() -> PathBuf {
    std::env::temp_dir().join(format!("plywood-fuzz-{}.ckpt", std::process::id()))
}

/// Makes the named files of the corpus anew when they are of another version of Plywood, which are refused
/// before anything but their text is looked at.
pub fn refresh_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/checkpoint");
    let path = path();
    for (name, epochs) in [("first-epoch", 1), ("complete", EPOCHS)] {
        let file = corpus.join(name);
        let copied = fs::copy(&file, &path);
        if copied.is_err() || fit(&mut Net::new(1), &path, EPOCHS).is_err() {
            let _ = fs::remove_file(&path);
            fit(&mut Net::new(1), &path, epochs).unwrap();
            fs::create_dir_all(&corpus).unwrap();
            fs::copy(&path, &file).unwrap();
        }
    }
}

/// So many epochs, or those that are left of them.
pub fn fit(model: &mut Net, path: &Path, epochs: usize) -> plywood::Result<History> {
    let x = [[0.5, -1.0], [1.0, 2.0], [-0.5, 0.0], [0.0, 0.25]];
    let y = [[1.0], [0.0], [1.0], [0.5]];
    let settings = Fit::new()
        .epochs(epochs)
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
