//! What weights are read from, from its beginning to its end: bytes in memory, or a file.

use crate::error::{Error, Result};
use alloc::string::{String, ToString};

/// Bytes of a known number.
pub(crate) trait Source {
    /// How many there are still to read.
    fn left(&self) -> u64;
    /// Fills the buffer.
    fn read(&mut self, buffer: &mut [u8]) -> Result<()>;
    /// The error of what does not hold what it should.
    fn malformed(&self, place: String, expected: String, found: String) -> Error;

    /// The same, of anything that can be shown.
    fn refuse<T>(
        &self,
        place: impl ToString,
        expected: impl ToString,
        found: impl ToString,
    ) -> Result<T> {
        Err(self.malformed(place.to_string(), expected.to_string(), found.to_string()))
    }
}

impl Source for &[u8] {
    fn left(&self) -> u64 {
        self.len() as u64
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<()> {
        let Some((bytes, rest)) = self.split_at_checked(buffer.len()) else {
            let expected = alloc::format!("{} more bytes", buffer.len());
            return self.refuse("end", expected, self.len());
        };
        buffer.copy_from_slice(bytes);
        *self = rest;
        Ok(())
    }

    fn malformed(&self, place: String, expected: String, found: String) -> Error {
        Error::MalformedWeights {
            place,
            expected,
            found,
        }
    }
}

#[cfg(feature = "std")]
pub(crate) use file::File;

#[cfg(feature = "std")]
mod file {
    use super::{Error, Result, Source, String};
    use std::io::{self, Read};
    use std::path::Path;

    /// A file on the disk.
    pub(crate) struct File<'a> {
        path: &'a Path,
        file: std::fs::File,
        /// How long the rest is.
        len: u64,
    }

    impl<'a> File<'a> {
        pub(crate) fn open(path: &'a Path) -> Result<Self> {
            let opened = std::fs::File::open(path).and_then(|file| {
                let len = file.metadata()?.len();
                Ok(File { path, file, len })
            });
            opened.map_err(|error| failed(path, "open", error))
        }
    }

    fn failed(path: &Path, action: &'static str, source: io::Error) -> Error {
        Error::Io {
            path: path.into(),
            action,
            source,
        }
    }

    impl Source for File<'_> {
        fn left(&self) -> u64 {
            self.len
        }

        fn read(&mut self, buffer: &mut [u8]) -> Result<()> {
            self.len = self.len.saturating_sub(buffer.len() as u64);
            let read = self.file.read_exact(buffer);
            read.map_err(|error| failed(self.path, "read", error))
        }

        fn malformed(&self, place: String, expected: String, found: String) -> Error {
            Error::Malformed {
                path: self.path.into(),
                place,
                expected,
                found,
            }
        }
    }
}
