//! What can go wrong while a program runs. (Shapes that do not fit are errors of the compiler.)

use alloc::boxed::Box;
use alloc::string::{String, ToString};

/// What can go wrong at run time: where, what was expected, and what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to work on.
    #[error("{what} is empty: at least one sample is needed")]
    Empty {
        /// The argument.
        what: &'static str,
    },
    /// Two arguments that belong together differ in length.
    #[error("{left} has {left_len} samples, but {right} has {right_len}")]
    LengthMismatch {
        /// The first argument.
        left: &'static str,
        /// Its length.
        left_len: usize,
        /// The second argument.
        right: &'static str,
        /// Its length.
        right_len: usize,
    },
    /// A setting is outside its range.
    #[error("{name} is {found}, but must be {expected}")]
    BadArgument {
        /// The setting.
        name: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// A learning rate was set, but a schedule gives it.
    #[error("the learning rate cannot be set to {rate}: the optimiser follows a schedule")]
    ScheduledLearningRate {
        /// What it should have been set to.
        rate: f64,
    },
    /// A model has no layer of this name.
    #[error("the model has no layer `{layer}`: it has {layers}")]
    UnknownLayer {
        /// The name.
        layer: String,
        /// Those that it has.
        layers: String,
    },
    /// The data holds a NaN or an infinity.
    #[error("sample {index} of {what} (counted from 0) holds a NaN or an infinity")]
    NotFinite {
        /// The argument.
        what: &'static str,
        /// Which sample, counted from 0.
        index: usize,
    },
    /// The training has run away.
    #[error("the loss became {loss} in epoch {epoch}, step {step}: try a smaller learning rate")]
    NonFiniteLoss {
        /// The epoch, counted from 1.
        epoch: usize,
        /// The step in the epoch, counted from 1.
        step: usize,
        /// NaN or an infinity.
        loss: f64,
    },
    /// A callback is to watch something that is not measured.
    #[error("{callback} is to watch `{name}`, but there is only: {names}")]
    NoSuchValue {
        /// The callback.
        callback: &'static str,
        /// What it is to watch.
        name: &'static str,
        /// What is measured.
        names: String,
    },
    /// A stream of samples has given an error instead of a sample.
    #[error("sample {index} of the stream (counted from 0): {source}")]
    Stream {
        /// Which sample, counted from 0 over all epochs of the fit.
        index: usize,
        /// What the stream says.
        source: Box<dyn core::error::Error + Send + Sync>,
    },
    /// Weights do not belong to the model.
    #[error("weight {index} is {expected} in the model, but {found} was given")]
    WeightMismatch {
        /// Which weight, counted from 0.
        index: usize,
        /// Name and shape in the model.
        expected: String,
        /// Name and shape of what was given.
        found: String,
    },
    /// Bytes in memory are not the weights of the model.
    #[error("the weights: {place}: expected {expected}, found {found}")]
    MalformedWeights {
        /// The place among the bytes.
        place: String,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A number that chooses one of several is not one of their numbers.
    #[error(
        "number {place} of sample {sample} of {what} (counted from 0) is {found}, but must be a whole \
         number from 0 to {}",
        .limit.saturating_sub(1)
    )]
    IndexOutOfRange {
        /// The argument.
        what: &'static str,
        /// Which sample, counted from 0.
        sample: usize,
        /// Which of its numbers, counted from 0.
        place: usize,
        /// The number.
        found: f64,
        /// How many there are to choose from.
        limit: usize,
    },
    /// A label is not one of the classes.
    #[error(
        "label {index} (counted from 0) is {label}, but must be below {classes}, \
         the number of classes"
    )]
    LabelOutOfRange {
        /// Which label, counted from 0.
        index: usize,
        /// Its value.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A layer, or something in it, cannot be written as ONNX.
    #[error("layer `{layer}`: `{part}` has no ONNX form: implement `{method}` for it")]
    NoOnnxForm {
        /// The layer's name in the model, `residual/first/gain`.
        layer: String,
        /// The type that has none.
        part: &'static str,
        /// What would give it one.
        method: &'static str,
    },
    /// A model does not fit into a file of a format.
    #[error("the model takes {bytes} bytes, but {format} holds at most {most} in a file")]
    TooLarge {
        /// The format.
        format: &'static str,
        /// How many bytes the model takes.
        bytes: usize,
        /// How many there may be.
        most: usize,
    },
    /// A file cannot be opened, read or written.
    #[cfg(feature = "std")]
    #[error("{}: cannot {action}: {source}", .path.display())]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// What was tried: `open`, `read`, ...
        action: &'static str,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A file does not hold what its format demands.
    #[cfg(feature = "std")]
    #[error("{}: {place}: expected {expected}, found {found}", .path.display())]
    Malformed {
        /// The file.
        path: std::path::PathBuf,
        /// The place in the file.
        place: String,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A file's name does not end in a format that can be written.
    #[cfg(feature = "std")]
    #[error("{}: the name must end in {expected}", .path.display())]
    UnknownFormat {
        /// The file.
        path: std::path::PathBuf,
        /// What the name may end in.
        expected: &'static str,
    },
    /// A data set is not on this machine.
    #[cfg(feature = "data")]
    #[error(
        "the data set {name} is not here: {missing}. Three ways to get it: run \
         `sh examples/get-data.sh` of Plywood's repository (it fetches the files, checks them, and \
         puts them into the cache folder); or set PLYWOOD_DATA to the folder that holds {name}/ \
         with the files; or, on Debian and Ubuntu, `apt-get install dataset-{name}`"
    )]
    MissingDataset {
        /// The data set.
        name: &'static str,
        /// For each folder where it was looked for, the first file that is not there.
        missing: String,
    },
}

/// `Result` with Plywood's [`Error`].
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// The error of a file that does not hold what it should.
#[cfg(feature = "std")]
pub(crate) fn malformed(
    path: &std::path::Path,
    place: impl core::fmt::Display,
    expected: impl core::fmt::Display,
    found: impl core::fmt::Display,
) -> Error {
    Error::Malformed {
        path: path.into(),
        place: place.to_string(),
        expected: expected.to_string(),
        found: found.to_string(),
    }
}

/// A setting that must be in its range.
pub(crate) fn check(
    name: &'static str,
    expected: &'static str,
    found: impl ToString,
    ok: bool,
) -> Result<()> {
    if ok {
        Ok(())
    } else {
        Err(Error::BadArgument {
            name,
            expected,
            found: found.to_string(),
        })
    }
}

/// A share that may be nothing, but not all.
pub(crate) fn check_share(name: &'static str, share: f64) -> Result<()> {
    let ok = (0.0..1.0).contains(&share);
    check(name, "at least 0 and below 1", share, ok)
}
