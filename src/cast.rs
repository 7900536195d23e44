//! The places where memory is seen as something else than it was declared: each with its argument.
#![allow(unsafe_code)] // this is what the module is for

use crate::kernels::Element;
use crate::layer::{Frozen, Kernel, Matrix, NoWeights, Vector};
use crate::layers::ParallelWeights;
use crate::shape::{Dim, Shape};
use alloc::boxed::Box;
use bytemuck::{Pod, Zeroable};
use generic_array::{ArrayLength, GenericArray};

// SAFETY: they hold nothing but numbers `T` for which all zeros are a value (and padding
// bytes behind them, which have no value to be wrong).
unsafe impl Zeroable for NoWeights {}
// SAFETY: see above.
unsafe impl<T: Zeroable, N: Dim> Zeroable for Vector<T, N> {}
// SAFETY: see above.
unsafe impl<T: Zeroable, K: Dim, N: Dim> Zeroable for Matrix<T, K, N> {}
// SAFETY: see above.
unsafe impl<A: Zeroable, B: Zeroable, C: Zeroable, D: Zeroable> Zeroable
    for ParallelWeights<A, B, C, D>
{
}
// SAFETY: see above.
unsafe impl<T: Zeroable, Taps: Shape, N: Dim> Zeroable for Kernel<T, Taps, N> {}
// SAFETY: a tensor, and nothing else.
unsafe impl<W: Zeroable> Zeroable for Frozen<W> {}

/// The numbers of all rows, one row after another.
#[inline(always)]
pub fn flat<T, K: ArrayLength, N: ArrayLength>(rows: &GenericArray<GenericArray<T, N>, K>) -> &[T] {
    // SAFETY: a `GenericArray<T, N>` has the layout of `[T; N]`, so K of them are K N numbers `T`
    // without a gap, and the result borrows from `rows`.
    unsafe { core::slice::from_raw_parts(rows.as_ptr().cast(), K::USIZE * N::USIZE) }
}

/// The numbers of all rows, one row after another.
#[inline(always)]
pub fn flat_mut<T, K: ArrayLength, N: ArrayLength>(
    rows: &mut GenericArray<GenericArray<T, N>, K>,
) -> &mut [T] {
    // SAFETY: as in `flat`, and the borrow is unique.
    unsafe { core::slice::from_raw_parts_mut(rows.as_mut_ptr().cast(), K::USIZE * N::USIZE) }
}

/// A value made of zeros, built in place on the heap: a big one never lies on the stack.
pub fn zeroed_box<M: Zeroable>() -> Box<M> {
    bytemuck::zeroed_box()
}

/// A plain array, of any number of dimensions, of the numbers `T`: what models take and give.
///
/// Implemented for `[T; N]`, `[[T; N]; M]` and so on.
pub trait Plain<T>: Pod + Send + Sync + 'static {
    /// Its numbers, in the order of memory.
    fn numbers(&self) -> &[T];
    /// Its numbers, to be changed.
    fn numbers_mut(&mut self) -> &mut [T];
}

macro_rules! plain {
    ($([$($n:ident)*])*) => { $(
        impl<T: Element, $(const $n: usize),*> Plain<T> for plain!(@array $($n)*) {
            #[inline(always)]
            fn numbers(&self) -> &[T] {
                bytemuck::cast_slice(self)
            }
            #[inline(always)]
            fn numbers_mut(&mut self) -> &mut [T] {
                bytemuck::cast_slice_mut(self)
            }
        }
    )* };
    (@array) => { T };
    (@array $n:ident $($rest:ident)*) => { [plain!(@array $($rest)*); $n] };
}
plain!([A] [A B] [A B C] [A B C D]);

/// All numbers of some samples, one after another.
#[inline(always)]
pub fn numbers_of<T: Element, P: Plain<T>>(samples: &[P]) -> &[T] {
    bytemuck::cast_slice(samples)
}
