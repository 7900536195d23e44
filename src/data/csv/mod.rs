//! CSV files: a row is a sample, a column a feature or a target.
//!
//! ```
//! # let path = std::env::temp_dir().join(format!("plywood-csv-{}", std::process::id()));
//! # let path = path.to_str().unwrap();
//! # std::fs::write(path, "rooms,area,price\n3,70.5,250\n4,98,310\n")?;
//! use plywood::data::csv::{self, Csv};
//!
//! // rooms,area,price
//! // 3,70.5,250
//! // 4,98,310
//! let (x, y) = csv::read::<2, 1>(path, Csv::new())?;
//! assert_eq!(x, [[3.0, 70.5], [4.0, 98.0]]);
//! assert_eq!(y, [[250.0], [310.0]]);
//!
//! let (x, y) = csv::read::<1, 1>(path, Csv::new().features(["area"]).targets(["rooms"]))?;
//! assert_eq!((x, y), (vec![[70.5], [98.0]], vec![[3.0], [4.0]]));
//! # std::fs::remove_file(path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Cells are separated by a delimiter, may stand in double quotes (a double quote in them is
//! written twice), and may have spaces around them. Lines end with LF or CRLF; empty ones are
//! skipped. The text is UTF-8. A number is written as in Rust: `-1`, `2.5`, `.5`, `1e-3`. Columns
//! that are neither features nor targets may hold anything.

use std::io::Read;
use std::path::Path;

use self::columns::Columns;
use self::records::Records;
use super::source::open;
use crate::error::malformed;
use crate::{Error, Result};

mod columns;
mod records;

pub use self::columns::Column;

/// Of every row, `N` features and `M` targets.
pub type Table<const N: usize, const M: usize> = (Vec<[f32; N]>, Vec<[f32; M]>);

/// How a CSV file is read; [`Csv::new`] for the usual way.
#[derive(Clone, Debug)]
pub struct Csv {
    header: bool,
    delimiter: u8,
    features: Option<Vec<Column>>,
    targets: Option<Vec<Column>>,
    allow_non_finite: bool,
}

impl Default for Csv {
    fn default() -> Self {
        Self::new()
    }
}

impl Csv {
    /// A header with the columns' names, then numbers separated by commas; the last columns are the
    /// targets, and all others the features.
    pub fn new() -> Self {
        Self {
            header: true,
            delimiter: b',',
            features: None,
            targets: None,
            allow_non_finite: false,
        }
    }

    /// Whether the first line holds the columns' names; `true` if not said otherwise.
    pub fn header(self, header: bool) -> Self {
        Self { header, ..self }
    }

    /// What separates the cells, a character of ASCII; `b','` if not said otherwise.
    pub fn delimiter(self, delimiter: u8) -> Self {
        Self { delimiter, ..self }
    }

    /// The columns of the features, in this order, by names (`["rooms", "area"]`) or by numbers
    /// counted from 0 (`[0, 1]`); all columns that are not targets if not said otherwise.
    pub fn features(mut self, columns: impl IntoIterator<Item = impl Into<Column>>) -> Self {
        self.features = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// The columns of the targets, in this order, by names or by numbers counted from 0; the last
    /// ones if not said otherwise.
    pub fn targets(mut self, columns: impl IntoIterator<Item = impl Into<Column>>) -> Self {
        self.targets = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Whether `nan`, `inf` and `-inf` are numbers too; `false` if not said otherwise.
    pub fn allow_non_finite(self, allow_non_finite: bool) -> Self {
        Self {
            allow_non_finite,
            ..self
        }
    }

    fn check(&self) -> Result<()> {
        if !self.delimiter.is_ascii() || matches!(self.delimiter, b'"' | b'\r' | b'\n') {
            return Err(Error::BadArgument {
                name: "delimiter",
                expected: "a character of ASCII, and neither a quote nor the end of a line",
                found: format!("{:?}", char::from(self.delimiter)),
            });
        }
        Ok(())
    }
}

/// Reads a file: of every row, `N` features and `M` targets.
///
/// # Errors
/// - [`Error::Io`] if the file can not be read,
/// - [`Error::Malformed`] names line and column of a cell that is not a number (or not a finite one,
///   see [`Csv::allow_non_finite`]), of text that is not UTF-8, of a row with another number of
///   cells than the first, of a row of more than 4 MiB; it also tells of a file without rows, and of
///   columns that are not there,
/// - [`Error::BadArgument`] if options contradict each other or the numbers `N` and `M`.
///
/// ```
/// # let path = std::env::temp_dir().join(format!("plywood-csv1-{}", std::process::id()));
/// use plywood::data::csv::{self, Csv};
///
/// std::fs::write(&path, "1;2.5;0\n3;x;1\n")?;
/// let options = Csv::new().header(false).delimiter(b';');
/// let error = csv::read::<2, 1>(&path, options).unwrap_err();
/// assert!(error.to_string().ends_with("line 2, column 2 of 3: expected a number, found \"x\""));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read<const N: usize, const M: usize>(
    path: impl AsRef<Path>,
    options: Csv,
) -> Result<Table<N, M>> {
    let path = path.as_ref();
    parse(path, open(path)?, options)
}

/// Reads from anything: [`read`] of the bytes that `file` gives. `path` is for errors.
///
/// # Errors
/// Those of [`read`].
///
/// ```
/// use plywood::data::csv::{self, Csv};
///
/// let (x, y) = csv::parse::<1, 1>("squares", "x,y\n2,4\n3,9".as_bytes(), Csv::new())?;
/// assert_eq!((x, y), (vec![[2.0], [3.0]], vec![[4.0], [9.0]]));
/// # Ok::<(), plywood::Error>(())
/// ```
pub fn parse<const N: usize, const M: usize>(
    path: impl AsRef<Path>,
    file: impl Read,
    options: Csv,
) -> Result<Table<N, M>> {
    let path = path.as_ref();
    options.check()?;
    let mut records = Records::new(path, file, options.delimiter);
    if !records.advance()? {
        let expected = if options.header {
            "a header"
        } else {
            "at least one row"
        };
        return Err(malformed(path, "end of file", expected, "nothing"));
    }
    let columns = Columns::new::<N, M>(path, &options, &records.record)?;
    if options.header && !records.advance()? {
        let found = "only the header";
        return Err(malformed(path, "end of file", "at least one row", found));
    }
    let (mut x, mut y) = (Vec::new(), Vec::new());
    // The row at hand lies on the heap, as a row may be of any size.
    let (mut features, mut targets) = (bytemuck::zeroed_vec(1), bytemuck::zeroed_vec(1));
    loop {
        columns.check_width(&records)?;
        columns.read(&columns.features, &records, &mut features)?;
        columns.read(&columns.targets, &records, &mut targets)?;
        x.extend_from_slice(&features);
        y.extend_from_slice(&targets);
        if !records.advance()? {
            return Ok((x, y));
        }
    }
}
