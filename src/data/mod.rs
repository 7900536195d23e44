//! Data: from files to the plain arrays that a model takes.
//!
//! ```no_run
//! # #[cfg(feature = "data")]
//! # fn main() -> plywood::Result<()> {
//! use plywood::data::{scale, to_categorical};
//!
//! let (train, test) = plywood::datasets::fashion_mnist::load()?;
//! let x: Vec<[[f32; 28]; 28]> = scale(&train.images, 1.0 / 255.0);
//! let y: Vec<[f32; 10]> = to_categorical(&train.labels)?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "data"))]
//! # fn main() {}
//! ```
//!
//! [`scale`], [`to_categorical`], [`indices`] and [`train_test_split`] work on arrays in memory and are always
//! there, as are [augmentation](augment) and what [`fit_stream`](crate::training::Training::fit_stream)
//! takes, a [`Feed`]. The readers of [IDX](idx) and [CSV](csv) files need the feature `data`, which is on by
//! default. They take nothing on trust: whatever a file holds, the answer is data of the stated
//! shape or an [`Error`](crate::Error) that names the file, the place, what was expected there and
//! what was found; and what a file claims never decides how much memory is taken before the data is
//! there.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod augment;
mod categorical;
#[cfg(feature = "data")]
pub mod csv;
mod feed;
#[cfg(feature = "data")]
pub mod idx;
mod indices;
mod nested;
mod scale;
#[cfg(feature = "data")]
mod source;
mod split;

pub use categorical::{Label, one_hot, to_categorical};
pub use feed::{EachEpoch, Feed, Sample};
pub use indices::indices;
pub use nested::Nested;
pub use scale::{ScaleTo, scale};
pub use split::{TrainTestSplit, train_test_split};
