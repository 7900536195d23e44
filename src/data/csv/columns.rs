//! Which columns are features and which are targets, and what stands in them.

use std::io::Read;
use std::path::Path;

use csv::StringRecord;

use super::records::Records;
use super::{Csv, malformed};
use crate::{Error, Result};

/// A column of a CSV file: `"price".into()` or `3.into()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// The one with this number, counted from 0.
    Index(usize),
    /// The one with this name in the header.
    Name(String),
}

impl From<usize> for Column {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

/// The columns that are read, by their numbers.
pub(super) struct Columns {
    pub(super) features: Vec<usize>,
    pub(super) targets: Vec<usize>,
    /// The names, if there is a header.
    header: Option<StringRecord>,
    /// How many columns the file has.
    width: usize,
    allow_non_finite: bool,
}

impl Columns {
    /// `N` features and `M` targets, in a file with this first record.
    pub(super) fn new<const N: usize, const M: usize>(
        path: &Path,
        options: &Csv,
        first: &StringRecord,
    ) -> Result<Self> {
        let width = first.len();
        let header = options.header.then_some(first);
        let find_all = |columns: &[Column]| -> Result<Vec<usize>> {
            columns
                .iter()
                .map(|column| find(path, column, width, header))
                .collect()
        };
        let mut free = vec![true; width];
        let mut take = |columns: &[usize]| -> Result<()> {
            for &column in columns {
                if let Some(false) = free.get_mut(column).map(core::mem::take) {
                    return Err(Error::BadArgument {
                        name: "features and targets",
                        expected: "columns that differ",
                        found: format!("{} twice", describe(column, width, header)),
                    });
                }
            }
            Ok(())
        };
        let targets = match &options.targets {
            Some(columns) => find_all(columns)?,
            None => (width.saturating_sub(M)..width).collect(),
        };
        take(&targets)?;
        let features = match &options.features {
            Some(columns) => {
                let features = find_all(columns)?;
                take(&features)?;
                features
            }
            None => (0..width)
                .zip(&free)
                .filter_map(|(column, free)| free.then_some(column))
                .collect(),
        };
        for (name, stated, columns, wanted) in [
            ("targets", options.targets.is_some(), &targets, M),
            ("features", options.features.is_some(), &features, N),
        ] {
            if columns.len() == wanted {
                continue;
            }
            let found = format!("{} where {wanted} are read", columns.len());
            return Err(if stated {
                Error::BadArgument {
                    name,
                    expected: "as many columns as are read",
                    found,
                }
            } else {
                let expected = format!("columns for {N} features and {M} targets");
                malformed(path, "columns", expected, format!("{width} columns"))
            });
        }
        Ok(Self {
            features,
            targets,
            header: header.cloned(),
            width,
            allow_non_finite: options.allow_non_finite,
        })
    }

    /// Checks that the record at hand has as many cells as the first one.
    pub(super) fn check_width<R: Read>(&self, records: &Records<R>) -> Result<()> {
        let (expected, found) = (self.width, records.record.len());
        if found != expected {
            let expected = format!("{expected} columns, as in the first line");
            return Err(malformed(records.path, records.line(), expected, found));
        }
        Ok(())
    }

    /// Reads the numbers in these columns of the record at hand.
    pub(super) fn read<const K: usize, R: Read>(
        &self,
        columns: &[usize],
        records: &Records<R>,
        row: &mut [[f32; K]],
    ) -> Result<()> {
        for (&column, number) in columns.iter().zip(row.as_flattened_mut()) {
            let cell = records.record.get(column).unwrap_or_default();
            *number = self.number(cell).map_err(|expected| {
                let name = describe(column, self.width, self.header.as_ref());
                let place = format!("{}, {name}", records.line());
                malformed(records.path, place, expected, quote(cell))
            })?;
        }
        Ok(())
    }

    /// The number in a cell, or what it should have been.
    fn number(&self, cell: &str) -> Result<f32, &'static str> {
        match cell.parse::<f32>() {
            Err(_) => Err("a number"),
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) if cell.contains(|c: char| c.is_ascii_digit()) => {
                Err("a number within the range of f32")
            }
            Ok(number) if self.allow_non_finite => Ok(number),
            Ok(_) => Err("a finite number"),
        }
    }
}

/// The number of a column.
fn find(
    path: &Path,
    column: &Column,
    width: usize,
    header: Option<&StringRecord>,
) -> Result<usize> {
    let name = match column {
        Column::Index(index) if *index < width => return Ok(*index),
        Column::Index(index) => {
            let expected = format!("a column with number {index} (counted from 0)");
            return Err(malformed(
                path,
                "columns",
                expected,
                format!("{width} columns"),
            ));
        }
        Column::Name(name) => name,
    };
    let Some(header) = header else {
        return Err(Error::BadArgument {
            name: "columns",
            expected: "given by numbers, as there is no header",
            found: quote(name),
        });
    };
    let mut same = (0..).zip(header).filter(|(_, cell)| cell == name);
    match (same.next(), same.next()) {
        (Some((index, _)), None) => Ok(index),
        (first, _) => {
            let expected = format!("one column {}", quote(name));
            let found = if first.is_some() {
                "more of them".into()
            } else {
                let names: Vec<&str> = header.iter().collect();
                quote(&names.join(", "))
            };
            Err(malformed(path, "header", expected, found))
        }
    }
}

/// A column in words: `column 3 of 5 ("price")`.
fn describe(column: usize, width: usize, header: Option<&StringRecord>) -> String {
    let name = header.and_then(|header| header.get(column));
    let name = name
        .map(|name| format!(" ({})", quote(name)))
        .unwrap_or_default();
    format!("column {} of {width}{name}", column + 1)
}

/// A text in quotes; of a long one, its beginning.
fn quote(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or(text)),
        None => format!("{text:?}"),
    }
}
