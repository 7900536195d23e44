//! ONNX files, where there are files.

#[cfg(feature = "std")]
use crate::{error::Result, layer::Model};

/// See `to_onnx` of a model.
///
/// # Errors
/// If a layer has no form in ONNX, or the file can not be written.
#[cfg(feature = "std")]
pub fn save<M: Model>(model: &M, path: &std::path::Path) -> Result<()> {
    let bytes = super::to_bytes(model)?;
    crate::files::replace(path, |file| file.write_all(&bytes))
}

/// The methods of a model that write ONNX: those that its user's features allow. (The macro that makes
/// models does not know them.)
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "std")]
macro_rules! __onnx_files {
    () => {
        $crate::__onnx_bytes!();

        /// Writes the model as an ONNX file, for other programs: see `plywood::onnx`. The file is replaced
        /// as a whole, or not at all.
        ///
        /// # Errors
        /// If a layer has no form in ONNX, as one of your own before it says how it is written, or the
        /// file can not be written.
        pub fn to_onnx(
            &self,
            path: impl ::core::convert::AsRef<$crate::__private::Path>,
        ) -> $crate::Result<()> {
            $crate::onnx::save(self, path.as_ref())
        }
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "std"))]
macro_rules! __onnx_files {
    () => {
        $crate::__onnx_bytes!();
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __onnx_bytes {
    () => {
        /// The model as an ONNX file in memory, for other programs: see `plywood::onnx`.
        ///
        /// # Errors
        /// If a layer has no form in ONNX, as one of your own before it says how it is written.
        pub fn to_onnx_bytes(&self) -> $crate::Result<$crate::__private::Vec<u8>> {
            $crate::onnx::to_bytes(self)
        }
    };
}
