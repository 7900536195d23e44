//! The crate `matrixmultiply`: the path of large products on processors that there is no vector code
//! for, [`Level::Plain`](crate::simd::Level::Plain). It chooses among kernels of its own, and it
//! allocates a buffer for each product.

#![allow(unsafe_code)] // it takes pointers and strides

/// From how many multiply-adds on a product is worth its buffer.
pub(super) const LARGE: usize = 1 << 15;

/// A row-major matrix or its transpose: numbers, rows, columns, and the distances between them.
#[derive(Clone, Copy)]
pub struct Matrix<D> {
    pub data: D,
    pub rows: usize,
    pub columns: usize,
    pub row_stride: usize,
    pub column_stride: usize,
}

impl<D> Matrix<D> {
    /// Whether `len` numbers are enough for it.
    fn fits(&self, len: usize) -> bool {
        self.rows == 0
            || self.columns == 0
            || (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride < len
    }
}

/// A number that `matrixmultiply` has a product of.
pub trait Gemm: Sized {
    /// C <- A B + beta C, if it is large; whether it was done.
    fn gemm(a: Matrix<&[Self]>, b: Matrix<&[Self]>, beta: Self, c: Matrix<&mut [Self]>) -> bool;
}

macro_rules! gemm {
    ($t:ty, $gemm:ident) => {
        impl Gemm for $t {
            fn gemm(
                a: Matrix<&[Self]>,
                b: Matrix<&[Self]>,
                beta: Self,
                c: Matrix<&mut [Self]>,
            ) -> bool {
                let (m, k, n) = (a.rows, a.columns, b.columns);
                assert!(
                    (b.rows, c.rows, c.columns) == (k, m, n),
                    "shapes that do not fit"
                );
                assert!(a.fits(a.data.len()) && b.fits(b.data.len()) && c.fits(c.data.len()));
                if m * k * n < LARGE {
                    return false;
                }
                let [a0, a1, b0, b1, c0, c1] = [
                    a.row_stride,
                    a.column_stride,
                    b.row_stride,
                    b.column_stride,
                    c.row_stride,
                    c.column_stride,
                ]
                .map(|stride| stride as isize);
                // SAFETY: every number of the three matrices lies inside its slice, as has just been
                // checked, and the third one is borrowed uniquely.
                unsafe {
                    matrixmultiply::$gemm(
                        m,
                        k,
                        n,
                        1.0,
                        a.data.as_ptr(),
                        a0,
                        a1,
                        b.data.as_ptr(),
                        b0,
                        b1,
                        beta,
                        c.data.as_mut_ptr(),
                        c0,
                        c1,
                    );
                }
                true
            }
        }
    };
}
gemm!(f32, sgemm);
gemm!(f64, dgemm);
