//! Pictures as files: the end of the name is the format.

use super::scene::Scene;
use crate::error::{Error, Result};
use crate::files::replace;
use std::path::Path;
use std::string::{String, ToString};

/// The end of a file's name in small letters; empty if there is none.
pub(super) fn extension(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default();
    extension.to_string_lossy().to_lowercase()
}

/// Writes a picture as SVG or PNG; `expected` says which names there could have been.
pub(super) fn save(path: &Path, scene: &Scene, expected: &'static str) -> Result<()> {
    match extension(path).as_str() {
        "svg" => write(path, scene.to_string().as_bytes()),
        #[cfg(feature = "plot")]
        "png" => {
            let bytes = super::png::png(scene).map_err(|source| Error::Io {
                path: path.into(),
                action: "draw",
                source,
            })?;
            write(path, &bytes)
        }
        _ => Err(Error::UnknownFormat {
            path: path.into(),
            expected,
        }),
    }
}

/// Writes a file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, |file| file.write_all(bytes))
}
