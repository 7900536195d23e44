//! The kernels as their definitions say, in safe code: the reference for the bits of all others, and
//! what processors without code of their own run. Inner loops go along the rows of `W`, so that the
//! compiler can use whatever vectors there are. Where multiply-add is not fused, and so no bits are
//! promised, large products go to [`super::gemm`].

use super::apply::Adjust;
use super::forward::in_four_sums;
use super::gemm::{Gemm, Matrix};
use super::rule::{Add, Fused, Rule};
use super::scalar::Scalar;
use super::sparse::skips_zeros;
use crate::math::Real;
use crate::rows::{Rows, RowsMut};
use crate::simd::Isa;

/// `Y = X W + b`, or relu of it.
pub fn forward<T: Real + Gemm, I: Isa>(
    isa: I,
    x: Rows<T>,
    w: &[T],
    bias: Option<&[T]>,
    rectifies: bool,
    mut y: RowsMut<T>,
) {
    affine(isa, x, w, bias, y.reborrow());
    if rectifies {
        for y in y.padded_data() {
            let z = *y + T::zero();
            *y = if z < T::zero() { T::zero() } else { z };
        }
    }
}

/// `Y = X W + b`.
fn affine<T: Real + Gemm, I: Isa>(
    isa: I,
    x: Rows<T>,
    w: &[T],
    bias: Option<&[T]>,
    mut y: RowsMut<T>,
) {
    let (width, stride) = (y.width(), y.stride());
    assert!(
        w.len() >= x.width() * stride,
        "the weights do not fit the rows"
    );
    let rows = x.len().min(y.len());
    let skip = skips_zeros(rows, x.width(), stride);
    if in_four_sums(x.width(), stride) {
        return four_sums(isa, x, w, bias, y);
    }
    for y in y.iter_mut().take(rows) {
        match bias {
            Some(bias) => y.copy_from_slice(&bias[..width]),
            None => y.fill(T::zero()),
        }
    }
    if !I::FUSED {
        let b = Matrix {
            data: w,
            rows: x.width(),
            columns: width,
            row_stride: stride,
            column_stride: 1,
        };
        let c = Matrix {
            data: y.padded_data(),
            rows,
            columns: width,
            row_stride: stride,
            column_stride: 1,
        };
        if T::gemm(matrix(x, rows), b, T::one(), c) {
            return;
        }
    }
    for (x, y) in x.iter().zip(y.iter_mut()) {
        for (&x, w) in x.iter().zip(w.chunks_exact(stride)) {
            if skip && x.is_zero() {
                continue;
            }
            for (y, &w) in y.iter_mut().zip(w) {
                *y = T::fma(isa, x, w, *y);
            }
        }
    }
}

/// The same for narrow matrices: input k goes into sum k modulo 4.
fn four_sums<T: Real, I: Isa>(isa: I, x: Rows<T>, w: &[T], bias: Option<&[T]>, mut y: RowsMut<T>) {
    let stride = y.stride();
    for (x, y) in x.iter().zip(y.iter_mut()) {
        let mut sums = [[T::zero(); 16]; 4];
        if let Some(bias) = bias {
            sums[0][..y.len()].copy_from_slice(&bias[..y.len()]);
        }
        for (k, (&x, w)) in x.iter().zip(w.chunks_exact(stride)).enumerate() {
            for (sum, &w) in sums[k % 4].iter_mut().zip(w) {
                *sum = T::fma(isa, x, w, *sum);
            }
        }
        for (i, y) in y.iter_mut().enumerate() {
            *y = (sums[0][i] + sums[1][i]) + (sums[2][i] + sums[3][i]);
        }
    }
}

/// The first rows of a batch.
fn matrix<T>(x: Rows<'_, T>, rows: usize) -> Matrix<&[T]> {
    Matrix {
        data: x.padded_data(),
        rows,
        columns: x.width(),
        row_stride: x.stride(),
        column_stride: 1,
    }
}

/// The transpose of a matrix of `columns` rows.
fn transposed<T>(w: &[T], rows: usize, columns: usize, stride: usize) -> Matrix<&[T]> {
    Matrix {
        data: w,
        rows,
        columns,
        row_stride: 1,
        column_stride: stride,
    }
}

/// `dX = dZ Wᵀ` of whole blocks of samples.
pub fn block_input_grad<T: Real + Gemm, I: Isa>(isa: I, dz: Rows<T>, w: &[T], mut dx: RowsMut<T>) {
    assert!(
        w.len() >= dx.width() * dz.stride(),
        "the weights do not fit the rows"
    );
    if !I::FUSED && input_gemm(dz, w, &mut dx) {
        return;
    }
    let stride = dz.stride();
    for (dz, dx) in dz.iter().zip(dx.iter_mut()) {
        for (dx, w) in dx.iter_mut().zip(w.chunks_exact(stride)) {
            *dx = in_order(isa, dz, w);
        }
    }
}

/// Σ a b, in order.
#[inline(always)]
fn in_order<T: Real, I: Isa>(isa: I, a: &[T], b: &[T]) -> T {
    let pairs = a.iter().zip(b);
    pairs.fold(T::zero(), |sum, (&a, &b)| T::fma(isa, a, b, sum))
}

