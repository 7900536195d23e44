//! The methods of a model.

use super::safetensors;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::Weights;
use alloc::vec::Vec;

/// See `weights_to_bytes` of a model.
pub fn weights_to_bytes<T: Element, W: Weights<T>>(weights: &W) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Ok(()) = safetensors::write(weights, &mut |piece| {
        bytes.extend_from_slice(piece);
        Ok::<(), core::convert::Infallible>(())
    });
    bytes
}

/// See `weights_from_bytes` of a model.
///
/// # Errors
/// If they are not weights of the same tensors.
pub fn weights_from_bytes<T: Element, W: Weights<T>>(weights: &mut W, bytes: &[u8]) -> Result<()> {
    safetensors::read(weights, bytes)
}

#[cfg(feature = "std")]
pub(crate) use file::check_name;
#[cfg(feature = "std")]
pub use file::{load_weights, save_weights};

#[cfg(feature = "std")]
mod file {
    use super::{Element, Result, Weights, safetensors};
    use crate::error::Error;
    #[cfg(feature = "npz")]
    use crate::files::npz;
    use crate::files::{replace, source::File};
    use std::path::Path;

    const EXPECTED: &str = match cfg!(feature = "npz") {
        true => ".safetensors or .npz",
        false => ".safetensors (or, with the feature `npz`, .npz)",
    };

    /// The formats of files.
    enum Format {
        Safetensors,
        #[cfg(feature = "npz")]
        Npz,
    }

    impl Format {
        /// The format that the end of a name stands for.
        fn of(path: &Path) -> Result<Self> {
            let extension = path.extension().unwrap_or_default();
            match extension.to_string_lossy().to_lowercase().as_str() {
                "safetensors" => Ok(Format::Safetensors),
                #[cfg(feature = "npz")]
                "npz" => Ok(Format::Npz),
                _ => Err(Error::UnknownFormat {
                    path: path.into(),
                    expected: EXPECTED,
                }),
            }
        }
    }

    /// Whether a file of this name can be written.
    ///
    /// # Errors
    /// If it does not end in a format.
    pub(crate) fn check_name(path: &Path) -> Result<()> {
        Format::of(path).map(|_| ())
    }

    /// See `save_weights` of a model.
    ///
    /// # Errors
    /// If the file can not be written, or its name does not end in a format.
    pub fn save_weights<T: Element, W: Weights<T>>(weights: &W, path: &Path) -> Result<()> {
        match Format::of(path)? {
            Format::Safetensors => replace(path, |file| {
                safetensors::write(weights, &mut |bytes| file.write_all(bytes))
            }),
            #[cfg(feature = "npz")]
            Format::Npz => replace(path, |file| npz::write(weights, file)),
        }
    }

    /// See `load_weights` of a model.
    ///
    /// # Errors
    /// If the file can not be read, or does not hold weights of the same tensors.
    pub fn load_weights<T: Element, W: Weights<T>>(weights: &mut W, path: &Path) -> Result<()> {
        match Format::of(path)? {
            Format::Safetensors => safetensors::read(weights, File::open(path)?),
            #[cfg(feature = "npz")]
            Format::Npz => npz::read(weights, File::open(path)?),
        }
    }
}

/// The methods of a model that read and write its weights: those that its user's features allow. (The
/// macro that makes models does not know them.)
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "std")]
macro_rules! __weight_files {
    () => {
        $crate::__weight_bytes!();

        /// Saves all weights, in the format that the end of the name says: see
        /// [`plywood::files`]. The file is replaced as a whole, or not at all.
        ///
        /// # Errors
        /// If the name ends in no known format, or the file can not be written.
        pub fn save_weights(
            &self,
            path: impl ::core::convert::AsRef<$crate::__private::Path>,
        ) -> $crate::Result<()> {
            $crate::files::save_weights(self, path.as_ref())
        }

        /// Loads all weights from a file that belongs to this very network: see
        /// [`plywood::files`].
        ///
        /// # Errors
        /// If the name ends in no known format, the file can not be read, or does not hold exactly
        /// the tensors of this network; the model is then unchanged.
        pub fn load_weights(
            &mut self,
            path: impl ::core::convert::AsRef<$crate::__private::Path>,
        ) -> $crate::Result<()> {
            $crate::files::load_weights(self, path.as_ref())
        }
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "std"))]
macro_rules! __weight_files {
    () => {
        $crate::__weight_bytes!();
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __weight_bytes {
    () => {
        /// All weights as the bytes of a safetensors file.
        pub fn weights_to_bytes(&self) -> $crate::__private::Vec<u8> {
            $crate::files::weights_to_bytes(self)
        }

        /// Sets all weights from the bytes of a safetensors file.
        ///
        /// # Errors
        /// If they are not exactly the tensors of this network; the model is then unchanged.
        pub fn weights_from_bytes(&mut self, bytes: &[u8]) -> $crate::Result<()> {
            $crate::files::weights_from_bytes(self, bytes)
        }
    };
}
