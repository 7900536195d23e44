//! The matrix work: three products with a weight matrix, and the optimiser's rule that the third
//! one applies in place.
//!
//! A weight matrix `W` is Keras' own `[k][n]`, row-major, its rows padded to
//! [`padded(n)`](crate::rows::padded) with zeros; a batch is [`Rows`].
//!
//! | kernel | computes | sums over |
//! | --- | --- | --- |
//! | [`Element::affine`] | `Y = X W + b` | k, in order |
//! | [`Element::affine_input_grad`] | `dX = dZ Wᵀ` | n, in 16 fixed lanes and one fixed tree (n > 8); in order (n <= 8) |
//! | [`Element::affine_weight_grad`] | `dW = Xᵀ dZ`, then the [`Rule`] | samples, in order |
//!
//! The orders are fixed by the shapes alone, and every product is added by one fused multiply-add:
//! so all instruction sets that have it give the same bits.

mod rule;
pub mod tiny;

pub use rule::Rule;

use crate::math::Real;
use crate::rows::{Rows, RowsMut};
use crate::simd::Isa;

/// A number that a network can be made of: `f32` or `f64`.
pub trait Element: Real {
    /// `y = x w + b` for each row x. `w` is `[x.width()][padded(y.width())]`, `bias` has at least
    /// `y.width()` elements. Writes the padding of `y` too, with anything.
    fn affine<I: Isa>(isa: I, x: Rows<Self>, w: &[Self], bias: Option<&[Self]>, y: RowsMut<Self>);

    /// `dx = dz wᵀ` for each row dz, whose padding is zero. Leaves the padding of `dx` alone.
    fn affine_input_grad<I: Isa>(isa: I, dz: Rows<Self>, w: &[Self], dx: RowsMut<Self>);

    /// `dw = xᵀ dz`, handed to the rule, which updates `w` and its slots (`rule.slots()` arrays
    /// like `w`, one after another). The padding of `dz` is zero, and so stays that of `w`.
    fn affine_weight_grad<I: Isa>(
        isa: I,
        x: Rows<Self>,
        dz: Rows<Self>,
        rule: Rule<Self>,
        w: &mut [Self],
        slots: &mut [Self],
    );

    /// `db = sum of the rows of dz`, handed to the rule, which updates `b`.
    fn bias_grad<I: Isa>(
        isa: I,
        dz: Rows<Self>,
        rule: Rule<Self>,
        b: &mut [Self],
        slots: &mut [Self],
    );
}

macro_rules! naive {
    ($t:ty) => {
impl Element for $t {
    fn affine<I: Isa>(isa: I, x: Rows<Self>, w: &[Self], bias: Option<&[Self]>, mut y: RowsMut<Self>) {
        let p = y.stride();
        for (x, y) in x.iter().zip(y.iter_mut()) {
            for (j, y) in y.iter_mut().enumerate() {
                let mut sum = bias.map_or(0.0, |b| b[j]);
                for (k, &x) in x.iter().enumerate() {
                    sum = Self::fma(isa, x, w[k * p + j], sum);
                }
                *y = sum;
            }
        }
    }
    fn affine_input_grad<I: Isa>(isa: I, dz: Rows<Self>, w: &[Self], mut dx: RowsMut<Self>) {
        let p = dz.stride();
        for (dz, dx) in dz.iter().zip(dx.iter_mut()) {
            for (k, dx) in dx.iter_mut().enumerate() {
                let mut sum = 0.0;
                for (j, &dz) in dz.iter().enumerate() {
                    sum = Self::fma(isa, dz, w[k * p + j], sum);
                }
                *dx = sum;
            }
        }
    }
    fn affine_weight_grad<I: Isa>(isa: I, x: Rows<Self>, dz: Rows<Self>, rule: Rule<Self>, w: &mut [Self], slots: &mut [Self]) {
        let p = dz.stride();
        let len = w.len();
        for k in 0..x.width() {
            for j in 0..dz.width() {
                let mut g = 0.0;
                for (x, dz) in x.iter().zip(dz.iter()) {
                    g = Self::fma(isa, x[k], dz[j], g);
                }
                rule.apply(isa, &mut w[k * p + j], g, |slot| slot * len + k * p + j, slots);
            }
        }
    }
    fn bias_grad<I: Isa>(isa: I, dz: Rows<Self>, rule: Rule<Self>, b: &mut [Self], slots: &mut [Self]) {
        let len = b.len();
        for j in 0..dz.width() {
            let g = dz.iter().fold(0.0, |sum, dz| sum + dz[j]);
            rule.apply(isa, &mut b[j], g, |slot| slot * len + j, slots);
        }
    }
}
    };
}
naive!(f32);
naive!(f64);