/// `dX = dZ Wᵀ` by the crate `matrixmultiply`, if it is large; whether it was done.
fn input_gemm<T: Gemm + num_traits::Zero>(dz: Rows<T>, w: &[T], dx: &mut RowsMut<T>) -> bool {
    let (k, dx_stride) = (dx.width(), dx.stride());
    let rows = dz.len().min(dx.len());
    let b = transposed(w, dz.width(), k, dz.stride());
    let c = Matrix {
        data: dx.padded_data(),
        rows,
        columns: k,
        row_stride: dx_stride,
        column_stride: 1,
    };
    T::gemm(matrix(dz, rows), b, T::zero(), c)
}

/// `dX = dZ Wᵀ`.
pub fn input_grad<T: Real + Gemm, I: Isa>(
    isa: I,
    dz: Rows<T>,
    w: &[T],
    wanted: Option<Rows<T>>,
    mut dx: RowsMut<T>,
) {
    let (width, stride) = (dz.width(), dz.stride());
    assert!(
        w.len() >= dx.width() * stride,
        "the weights do not fit the rows"
    );
    let is_sparse = width > 8 && skips_zeros(dz.len().min(dx.len()), dx.width(), stride);
    let wanted = wanted.filter(|_| is_sparse);
    if !I::FUSED && input_gemm(dz, w, &mut dx) {
        return;
    }
    let gradients = dz.padded_data().chunks_exact(stride);
    for (dz, dx) in gradients.zip(dx.iter_mut()) {
        for (k, (dx, w)) in dx.iter_mut().zip(w.chunks_exact(stride)).enumerate() {
            *dx = if wanted.is_some_and(|x| x.padded_data()[k].is_zero()) {
                T::zero()
            } else if width > 8 {
                in_lanes(isa, dz, w)
            } else {
                in_order(isa, &dz[..width], w)
            };
        }
    }
}

/// Σ a b over 16 lanes, which are then halved: lane i takes lane i + 8, then i + 4, i + 2, i + 1.
#[inline(always)]
pub fn in_lanes<T: Real, I: Isa>(isa: I, a: &[T], b: &[T]) -> T {
    let mut lanes = [T::zero(); 16];
    for (a, b) in a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0) {
        for i in 0..16 {
            lanes[i] = T::fma(isa, a[i], b[i], lanes[i]);
        }
    }
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
    }
    lanes[0]
}

/// `dW = Xᵀ dZ`, then the rule.
pub fn weight_grad<T: Real, I: Isa>(
    isa: I,
    x: Rows<T>,
    first_row: usize,
    dz: Rows<T>,
    rule: Fused<T>,
    w: &mut [T],
    slots: &mut [T],
) {
    let (stride, kept) = (dz.stride(), rule.slots() * dz.stride());
    let (rows, count) = (x.len().min(dz.len()), w.len() / stride);
    assert!(
        first_row + count <= x.width(),
        "the weights do not fit the rows"
    );
    let skip = matches!(rule, Fused::Add(_)) && skips_zeros(rows, count, stride);
    let lanes = stride.min(16);
    for row in 0..count {
        let k = first_row + row;
        if skip && x.iter().all(|x| x[k].is_zero()) {
            continue;
        }
        for first in (0..stride).step_by(lanes) {
            let mut g = [T::zero(); 16];
            for (x, dz) in x.iter().zip(dz.padded_data().chunks_exact(stride)) {
                for (g, &dz) in g.iter_mut().zip(&dz[first..first + lanes]) {
                    *g = T::fma(isa, x[k], dz, *g);
                }
            }
            let (at, slots) = (row * stride + first, &mut slots[row * kept..]);
            let slots = slots.get_mut(first..).unwrap_or_default();
            rule.apply(isa, &mut w[at..at + lanes], &g, slots, stride);
        }
    }
}

/// Both of them for a single sample: `dX`, then `W += dW`.
pub fn descent<T: Real + Gemm, I: Isa>(
    isa: I,
    x: Rows<T>,
    dz: Rows<T>,
    w: &mut [T],
    dx: RowsMut<T>,
) {
    input_grad(isa, dz, w, Some(x), dx);
    weight_grad(isa, x, 0, dz, Fused::Add(Add), w, &mut []);
}

/// `db = Σ dz`, then the rule.
pub fn bias_grad<T: Real, I: Isa>(
    isa: I,
    dz: Rows<T>,
    rule: Fused<T>,
    b: &mut [T],
    slots: &mut [T],
) {
    let len = b.len();
    for (i, b) in b.iter_mut().enumerate() {
        let column = dz.padded_data().iter().skip(i).step_by(dz.stride());
        let g = column.fold(T::zero(), |sum, &dz| sum + dz);
        let slots = slots.get_mut(i..).unwrap_or_default();
        rule.apply(isa, core::slice::from_mut(b), &[g], slots, len);
    }
}

/// The rule, for stored gradients.
pub fn apply<T: Real, I: Isa>(
    isa: I,
    rule: Rule<T>,
    adjust: Adjust<T>,
    stride: usize,
    g: &[T],
    w: &mut [T],
    slots: &mut [T],
) {
    let (kept, lanes) = (rule.slots() * stride, stride.min(16));
    let rows = w.chunks_exact_mut(stride).zip(g.chunks_exact(stride));
    for (row, (w, g)) in rows.enumerate() {
        for first in (0..stride).step_by(lanes) {
            let mut adjusted = [T::zero(); 16];
            for (to, &g) in adjusted.iter_mut().zip(&g[first..first + lanes]) {
                *to = adjust.of(Scalar::new(isa), g);
            }
            let slots = slots.get_mut(row * kept + first..).unwrap_or_default();
            rule.apply(isa, &mut w[first..first + lanes], &adjusted, slots, stride);
        }
    }
}
