//! Numbers in rows and columns.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Index;

/// The details of a metric, from [`Score::table`](crate::training::Score::table): rows of numbers,
/// `table[[row, column]]`.
///
/// ```
/// use plywood::metrics::Table;
/// let table = Table::new(3, [5.0, 1.0, 0.0, 2.0, 10.0, 0.5]);
/// assert_eq!(table[[1, 0]], 2.0);
/// assert_eq!(table.row(0), [5.0, 1.0, 0.0]);
/// assert_eq!(table.to_string(), " 5   1       0\n 2  10  0.5000\n");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: usize,
    values: Vec<f64>,
}

impl Table {
    /// Of so many columns, from its values row by row. A last row that is not full is left out.
    pub fn new(columns: usize, values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.truncate(values.len().checked_div(columns).unwrap_or(0) * columns);
        Self { columns, values }
    }

    /// How many columns it has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    /// A row.
    ///
    /// # Panics
    /// If there is no such row, as with a slice.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..][..self.columns]
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

/// # Panics
/// If there is no such row or column, as with a slice.
impl Index<[usize; 2]> for Table {
    type Output = f64;
    fn index(&self, [row, column]: [usize; 2]) -> &f64 {
        &self.row(row)[column]
    }
}

/// Columns under each other; whole numbers without a point.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |&x: &f64| {
            if x % 1.0 == 0.0 {
                x.to_string()
            } else {
                alloc::format!("{x:.4}")
            }
        };
        let cells: Vec<String> = self.values.iter().map(text).collect();
        let width = |column: usize| {
            let cells = cells.iter().skip(column).step_by(self.columns);
            cells.map(String::len).max().unwrap_or(0)
        };
        for row in cells.chunks_exact(self.columns.max(1)) {
            for (column, cell) in row.iter().enumerate() {
                let gap = if column == 0 { 1 } else { 2 };
                write!(f, "{:gap$}{cell:>width$}", "", width = width(column))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
