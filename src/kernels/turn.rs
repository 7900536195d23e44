//! Matrices turned around: what lay side by side lies one below the other.
//!
//! Squares of as many numbers as a vector has each way are turned in registers. The last ones in a row or
//! column take some numbers a second time.

#![allow(unsafe_code)] // pointers into two arrays, whose sizes `new` checks

use super::vector::{Kernel, Simd, transpose};
use crate::math::Real;
use crate::rows::{Rows, RowsMut};

/// Each sample of `to` is the transpose of that of `from`, which has `rows` rows, as a `Kernel`.
pub struct Turn<'a, T> {
    from: Rows<'a, T>,
    to: RowsMut<'a, T>,
    rows: usize,
    columns: usize,
}

impl<'a, T: Real> Turn<'a, T> {
    /// All samples.
    #[inline(always)]
    pub fn new(rows: usize, from: Rows<'a, T>, to: RowsMut<'a, T>) -> Self {
        let columns = from.width() / rows.max(1);
        assert!(
            from.width() == rows * columns && to.width() == rows * columns,
            "the numbers do not fit the rows"
        );
        Self {
            from,
            to,
            rows,
            columns,
        }
    }
}

impl<T: Real> Kernel<T> for Turn<'_, T> {
    /// Vectors run along both. (With fewer than eight rows or columns exchanges are not worth it.)
    #[inline(always)]
    fn stride(&self) -> usize {
        match self.rows.min(self.columns) {
            16.. => 16,
            8.. => 8,
            _ => 1,
        }
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(self, s: S) {
        let Self {
            from,
            mut to,
            rows,
            columns,
        } = self;
        if rows == 0 || columns == 0 {
            return;
        }
        // Where the next square begins.
        let next = |at: usize, len: usize| match len - at - S::LANES {
            0 => len,
            rest => at + rest.min(S::LANES),
        };
        for (from, to) in from.iter().zip(to.iter_mut()) {
            let (from, to) = (from.as_ptr(), to.as_mut_ptr());
            let mut row = 0;
            while row < rows {
                let mut column = 0;
                while column < columns {
                    let mut square = [s.zero(); 16];
                    // SAFETY: squares are no larger than the matrix, and begin where they fit into it; `new`
                    // has seen that samples hold as many numbers.
                    unsafe {
                        for i in 0..S::LANES {
                            square[i] = s.load(from.add((row + i) * columns + column));
                        }
                        let square = transpose(s, square);
                        for i in 0..S::LANES {
                            s.store(square[i], to.add((column + i) * rows + row));
                        }
                    }
                    column = next(column, columns);
                }
                row = next(row, rows);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Element;
    use crate::rows::padded;
    use crate::simd::{Isa, Job, Level, dispatch_on};
    use alloc::vec;
    use alloc::vec::Vec;

    struct Case(usize, usize);

    impl Case {
        fn check<T: Element, I: Isa>(&self, isa: I) {
            let &Case(rows, columns) = self;
            let len = rows * columns;
            let mut from = vec![T::NAN; 2 * padded(len)];
            for (i, row) in RowsMut::new(&mut from, len).iter_mut().enumerate() {
                for (j, number) in row.iter_mut().enumerate() {
                    *number = T::of((1000 * i + j) as f64);
                }
            }
            let mut to = vec![T::NAN; 2 * padded(len)];
            let (from, mut turned) = (Rows::new(&from, len), RowsMut::new(&mut to, len));
            T::turn(isa, Turn::new(rows, from, turned.reborrow()));
            for (from, to) in from.iter().zip(turned.iter_mut()) {
                let places = (0..columns).flat_map(|j| (0..rows).map(move |i| i * columns + j));
                let expected: Vec<T> = places.map(|place| from[place]).collect();
                assert_eq!(*to, expected, "{rows} x {columns}");
            }
            assert!(to[len..padded(len)].iter().all(|x| !x.is_finite()));
        }
    }

    impl Job for &Case {
        type Output = ();
        #[inline(always)]
        fn run<I: Isa>(self, isa: I) {
            self.check::<f32, _>(isa);
            self.check::<f64, _>(isa);
        }
    }

    #[test]
    fn rows_become_columns() {
        let most = if cfg!(miri) { 3 } else { 40 };
        for level in Level::ALL.into_iter().filter(|level| level.available()) {
            for rows in 0..most {
                for columns in 0..most {
                    dispatch_on(level, &Case(rows, columns));
                }
            }
        }
    }
}
