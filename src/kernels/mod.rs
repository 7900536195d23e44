//! The matrix work: three products with a weight matrix, and the optimiser's rule that the third
//! one applies in place.
//!
//! A weight matrix `W` is Keras' own `[k][n]`, row-major, its rows padded to
//! [`padded(n)`](crate::rows::padded) with zeros; a batch is [`Rows`].
//!
//! | kernel | computes | sums over |
//! | --- | --- | --- |
//! | [`Element::affine`] | `Y = X W + b` | k, in order; in four sums where a row of `W` has at most 16 numbers, or in [`tiny`] |
//! | [`Element::affine_input_grad`] | `dX = dZ Wᵀ` | n, in order; if n > 8, of the samples after the last whole [`BLOCK`], or all where k < 16 or in [`tiny`], in 16 fixed lanes and one fixed tree |
//! | [`Element::affine_weight_grad`] | `dW = Xᵀ dZ`, then the [`Fused`] rule | samples, in order |
//! | [`Element::descent`] | the two before for one sample and plain gradient descent, in one pass | as they do |
//! | [`Element::apply_rule`] | the [`Rule`], for gradients that were stored first | nothing |
//!
//! The orders are fixed by the shapes alone, and every product is added by one fused multiply-add:
//! so all instruction sets that have it give the same bits.

#![allow(unsafe_code)] // calls of functions compiled for more instructions, given their token
#![allow(clippy::needless_range_loop)] // register tiles: every index is a constant in the end
#![cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128")),
    allow(unused) // nobody has vectors: only `portable` is used
)]

mod apply;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod bias_grad;
pub mod channelwise;
pub mod conv;
mod descent;
mod forward;
mod gemm;
mod grad_input;
mod grad_input_blocks;
mod grad_weight;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon;
#[cfg(any(target_arch = "aarch64", target_arch = "wasm32"))]
mod pair;
mod portable;
mod prefetch;
pub mod rule;
mod scalar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
mod sparse;
#[cfg(test)]
mod tests;
mod tile;
pub mod tiny;
mod turn;
mod vector;

use crate::math::Real;
use crate::rows::{Rows, RowsMut};
use crate::simd::{Isa, Level};
pub use apply::Adjust;
use apply::{Applied, Apply};
use bias_grad::BiasGrad;
use conv::{ConvWeightGrad, Correlate, Pooled, Sparse};
use descent::Descent;
pub use descent::descends;
use forward::Forward;
use grad_input::InputGrad;
pub use grad_input_blocks::BLOCK;
use grad_input_blocks::{BlockInputGrad, whole_blocks};
use grad_weight::{Ruled, WeightGrad};
pub(crate) use prefetch::{prefetch, prefetch_ends};
use rule::{Fused, Rule};
use scalar::Scalar;
pub use turn::Turn;
use vector::Kernel;

/// A number that a network can be made of: `f32` or `f64`.
#[diagnostic::on_unimplemented(
    message = "a network computes in `f32` or `f64`, not in `{Self}`",
    label = "neither `f32` nor `f64`"
)]
pub trait Element: Real + gemm::Gemm {
    /// `y = x w + b` for each row x, or relu of it: what is below 0 becomes 0, NaN stays NaN, and no zero is
    /// negative. `w` is `[x.width()][padded(y.width())]`, `bias` has at least `y.width()` elements. Writes
    /// the padding of `y` too, with anything.
    fn affine<I: Isa>(
        isa: I,
        x: Rows<Self>,
        w: &[Self],
        bias: Option<&[Self]>,
        rectifies: bool,
        y: RowsMut<Self>,
    );

    /// `dx = dz wᵀ` for each row dz. The padding of both is zero, and that of `dx` stays so. If there is
    /// one sample, and `wanted` holds the inputs, dx may be 0 where they are.
    #[inline]
    fn affine_input_grad<I: Isa>(
        isa: I,
        dz: Rows<Self>,
        w: &[Self],
        wanted: Option<Rows<Self>>,
        dx: RowsMut<Self>,
    ) {
        let rows = dz.len().min(dx.len());
        let whole = whole_blocks(rows, dx.width(), dz.width());
        let (blocks, rest) = dx.split_at(whole);
        if whole > 0 {
            Self::block_input_grad(isa, dz.rows(0..whole), w, blocks);
        }
        if whole < rows {
            let wanted = wanted.filter(|_| whole == 0);
            Self::row_input_grad(isa, dz.rows(whole..rows), w, wanted, rest);
        }
    }

    /// [`affine_input_grad`](Self::affine_input_grad) of samples in whole blocks.
    fn block_input_grad<I: Isa>(isa: I, dz: Rows<Self>, w: &[Self], dx: RowsMut<Self>);

    /// [`affine_input_grad`](Self::affine_input_grad) of the samples that are left over.
    fn row_input_grad<I: Isa>(
        isa: I,
        dz: Rows<Self>,
        w: &[Self],
        wanted: Option<Rows<Self>>,
        dx: RowsMut<Self>,
    );

    /// `dw = xᵀ dz`, for the rows of the matrix from `first` on that are in `w`, handed to the rule, which updates `w` and its slots (for each row of `w`
    /// `rule.slots()` rows like it). The padding of `dz` is zero, and so stays that of `w`.
    fn affine_weight_grad<I: Isa>(
        isa: I,
        x: Rows<Self>,
        first: usize,
        dz: Rows<Self>,
        rule: Fused<Self>,
        w: &mut [Self],
        slots: &mut [Self],
    );

    /// Both for a single sample and a matrix for which [`descends`] holds: `dx = dz wᵀ`, then `w += xᵀ dz`. dx may
    /// be 0 where inputs are.
    fn descent<I: Isa>(isa: I, x: Rows<Self>, dz: Rows<Self>, w: &mut [Self], dx: RowsMut<Self>);

