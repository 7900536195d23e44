//! Weights as files, or as bytes in memory.
//!
//! ```
//! use plywood::prelude::*;
//! sequential! { struct Net: [2] => [1] { Dense(3, tanh), Dense(1) } }
//!
//! let model = Net::new(1);
//! # let folder = std::env::temp_dir().join(format!("plywood-files-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let path = folder.join("net.safetensors");
//! model.save_weights(&path)?;
//!
//! let mut other = Net::new(2);
//! other.load_weights(&path)?;
//! assert_eq!(other.predict(&[0.5, 0.25]), model.predict(&[0.5, 0.25]));
//!
//! sequential! { struct Wider: [2] => [1] { Dense(4, tanh), Dense(1) } }
//! let error = Wider::new(1).load_weights(&path).unwrap_err().to_string();
//! assert!(error.ends_with(
//!     "tensor `dense/kernel`: expected F32 of shape [2, 4], found F32 of shape [2, 3]"
//! ));
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The end of the name is the format:
//!
//! | name | format | read by |
//! | --- | --- | --- |
//! | `.safetensors` | [safetensors](https://huggingface.co/docs/safetensors) | Python's `safetensors`, with numpy, PyTorch, JAX, ... |
//! | `.npz` (feature `npz`) | numpy's archives, [stored or deflated](https://numpy.org/doc/stable/reference/generated/numpy.savez.html); written as `savez` does | `numpy.load` |
//!
//! Keras 3's `.keras` and `.weights.h5` files hold arrays without their meaning: which layer they belong to,
//! and in which order the numbers behind a `Flatten` of an image are, follows from the architecture. The
//! script `docs/keras_to_safetensors.py` of the repository asks Keras itself, and makes safetensors of them.
//!
//! [`include_weights!`](crate::include_weights) puts a safetensors file into the program.
//!
//! A file holds every tensor of the network, also those that are not trained, under the names that
//! `get_weights` gives (`dense/kernel`), in Keras' layout and the network's own type of numbers.
//! `weights_to_bytes` and `weights_from_bytes` are the same without a file, for a browser or a database,
//! and need no `std`.
//!
//! # What is promised
//! - A file is saved as a whole or not at all: it is written under another name in the same folder, and
//!   renamed when it is on the disk. A process that is killed meanwhile leaves a `.plywood-*.tmp` there,
//!   which the next one that saves a file in this folder clears away.
//! - Before any number is read, the names, types and shapes of all tensors are compared with those of the
//!   network. A file can therefore not decide how much memory is taken.
//! - What is missing, unknown, there twice, of another type or shape, what overlaps, leaves a gap or is left
//!   over is an [`Error`](crate::Error) that says where, what was expected and what was found.
//! - Files written by Plywood have a checksum; a bit that has changed is an error. (Other writers have
//!   none.)
//! - After an error the model is what it was.
//!
//! Numbers are not judged: a NaN that was saved comes back.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

mod fault;
mod header;
mod included;
#[cfg(feature = "npz")]
mod npy;
#[cfg(feature = "npz")]
mod npz;
mod numbers;
#[cfg(feature = "std")]
mod replace;
mod safetensors;
mod source;
mod stored;
mod tree;
mod weights;

pub use included::IncludedWeights;
#[doc(hidden)]
pub use included::{Included, count_tensors};
#[cfg(feature = "std")]
pub(crate) use replace::replace;
#[cfg(feature = "std")]
pub(crate) use weights::check_name;
#[cfg(feature = "std")]
pub use weights::{load_weights, save_weights};
pub use weights::{weights_from_bytes, weights_to_bytes};
