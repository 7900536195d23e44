//! A training that outlives the program.

use super::Callback;
use std::path::{Path, PathBuf};

/// Writes the state of the training to a file as it goes on, and goes on from there if the file is
/// there when `fit` begins: Keras' `BackupAndRestore`.
///
/// ```
/// use plywood::prelude::*;
/// # sequential! { struct Net: [1] => [1] { Dense(1) } }
/// # let (x, y) = ([[1.0]; 10], [[2.0]; 10]);
/// # let path = std::env::temp_dir().join(format!("plywood-run-{}.plywood", std::process::id()));
/// let mut model = Net::new(1);
/// let mut training = model.compile(Adam::new(0.01), MeanSquaredError);
/// // Run the program again after a power cut, and it goes on where it was.
/// let settings = Fit::new().epochs(20).callback(BackupAndRestore::new(&path)).verbose(Verbose::Silent);
/// let history = training.fit(&x, &y, settings)?;
/// assert_eq!(history.epochs(), 20);
/// assert!(!path.exists());
/// # Ok::<(), plywood::Error>(())
/// ```
///
/// However often the program is killed, the end is the same, bit for bit, as if it had never been:
/// weights, state of the optimiser, history (but for the seconds), and what callbacks do. The program
/// must do the same again up to `fit`, with the same data in the same order. What can be checked is
/// checked: a checkpoint of another network, optimiser or loss, of other inputs, batches, seeds or
/// validation data, or of another version of Plywood, is refused with [`Error::Malformed`], which says
/// where they differ, and so is a damaged one. (Targets are not compared.) The number of epochs may be
/// another one, and threads, closures and callbacks without a state may come and go.
///
/// The file is replaced as a whole: whenever the machine stops, there is the old one or the new one (and
/// perhaps a `.plywood-*.tmp` beside it, until the next file is saved there). It is written in the first
/// step of each epoch, or every so many steps, when the loss has proved finite. Reading it takes at most
/// twice its size of memory.
///
/// Of callbacks, those of Plywood come back as they were, and others that have
/// [`save_state`](Callback::save_state); what closures have changed around them does not. With
/// [`fit_stream`](crate::training::Training::fit_stream) the iterator must give the same samples again:
/// those that have been trained on are taken from it and dropped.
///
/// [`Error::Malformed`]: crate::Error::Malformed
#[derive(Clone, Debug)]
pub struct BackupAndRestore {
    pub(in crate::training) path: PathBuf,
    pub(in crate::training) every: Option<usize>,
    pub(in crate::training) delete: bool,
}

impl BackupAndRestore {
    /// In this file.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().into(),
            every: None,
            delete: true,
        }
    }

    /// Writes the file every so many steps, counted over all epochs, in place of once an epoch: Keras'
    /// `save_freq`.
    pub fn every_steps(mut self, steps: usize) -> Self {
        self.every = Some(steps);
        self
    }

    /// Whether the file is deleted when `fit` is complete; `true` if not said. If it is not, another
    /// `fit` of the same program goes on from the end: it gives the same at once, or trains the epochs
    /// that it has more.
    pub fn delete_checkpoint(mut self, delete: bool) -> Self {
        self.delete = delete;
        self
    }
}

impl Callback for BackupAndRestore {
    fn backup(&self) -> Option<&BackupAndRestore> {
        Some(self)
    }
}
