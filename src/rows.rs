//! Batches: the samples of a batch as the rows of a matrix.
//!
//! Each row holds [`width`](Rows::width) values and is padded to [`stride`](Rows::stride) =
//! [`padded(width)`](padded) (the rows of a user's own arrays are not), so that a row begins where a
//! vector register likes it. What lies in the padding means nothing in activations, and is zero in
//! gradients and in weights.

use core::ops::Range;

/// How many elements a row of `n` values takes: the next power of two up to 16, a multiple of 16
/// above.
///
/// ```
/// # use plywood::rows::padded;
/// assert_eq!([1, 2, 3, 5, 10, 16, 17, 784].map(padded), [1, 2, 4, 8, 16, 16, 32, 784]);
/// ```
#[inline(always)]
pub const fn padded(n: usize) -> usize {
    if n <= 16 {
        n.next_power_of_two()
    } else {
        n.next_multiple_of(16)
    }
}

/// The samples of a batch, read only.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, T> {
    data: &'a [T],
    /// How many rows: a division, so it is made once.
    len: usize,
    width: usize,
    stride: usize,
}

/// The samples of a batch, to be written.
#[derive(Debug)]
pub struct RowsMut<'a, T> {
    data: &'a mut [T],
    len: usize,
    width: usize,
}

impl<'a, T> Rows<'a, T> {
    /// Rows of `width` values each, over data that holds them padded. What is left over at the end
    /// of `data` is not part of it.
    #[inline(always)]
    pub fn new(data: &'a [T], width: usize) -> Self {
        let (len, stride) = (data.len() / padded(width), padded(width));
        Self {
            data,
            len,
            width,
            stride,
        }
    }

    /// Rows of `width` values each without padding, as plain arrays lie in memory. Only a layer's
    /// input may be so.
    #[inline(always)]
    pub fn dense(data: &'a [T], width: usize) -> Self {
        Self {
            data,
            len: data.len().checked_div(width).unwrap_or(0),
            width,
            // (An array of no numbers has no rows.)
            stride: width.max(1),
        }
    }

    /// How many values a row has.
    #[inline(always)]
    pub fn width(&self) -> usize {
        self.width
    }

    /// How far apart rows begin.
    #[inline(always)]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// How many rows there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows one after another, without their padding.
    #[inline(always)]
    pub fn iter(&self) -> Iter<'a, T> {
        Iter {
            rest: self.data,
            width: self.width,
            stride: self.stride,
        }
    }

    /// All rows with their padding.
    #[inline(always)]
    pub fn padded_data(&self) -> &'a [T] {
        self.data
    }

    /// The first numbers of each row.
    ///
    /// # Panics
    /// If a row has fewer.
    #[inline(always)]
    pub fn first(&self, width: usize) -> Self {
        assert!(width <= self.width, "a row is not as long");
        Self { width, ..*self }
    }

    /// Some of the rows.
    ///
    /// # Panics
    /// If there are not as many.
    #[inline(always)]
    pub fn rows(&self, rows: Range<usize>) -> Self {
        let data = &self.data[rows.start * self.stride..rows.end * self.stride];
        let len = rows.len();
        Self { data, len, ..*self }
    }
}

impl<'a, T> RowsMut<'a, T> {
    /// Rows of `width` values each, over data that holds them padded.
    #[inline(always)]
    pub fn new(data: &'a mut [T], width: usize) -> Self {
        let len = data.len() / padded(width);
        Self { data, len, width }
    }

    /// How many values a row has.
    #[inline(always)]
    pub fn width(&self) -> usize {
        self.width
    }

    /// How far apart rows begin.
    #[inline(always)]
    pub fn stride(&self) -> usize {
        padded(self.width)
    }

    /// How many rows there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same rows, read only.
    #[inline(always)]
    pub fn as_rows(&self) -> Rows<'_, T> {
        Rows {
            data: self.data,
            len: self.len,
            width: self.width,
            stride: self.stride(),
        }
    }

    /// The first rows, and those from row `row` on.
    ///
    /// # Panics
    /// If there are not as many.
    #[inline(always)]
    pub fn split_at(self, row: usize) -> (Self, Self) {
        let (width, stride) = (self.width, self.stride());
        let (first, rest) = self.data.split_at_mut(row * stride);
        let part = |data, len| Self { data, len, width };
        (part(first, row), part(rest, self.len - row))
    }

    /// The same rows, lent for a shorter time.
    #[inline(always)]
    pub fn reborrow(&mut self) -> RowsMut<'_, T> {
        RowsMut {
            data: self.data,
            ..*self
        }
    }

    /// The rows one after another, without their padding.
    #[inline(always)]
    pub fn iter_mut(&mut self) -> IterMut<'_, T> {
        IterMut {
            width: self.width,
            stride: self.stride(),
            rest: self.data,
        }
    }

    /// All rows with their padding.
    #[inline(always)]
    pub fn padded_data(&mut self) -> &mut [T] {
        self.data
    }
}

/// Rows one after another: see [`Rows::iter`].
///
/// (Nothing of it is left to the standard library's adapters, not all of which are inlined into a
/// function that is compiled for more instructions.)
#[derive(Clone, Debug)]
pub struct Iter<'a, T> {
    rest: &'a [T],
    width: usize,
    stride: usize,
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a [T];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [T]> {
        let (row, rest) = self.rest.split_at_checked(self.stride)?;
        self.rest = rest;
        row.get(..self.width)
    }
}

/// Rows one after another, to be written: see [`RowsMut::iter_mut`].
#[derive(Debug)]
pub struct IterMut<'a, T> {
    rest: &'a mut [T],
    width: usize,
    stride: usize,
}

impl<'a, T> Iterator for IterMut<'a, T> {
    type Item = &'a mut [T];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a mut [T]> {
        let (row, rest) = core::mem::take(&mut self.rest).split_at_mut_checked(self.stride)?;
        self.rest = rest;
        row.get_mut(..self.width)
    }
}

/// Whether there is no NaN and no infinity among the numbers. (Inlined, so that it is compiled for the
/// instructions of its caller.)
#[inline(always)]
pub fn all_finite<T: crate::math::Real>(numbers: &[T]) -> bool {
    // 0 x is 0 for every finite x, and NaN otherwise; so many sums at a time become vector code.
    const SUMS: usize = 32;
    let mut sums = [T::zero(); SUMS];
    let mut chunks = numbers.chunks_exact(SUMS);
    for chunk in &mut chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum += x * T::zero();
        }
    }
    sums.iter().chain(chunks.remainder()).all(|x| x.is_finite())
}
