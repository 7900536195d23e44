//! Files that outlive the program.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[cfg(feature = "std")]
mod replace;

#[cfg(feature = "std")]
pub(crate) use replace::replace;
