//! Plywood.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;
extern crate self as plywood;

mod error;
pub mod kernels;
pub mod math;
pub mod rows;
pub mod simd;

pub use error::{Error, Result};
