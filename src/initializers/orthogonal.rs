//! Weights of which all rows, or all columns, stand at right angles to each other.

use super::{Initializer, number};
use crate::layer::{Argument, Arguments, Float, Word};
use crate::random::Stream;
use crate::shape::{Check, Fact};
use alloc::vec;
use core::marker::PhantomData;

/// `orthogonal`: rows, or columns if these are fewer, that stand at right angles to each other and have
/// the length `gain`. All but the last dimension make one; a vector has this length.
#[derive(Arguments, Clone, Copy, Debug)]
pub struct Orthogonal<Gain = Float<{ 1.0_f64.to_bits() }>>(PhantomData<Gain>);

impl<Gain: Argument> Word for Orthogonal<Gain> {
    const CHECK: Check = number::<Gain>(&[Fact::Word("gain")]);
}

impl<Gain: Argument> Initializer for Orthogonal<Gain> {
    fn draw(stream: &mut Stream, _: f64, _: f64) -> f64 {
        stream.normal()
    }

    const TOGETHER: Option<fn(&mut [f64], usize)> = Some(|numbers, width| {
        let rows = numbers.len() / width.max(1);
        if rows < width {
            orthogonalize(numbers, width);
        } else {
            let mut columns = vec![0.0; numbers.len()];
            transpose(numbers, &mut columns, width);
            orthogonalize(&mut columns, rows);
            transpose(&columns, numbers, rows);
        }
        numbers.iter_mut().for_each(|x| *x *= Gain::VALUE);
    });
}

/// From rows of `width` numbers to the columns.
fn transpose(from: &[f64], to: &mut [f64], width: usize) {
    let rows = from.len() / width.max(1);
    for (i, row) in from.chunks_exact(width.max(1)).enumerate() {
        for (j, &x) in row.iter().enumerate() {
            to[j * rows + i] = x;
        }
    }
}

/// Gram and Schmidt: what a vector has in common with those before it is taken away, one by one, and its
/// length becomes 1.
fn orthogonalize(vectors: &mut [f64], len: usize) {
    for i in 0..vectors.len() / len.max(1) {
        let (before, rest) = vectors.split_at_mut(i * len);
        let vector = &mut rest[..len];
        for other in before.chunks_exact(len) {
            let common = dot(vector, other);
            for (x, &other) in vector.iter_mut().zip(other) {
                *x -= common * other;
            }
        }
        let length = num_traits::Float::sqrt(dot(vector, vector));
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

/// The sum of products, in eight parts that a processor can add at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use alloc::boxed::Box;

    crate::sequential! {
        struct Tall<T>: [19] => [5] { Dense(5, kernel_initializer = orthogonal) }
    }
    crate::sequential! {
        struct Wide<T>: [5] => [19] {
            Dense(19, kernel_initializer = orthogonal(2.0), bias_initializer = orthogonal(gain = 3)),
        }
    }

    /// Whether these vectors stand at right angles to each other, and have this length.
    fn check(count: usize, len: usize, length: f64, at: impl Fn(usize, usize) -> f64) {
        for i in 0..count {
            for j in 0..count {
                let product: f64 = (0..len).map(|k| at(i, k) * at(j, k)).sum();
                let expected = if i == j { length * length } else { 0.0 };
                assert!((product - expected).abs() < 1e-13, "{i}, {j}: {product}");
            }
        }
    }

    #[test]
    fn columns_or_rows_stand_at_right_angles() {
        let tall: Box<Tall<f64>> = Tall::new(1);
        check(5, 19, 1.0, |i, k| tall.dense.kernel[[k, i]]);
        let wide: Box<Wide<f64>> = Wide::new(1);
        check(5, 19, 2.0, |i, k| wide.dense.kernel[[i, k]]);
        check(1, 19, 3.0, |_, k| wide.dense.bias[k]);
        assert!(Tall::<f64>::new(2).dense.kernel[[0, 0]] != tall.dense.kernel[[0, 0]]);
    }
}
