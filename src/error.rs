//! What can go wrong while a program runs. (Shapes that do not fit are errors of the compiler.)

use alloc::string::String;

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
}

/// `Result` with Plywood's [`Error`].
pub type Result<T, E = Error> = core::result::Result<T, E>;
