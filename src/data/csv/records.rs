//! The records of a CSV file, with their line numbers, and none of them too long.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord, Trim};

use crate::error::malformed;
use crate::{Error, Result};

/// The most bytes that a record may take: one opening quote shall not swallow a whole file.
const MAX_RECORD: usize = 4 << 20;

/// A CSV file, record by record.
pub(super) struct Records<'a, R> {
    /// The file's name, for errors.
    pub(super) path: &'a Path,
    /// The record at hand, without spaces around its cells.
    pub(super) record: StringRecord,
    reader: Reader<Lines<R>>,
}

impl<'a, R: Read> Records<'a, R> {
    /// Begins before the first record.
    pub(super) fn new(path: &'a Path, file: R, delimiter: u8) -> Self {
        let lines = Lines {
            file: BufReader::new(file),
            line: 0,
            inside: false,
            first: None,
            len: 0,
        };
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .delimiter(delimiter)
            .from_reader(lines);
        Self {
            path,
            record: StringRecord::new(),
            reader,
        }
    }

    /// Goes to the next record; `false` at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool> {
        let lines = self.reader.get_mut();
        (lines.first, lines.len) = (None, 0);
        self.reader.read_record(&mut self.record).map_err(|error| {
            let line = self.line();
            match error.into_kind() {
                ErrorKind::Io(_) if self.reader.get_ref().len > MAX_RECORD => {
                    let expected = format!("a row of at most {MAX_RECORD} bytes");
                    malformed(self.path, line, expected, "a longer one")
                }
                ErrorKind::Io(source) => Error::Io {
                    path: self.path.into(),
                    action: "read",
                    source,
                },
                ErrorKind::Utf8 { err, .. } => {
                    let place = format!("{line}, column {}", err.field() + 1);
                    malformed(self.path, place, "text in UTF-8", "other bytes")
                }
                other => malformed(self.path, line, "a record", format!("{other:?}")),
            }
        })
    }

    /// Where the record at hand begins.
    pub(super) fn line(&self) -> String {
        let lines = self.reader.get_ref();
        format!("line {}", lines.first.unwrap_or(lines.line))
    }
}

/// Gives its reader at most one line at a time. So it knows in which line a record lies, which the
/// `csv` crate can not tell after empty lines and with CRLF.
struct Lines<R> {
    file: BufReader<R>,
    /// The line at hand, counted from 1.
    line: usize,
    /// Whether only a part of this line was given.
    inside: bool,
    /// The line in which the record at hand begins.
    first: Option<usize>,
    /// How many bytes were given since the last record.
    len: usize,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let buffer = self.file.fill_buf()?;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let line = end.map_or(buffer, |end| buffer.get(..=end).unwrap_or(buffer));
        let given = line.len().min(out.len());
        let part = line.get(..given).unwrap_or(line);
        if !self.inside && given > 0 {
            self.line += 1;
        }
        self.inside = !part.ends_with(b"\n");
        if self.first.is_none() && part.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
            self.first = Some(self.line);
        }
        self.len += given;
        if self.len > MAX_RECORD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let given = (&mut &*part).read(out)?;
        self.file.consume(given);
        Ok(given)
    }
}