    /// `db = sum of the rows of dz`, handed to the rule, which updates `b`, padded like a row of `dz`.
    fn bias_grad<I: Isa>(
        isa: I,
        dz: Rows<Self>,
        rule: Fused<Self>,
        b: &mut [Self],
        slots: &mut [Self],
    );

    /// Each position of an image as a sum over the taps of a window, see [`conv`].
    fn correlate<I: Isa>(isa: I, kernel: Correlate<Self>);

    /// A convolution and a pooling layer in one, see [`conv`].
    fn pooled<I: Isa>(isa: I, kernel: Pooled<Self>);

    /// The gradient by the weights of a convolution, see [`conv`].
    fn conv_weight_grad<I: Isa>(isa: I, kernel: ConvWeightGrad<Self>);

    /// A gradient of a convolution from numbers most of which are zero, see [`conv`].
    fn sparse_conv_grad<I: Isa>(isa: I, kernel: Sparse<Self>);

    /// Matrices turned around.
    fn turn<I: Isa>(isa: I, kernel: Turn<Self>);

    /// Hands stored gradients `g`, adjusted, to the rule, which updates `w`, rows of `stride` numbers,
    /// and its slots (for each row of `w` `rule.slots()` rows like it).
    fn apply_rule<I: Isa>(
        isa: I,
        rule: Rule<Self>,
        adjust: Adjust<Self>,
        stride: usize,
        g: &[Self],
        w: &mut [Self],
        slots: &mut [Self],
    );
}

/// Implements [`Element`] for a type whose compiled kernels are in modules of this name.
macro_rules! element {
    ($element:ty, $name:ident) => {
        #[diagnostic::do_not_recommend]
        impl Element for $element {
            element!(@method $name, forward, affine, portable::forward,
                (x: Rows<Self>, w: &[Self], bias: Option<&[Self]>, rectifies: bool, y: RowsMut<Self>)
                => Forward::new(x, w, bias, rectifies, y));
            element!(@method $name, block_input_grad, block_input_grad, portable::block_input_grad,
                (dz: Rows<Self>, w: &[Self], dx: RowsMut<Self>) => BlockInputGrad::new(dz, w, dx));
            element!(@method $name, input_grad, row_input_grad, portable::input_grad,
                (dz: Rows<Self>, w: &[Self], wanted: Option<Rows<Self>>, dx: RowsMut<Self>)
                => InputGrad::new(dz, w, wanted, dx));
            element!(@method $name, weight_grad, affine_weight_grad, portable::weight_grad,
                (x: Rows<Self>, first: usize, dz: Rows<Self>, rule: Fused<Self>, w: &mut [Self],
                 slots: &mut [Self])
                => WeightGrad::new(x, first, dz, rule, w, slots));
            element!(@method $name, descent, descent, portable::descent,
                (x: Rows<Self>, dz: Rows<Self>, w: &mut [Self], dx: RowsMut<Self>)
                => Descent::new(x, dz, w, dx));
            element!(@method $name, bias_grad, bias_grad, portable::bias_grad,
                (dz: Rows<Self>, rule: Fused<Self>, b: &mut [Self], slots: &mut [Self])
                => BiasGrad::new(dz, rule, b, slots));
            element!(@method $name, correlate, correlate, one_by_one,
                (kernel: Correlate<Self>) => kernel);
            element!(@method $name, pooled, pooled, one_by_one, (kernel: Pooled<Self>) => kernel);
            element!(@method $name, conv_weight_grad, conv_weight_grad, one_by_one,
                (kernel: ConvWeightGrad<Self>) => kernel);
            element!(@method $name, sparse_conv_grad, sparse_conv_grad, one_by_one,
                (kernel: Sparse<Self>) => kernel);
            element!(@method $name, turn, turn, one_by_one, (kernel: Turn<Self>) => kernel);
            element!(@method $name, apply, apply_rule, portable::apply,
                (rule: Rule<Self>, adjust: Adjust<Self>, stride: usize, g: &[Self],
                 w: &mut [Self], slots: &mut [Self])
                => Apply::new(rule, adjust, stride, g, w, slots));
        }
    };
    (@method $name:ident, $function:ident, $method:ident, $portable:path,
        ($($argument:ident: $type:ty),*) => $kernel:expr) => {
        // Always, since arguments that have just been written in halves cannot be read as a whole for some
        // cycles; but not where nothing is optimised, and each copy has its place on the stack.
        #[cfg_attr(debug_assertions, inline)]
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn $method<I: Isa>(isa: I, $($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            if matches!(I::LEVEL, Level::Avx2 | Level::Avx512) {
                let kernel = $kernel;
                let stride = kernel.stride();
                // SAFETY: a value of an instruction set exists only where the processor has it, and
                // whoever has AVX-512 has AVX2.
                return unsafe {
                    match I::LEVEL {
                        Level::Avx512 if stride > 8 => avx512::$name::$function(kernel),
                        Level::Avx512 if stride == 8 => avx512::half::$name::$function(kernel),
                        _ => avx2::$name::$function(kernel),
                    }
                };
            }
            #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
            if matches!(I::LEVEL, Level::Neon) {
                return neon::$name::$function($kernel);
            }
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            if matches!(I::LEVEL, Level::Simd128) {
                return simd128::$name::$function($kernel);
            }
            $portable(isa, $($argument),*);
        }
    };
}

/// A kernel with vectors of one number.
#[inline(never)]
fn one_by_one<T: Real, I: Isa>(isa: I, kernel: impl Kernel<T>) {
    kernel.run(Scalar::new(isa));
}

element!(f32, single);
element!(f64, double);
