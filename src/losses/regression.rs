//! The losses between numbers of any kind.

use super::mean::mean_over_numbers;
use super::{Complaint, EPSILON, Fits, Loss, at_least, not_finite};
use crate::activations::Head;
use crate::cast::Plain;
use crate::error::{Result, check};
use crate::kernels::Element;
use crate::lanes::{Take, total};
use crate::simd::Isa;

/// The mean of (p - y)^2. Gradient by p: 2 (p - y) / n.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanSquaredError;

/// The mean of |p - y|. Gradient by p: sign(p - y) / n.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsoluteError;

/// 100 times the mean of |p - y| / |y|, for targets that are not near 0 (|y| is at least 1e-7).
/// Gradient by p: 100 sign(p - y) / |y| / n.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsolutePercentageError;

/// The mean of (ln(1 + p) - ln(1 + y))^2, for numbers that are not negative: what is below 1e-7
/// counts as 1e-7, and a prediction there has no gradient. Elsewhere that by p is
/// 2 (ln(1 + p) - ln(1 + y)) / (1 + p) / n.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanSquaredLogarithmicError;

/// The mean of ln cosh(p - y): near (p - y)^2 / 2 for small differences, |p - y| - ln 2 for large
/// ones. Gradient by p: tanh(p - y) / n.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogCosh;

/// The mean of (p - y)^2 / 2 where |p - y| is at most delta, and of delta (|p - y| - delta / 2)
/// beyond (Huber, 1964). Delta must be a finite number above 0.
///
/// ```
/// use plywood::prelude::*;
/// let huber = Huber::new(0.5);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Huber {
    delta: f64,
}

impl Huber {
    /// With this bound between squares and absolute values.
    pub fn new(delta: f64) -> Self {
        Self { delta }
    }
}

impl Default for Huber {
    /// Keras' default, delta 1.
    fn default() -> Self {
        Self::new(1.0)
    }
}

macro_rules! fits_any_output {
    ($($loss:ident)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<H: Head> Fits<H> for $loss {}
    )* };
}
fits_any_output!(MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError);
fits_any_output!(MeanSquaredLogarithmicError LogCosh Huber);

mean_over_numbers!(MeanSquaredError: |self, isa, p, y|
    { let d = p - y; d * d },
    p - y, times 2.0
);
mean_over_numbers!(MeanAbsoluteError: |self, isa, p, y| (p - y).abs(), sign(p - y));
mean_over_numbers!(MeanAbsolutePercentageError: |self, isa, p, y|
    T::of(100.0) * (p - y).abs() / at_least(y.abs(), EPSILON),
    T::of(100.0) * sign(p - y) / at_least(y.abs(), EPSILON)
);
mean_over_numbers!(MeanSquaredLogarithmicError: |self, isa, p, y|
    {
        let d = logarithm(isa, p) - logarithm(isa, y);
        d * d
    },
    if p > T::of(EPSILON) {
        let d = logarithm(isa, p) - logarithm(isa, y);
        (d + d) / (p + T::one())
    } else {
        T::zero()
    }
);
// cosh itself would overflow from |p - y| = 89 on, in f32.
mean_over_numbers!(LogCosh: |self, isa, p, y|
    {
        let size = (p - y).abs();
        size + T::ln_1p(isa, T::exp(isa, -(size + size))) - T::of(core::f64::consts::LN_2)
    },
    T::tanh(isa, p - y)
);
mean_over_numbers!(Huber: |self, isa, p, y|
    {
        let (d, delta) = (p - y, T::of(self.delta));
        let size = d.abs();
        if size <= delta { T::of(0.5) * d * d } else { delta * (size - T::of(0.5) * delta) }
    },
    {
        let (d, delta) = (p - y, T::of(self.delta));
        if d.abs() <= delta { d } else { delta * sign(d) }
    },
    check {
        let ok = self.delta.is_finite() && self.delta > 0.0;
        check("delta", "a finite number above 0", self.delta, ok)
    }
);

/// 1, -1, or 0 for 0.
#[inline(always)]
fn sign<T: Element>(d: T) -> T {
    if d > T::zero() {
        T::one()
    } else if d < T::zero() {
        -T::one()
    } else {
        T::zero()
    }
}

/// ln(1 + x), with Keras' floor.
#[inline(always)]
fn logarithm<T: Element, I: Isa>(isa: I, x: T) -> T {
    T::ln_1p(isa, at_least(x, EPSILON))
}
