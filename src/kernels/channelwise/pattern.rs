//! Sums for each channel, or for each number of a pattern: of something that is as long as a pattern, and
//! lies side by side as often as a row has room.
//!
//! The sums stay in registers while a row goes by. Each is made in order.

use super::{apart, block, in_blocks};
use crate::math::Real;

/// What is added up. (A trait, not a closure: that would not be compiled for the vectors of the function
/// around it.)
pub trait AddUp<T> {
    /// A sum with a number of each of the two rows, at a place of which a number is known.
    fn add(sum: T, a: T, b: T, known: T) -> T;
}

/// The numbers of the first row.
#[derive(Clone, Copy)]
pub struct Numbers;
impl<T: Real> AddUp<T> for Numbers {
    #[inline(always)]
    fn add(sum: T, a: T, _: T, _: T) -> T {
        sum + a
    }
}

/// The products of the first row with how far the second is from what is known.
#[derive(Clone, Copy)]
pub struct Distances;
impl<T: Real> AddUp<T> for Distances {
    #[inline(always)]
    fn add(sum: T, a: T, b: T, known: T) -> T {
        sum + a * (b - known)
    }
}

/// The squares of how far the first row is from what is known.
#[derive(Clone, Copy)]
pub struct Squares;
impl<T: Real> AddUp<T> for Squares {
    #[inline(always)]
    fn add(sum: T, a: T, _: T, known: T) -> T {
        sum + (a - known) * (a - known)
    }
}

/// The products of both rows where the first is not above 0.
#[derive(Clone, Copy)]
pub struct Below;
impl<T: Real> AddUp<T> for Below {
    #[inline(always)]
    fn add(sum: T, a: T, b: T, _: T) -> T {
        sum + if a > T::zero() { T::zero() } else { a * b }
    }
}

/// `y = numbers`, those times the pattern's where `x` is not above 0. The pattern goes into a row without
/// rest.
#[inline(always)]
pub fn bend<T: Real>([x, numbers]: [&[T]; 2], pattern: &[T], y: &mut [T]) {
    let len = pattern.len();
    in_blocks!(0..len, c, N => {
        let slopes = block::<T, N>(pattern, c);
        for times in 0..y.len() / len {
            let at = apart(times * len + c);
            let (x, mut numbers) = (block::<T, N>(x, at), block::<T, N>(numbers, at));
            for i in 0..N {
                let slope = if x[i] > T::zero() { T::one() } else { slopes[i] };
                numbers[i] *= slope;
            }
            y[at..at + N].copy_from_slice(&numbers);
        }
    });
}

/// Adds two rows up, as often as the pattern of sums goes into them, and what is left to its beginning.
#[inline(always)]
pub fn add_up<T: Real, A: AddUp<T>>(_: A, [a, b]: [&[T]; 2], known: &[T], sums: &mut [T]) {
    let len = sums.len();
    let whole = a.len() / len;
    in_blocks!(0..len, c, N => {
        let c = apart(c);
        let (mut sum, known) = (block::<T, N>(sums, c), block::<T, N>(known, c));
        for times in 0..whole {
            let at = times * len + c;
            let (a, b) = (block::<T, N>(a, at), block::<T, N>(b, at));
            for i in 0..N {
                sum[i] = A::add(sum[i], a[i], b[i], known[i]);
            }
        }
        sums[c..c + N].copy_from_slice(&sum);
    });
    let rest = a.iter().zip(b).skip(whole * len);
    for ((sum, &known), (&a, &b)) in sums.iter_mut().zip(known).zip(rest) {
        *sum = A::add(*sum, a, b, known);
    }
}
