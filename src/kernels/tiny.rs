//! The same products for layers of at most 32 inputs and outputs, inlined where they are called:
//! the sizes are constants there, so loops unroll and nothing is left but the arithmetic.
//!
//! In the forward pass each output is four sums, which are added in the end: a network this small
//! has nothing else to do while it waits for a product. All other sums have the order that the large
//! kernels have for less than a block of samples. The code is as small as can be, because each layer of each model has a copy of it: plain loops over
//! arrays as wide as a row, which the compiler turns into vectors. Use it only inside a
//! [`Job`](crate::simd::Job).

use super::Element;
use super::portable::in_lanes;
use super::rule::Fused;
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Dim;
use crate::simd::Isa;

/// The most inputs and outputs.
pub const MOST: usize = 32;

/// Calls a function with the stride of a row of N numbers. The choice is made before any code is made
/// for the others.
macro_rules! with_stride {
    ($function:ident($($argument:expr),*)) => {
        match const { padded(N::USIZE) } {
            1 => $function::<T, I, 1>($($argument),*),
            2 => $function::<T, I, 2>($($argument),*),
            4 => $function::<T, I, 4>($($argument),*),
            8 => $function::<T, I, 8>($($argument),*),
            16 => $function::<T, I, 16>($($argument),*),
            _ => $function::<T, I, MOST>($($argument),*),
        }
    };
}

/// The numbers of a padded row as an array.
#[inline(always)]
fn row<T, const P: usize>(data: &[T], i: usize) -> &[T; P] {
    &data.as_chunks().0[i]
}

/// In how many sums to take the products of k inputs: a single one would have to wait for each
/// product. Input i goes into sum i modulo 4; the first begins with the bias.
#[inline(always)]
pub const fn chains(k: usize) -> usize {
    if k < 4 { 1 } else { 4 }
}

/// [`Element::affine`] for a tiny layer of N outputs.
#[inline(always)]
pub fn affine<T: Element, I: Isa, N: Dim>(
    isa: I,
    x: Rows<T>,
    w: &[T],
    bias: Option<&[T]>,
    y: RowsMut<T>,
) {
    with_stride!(forward(isa, x, w, bias, y));
}

#[inline(always)]
fn forward<T: Element, I: Isa, const P: usize>(
    isa: I,
    x: Rows<T>,
    w: &[T],
    bias: Option<&[T]>,
    mut y: RowsMut<T>,
) {
    let start = bias.map_or([T::zero(); P], |b| *row::<T, P>(b, 0));
    let outputs = y.padded_data().as_chunks_mut::<P>().0;
    for (x, y) in x.iter().zip(outputs) {
        let w = w.as_chunks::<P>().0;
        let mut a = start;
        if chains(x.len()) == 1 {
            for (&x, w) in x.iter().zip(w) {
                accumulate(isa, x, w, &mut a);
            }
        } else {
            let [mut b, mut c, mut d] = [[T::zero(); P]; 3];
            let (x, x_rest) = x.as_chunks::<4>();
            let (w, w_rest) = w.split_at(4 * x.len());
            for (x, w) in x.iter().zip(w.as_chunks::<4>().0) {
                accumulate(isa, x[0], &w[0], &mut a);
                accumulate(isa, x[1], &w[1], &mut b);
                accumulate(isa, x[2], &w[2], &mut c);
                accumulate(isa, x[3], &w[3], &mut d);
            }
            for ((&x, w), sum) in x_rest.iter().zip(w_rest).zip([&mut a, &mut b, &mut c]) {
                accumulate(isa, x, w, sum);
            }
            for j in 0..P {
                a[j] = (a[j] + b[j]) + (c[j] + d[j]);
            }
        }
        *y = a;
    }
}

/// `sum += x w`.
#[inline(always)]
fn accumulate<T: Element, I: Isa, const P: usize>(isa: I, x: T, w: &[T; P], sum: &mut [T; P]) {
    for j in 0..P {
        sum[j] = T::fma(isa, x, w[j], sum[j]);
    }
}

/// [`Element::affine_input_grad`] for a tiny layer of N outputs.
#[inline(always)]
pub fn affine_input_grad<T: Element, I: Isa, N: Dim>(isa: I, dz: Rows<T>, w: &[T], dx: RowsMut<T>) {
    with_stride!(input_grad(isa, dz, w, dx));
}

#[inline(always)]
fn input_grad<T: Element, I: Isa, const P: usize>(
    isa: I,
    dz: Rows<T>,
    w: &[T],
    mut dx: RowsMut<T>,
) {
    let n = dz.width();
    let gradients = dz.padded_data().as_chunks::<P>().0;
    for (dz, dx) in gradients.iter().zip(dx.iter_mut()) {
        for (k, dx) in dx.iter_mut().enumerate() {
            let w = row::<T, P>(w, k);
            *dx = if P <= 8 {
                let mut sum = T::zero();
                for j in 0..n {
                    sum = T::fma(isa, dz[j], w[j], sum);
                }
                sum
            } else {
                in_lanes(isa, dz, w)
            };
        }
    }
}

/// [`Element::affine_weight_grad`] for a tiny layer of N outputs.
#[inline(always)]
pub fn affine_weight_grad<T: Element, I: Isa, N: Dim>(
    isa: I,
    x: Rows<T>,
    dz: Rows<T>,
    rule: Fused<T>,
    w: &mut [T],
    slots: &mut [T],
) {
    with_stride!(weight_grad(isa, x, dz, rule, w, slots));
}

#[inline(always)]
fn weight_grad<T: Element, I: Isa, const P: usize>(
    isa: I,
    x: Rows<T>,
    dz: Rows<T>,
    rule: Fused<T>,
    w: &mut [T],
    slots: &mut [T],
) {
    let gradients = dz.padded_data().as_chunks::<P>().0;
    let kept = rule.slots() * P;
    for (k, w) in w.as_chunks_mut::<P>().0.iter_mut().enumerate() {
        let mut g = [T::zero(); P];
        for (x, dz) in x.iter().zip(gradients) {
            for j in 0..P {
                g[j] = T::fma(isa, x[k], dz[j], g[j]);
            }
        }
        descend(isa, rule, w, &g, &mut slots[k * kept..]);
    }
}

/// [`Element::bias_grad`] for a tiny layer of N outputs.
#[inline(always)]
pub fn bias_grad<T: Element, I: Isa, N: Dim>(
    isa: I,
    dz: Rows<T>,
    rule: Fused<T>,
    b: &mut [T],
    slots: &mut [T],
) {
    debug_assert_eq!(b.len(), padded(dz.width()));
    with_stride!(bias(isa, dz, rule, b, slots));
}

#[inline(always)]
fn bias<T: Element, I: Isa, const P: usize>(
    isa: I,
    dz: Rows<T>,
    rule: Fused<T>,
    b: &mut [T],
    slots: &mut [T],
) {
    let mut g = [T::zero(); P];
    for dz in dz.padded_data().as_chunks::<P>().0 {
        for j in 0..P {
            g[j] += dz[j];
        }
    }
    for b in b.as_chunks_mut::<P>().0 {
        descend(isa, rule, b, &g, slots);
    }
}

/// Applies the rule to a row of weights, whose slots come one after another.
#[inline(always)]
fn descend<T: Element, I: Isa, const P: usize>(
    isa: I,
    rule: Fused<T>,
    w: &mut [T; P],
    g: &[T; P],
    slots: &mut [T],
) {
    if let Fused::Add(_) = rule {
        for j in 0..P {
            w[j] += g[j];
        }
    } else {
        rule.apply(isa, w, g, slots, P);
    }
}
