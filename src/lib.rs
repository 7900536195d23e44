//! Plywood.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;
#[cfg(test)]
extern crate std;
extern crate self as plywood;

pub mod activations;
pub mod cast;
#[cfg(test)]
mod contract;
pub mod data;
#[cfg(feature = "data")]
pub mod datasets;
mod error;
pub mod gradients;
pub mod initializers;
pub mod kernels;
pub mod layer;
pub mod layers;
pub mod losses;
pub mod math;
pub mod metrics;
pub mod optimizers;
pub mod prelude;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod random;
pub mod rows;
mod scratch;
pub mod shape;
pub mod simd;
pub mod training;

#[doc(hidden)]
pub use typenum;

pub use error::{Error, Result};
pub use plywood_macros::sequential;
