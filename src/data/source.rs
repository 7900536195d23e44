//! A file to read from, gzipped or not, that takes memory only for what is there.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, Result, malformed};

/// The first bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The least number of bytes that memory is taken for at a time.
const CHUNK: usize = 1 << 16;

/// Opens a file to be read from.
pub(super) fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|source| Error::Io {
        path: path.into(),
        action: "open",
        source,
    })
}

/// The content of a file, unpacked if it begins as gzip files do.
pub(super) struct Source<'a> {
    /// The file's name, for errors.
    pub(super) path: &'a Path,
    reader: Box<dyn Read + 'a>,
    gzipped: bool,
}

impl<'a> Source<'a> {
    /// The content of `file`, whose name for errors is `path`.
    pub(super) fn new(path: &'a Path, mut file: impl Read + 'a) -> Result<Self> {
        let mut start = Vec::with_capacity(GZIP.len());
        let read = file
            .by_ref()
            .take(GZIP.len() as u64)
            .read_to_end(&mut start);
        let gzipped = start == GZIP;
        let all = BufReader::new(io::Cursor::new(start).chain(file));
        let source = Self {
            path,
            reader: if gzipped {
                Box::new(MultiGzDecoder::new(all))
            } else {
                Box::new(all)
            },
            gzipped,
        };
        read.map_err(|error| source.failed(error))?;
        Ok(source)
    }

    /// The next `len` bytes, or all that are left if there are fewer. Memory grows with what was
    /// read, at most to twice of it, and never above `len`.
    pub(super) fn read_up_to(&mut self, len: usize) -> Result<Vec<u8>> {
        let mut data = Vec::new();
        while data.len() < len {
            let chunk = data.len().max(CHUNK).min(len - data.len());
            let read = data
                .try_reserve_exact(chunk)
                .map_err(io::Error::from)
                .and_then(|()| {
                    let mut next = self.reader.by_ref().take(chunk as u64);
                    next.read_to_end(&mut data)
                })
                .map_err(|error| self.failed(error))?;
            if read < chunk {
                break;
            }
        }
        Ok(data)
    }

    /// Whether everything was read. For a gzip file this includes its checksum.
    pub(super) fn is_at_end(&mut self) -> Result<bool> {
        Ok(self.read_up_to(1)?.is_empty())
    }

    fn failed(&self, source: io::Error) -> Error {
        let damaged = matches!(
            source.kind(),
            ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof
        );
        if self.gzipped && damaged {
            return malformed(self.path, "gzip", "a whole and sound gzip file", source);
        }
        Error::Io {
            path: self.path.into(),
            action: "read",
            source,
        }
    }
}
