//! Sums over the numbers of a sample, which vectors can make.
//!
//! A plain sum is one chain: each addition waits for the one before, and with it all that was computed
//! for it. So a long row runs in 16 lanes, whatever the registers hold, which are put together in one
//! fixed order at the end: the bits are the same on all instruction sets.

#![allow(clippy::needless_range_loop)] // lanes: every index is a constant in the end

use crate::math::Real;
use crate::simd::Isa;

const LANES: usize = 16;

/// What is taken in by a lane. (A trait, not a closure: that would not be compiled for the vectors of the
/// function around it.)
pub(crate) trait Take<T: Real> {
    /// A lane with another pair.
    fn take<I: Isa>(&self, isa: I, lane: T, a: T, b: T) -> T;

    /// The same where no other lane is taken along, as in a short row: there it may branch.
    #[inline(always)]
    fn take_alone<I: Isa>(&self, isa: I, lane: T, a: T, b: T) -> T {
        self.take(isa, lane, a, b)
    }

    /// Two lanes as one.
    #[inline(always)]
    fn join(&self, a: T, b: T) -> T {
        a + b
    }
}

/// The sum of the numbers of the first row.
pub(crate) struct Sum;
impl<T: Real> Take<T> for Sum {
    #[inline(always)]
    fn take<I: Isa>(&self, _: I, lane: T, a: T, _: T) -> T {
        lane + a
    }
}

/// The sum of the products.
pub(crate) struct Products;
impl<T: Real> Take<T> for Products {
    #[inline(always)]
    fn take<I: Isa>(&self, isa: I, lane: T, a: T, b: T) -> T {
        T::fma(isa, a, b, lane)
    }
}

/// The largest number of the first row. (A NaN may be passed over.)
pub(crate) struct Largest;
impl<T: Real> Take<T> for Largest {
    #[inline(always)]
    fn take<I: Isa>(&self, _: I, lane: T, a: T, _: T) -> T {
        self.join(lane, a)
    }
    #[inline(always)]
    fn join(&self, a: T, b: T) -> T {
        if b > a { b } else { a }
    }
}

/// Takes two rows in, number by number, into the lanes one after another, and makes one number of these:
/// lane i takes lane i + 8, then those i + 4, down to one. Short rows go in order.
#[inline(always)]
pub(crate) fn in_lanes<T: Real, I: Isa>(
    isa: I,
    what: &impl Take<T>,
    start: T,
    a: &[T],
    b: &[T],
) -> T {
    if a.len() < LANES {
        // Too short to fill the lanes.
        in_order(isa, what, start, a, b)
    } else {
        in_sixteen(isa, what, start, a, b)
    }
}

/// The same, one number after another.
#[inline(always)]
pub(crate) fn in_order<T: Real, I: Isa>(
    isa: I,
    what: &impl Take<T>,
    start: T,
    a: &[T],
    b: &[T],
) -> T {
    let mut all = start;
    for (&a, &b) in a.iter().zip(b) {
        all = what.take_alone(isa, all, a, b);
    }
    all
}

/// The same in lanes, whatever the length.
#[inline(always)]
pub(crate) fn in_sixteen<T: Real, I: Isa>(
    isa: I,
    what: &impl Take<T>,
    start: T,
    a: &[T],
    b: &[T],
) -> T {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut whole = [start; LANES];
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            whole[i] = what.take(isa, whole[i], a[i], b[i]);
        }
    }
    // A copy: what has places that the compiler does not know would not stay in registers before.
    let mut lanes = whole;
    for ((lane, &a), &b) in lanes.iter_mut().zip(a_rest).zip(b_rest) {
        *lane = what.take_alone(isa, *lane, a, b);
    }
    halve::<8, T>(what, &mut lanes);
    halve::<4, T>(what, &mut lanes);
    halve::<2, T>(what, &mut lanes);
    halve::<1, T>(what, &mut lanes);
    lanes[0]
}

/// Joins the first lanes with as many behind them. (Not in a loop over a list of halves, which the compiler
/// keeps in memory, and all lanes with it.)
#[inline(always)]
fn halve<const HALF: usize, T: Real>(what: &impl Take<T>, lanes: &mut [T; LANES]) {
    for i in 0..HALF {
        lanes[i] = what.join(lanes[i], lanes[i + HALF]);
    }
}

/// The same from zero on.
#[inline(always)]
pub(crate) fn total<T: Real, I: Isa>(isa: I, what: &impl Take<T>, a: &[T], b: &[T]) -> T {
    in_lanes(isa, what, T::zero(), a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use crate::simd::{Job, Level, dispatch_on};

    /// Sum, sum of products and largest number.
    struct All<'a>(&'a [f32], &'a [f32]);

    impl Job for All<'_> {
        type Output = [f32; 3];
        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> [f32; 3] {
            let All(a, b) = self;
            [
                total(isa, &Sum, a, a),
                total(isa, &Products, a, b),
                in_lanes(isa, &Largest, -f32::INFINITY, a, a),
            ]
        }
    }

    #[test]
    fn rows_of_all_lengths_on_all_levels() {
        let mut random = Stream::new(3);
        for len in 0..100 {
            let [a, b] = [(); 2].map(|()| {
                let numbers = (0..len).map(|_| random.uniform() as f32 - 0.5);
                numbers.collect::<alloc::vec::Vec<_>>()
            });
            let products = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b));
            let wanted: [f64; 3] = [
                a.iter().map(|&a| f64::from(a)).sum(),
                products.sum(),
                a.iter().copied().fold(-f32::INFINITY, f32::max).into(),
            ];
            let fused = |level: &Level| level.fused();
            let mut levels = Level::ALL.into_iter().filter(|level| level.available());
            for level in levels.clone() {
                let found = dispatch_on(level, All(&a, &b));
                for (found, wanted) in found.into_iter().zip(wanted) {
                    let found = f64::from(found);
                    let near = found == wanted || (found - wanted).abs() < 1e-5;
                    assert!(near, "{len} numbers on {level}: {found}, not {wanted}");
                }
            }
            let first = levels
                .find(fused)
                .map(|level| dispatch_on(level, All(&a, &b)));
            for level in levels.filter(fused) {
                assert_eq!(first, Some(dispatch_on(level, All(&a, &b))), "{level}");
            }
        }
    }
}
