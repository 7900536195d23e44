//! The losses between numbers of any kind.

use super::{Complaint, Fits, Loss, not_finite};
use crate::activations::Head;
use crate::cast::Plain;
use crate::kernels::Element;
use crate::simd::Isa;

/// The mean of (p - y)^2. Gradient by p: 2 (p - y) / n.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanSquaredError;

/// The mean of |p - y|. Gradient by p: sign(p - y) / n.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsoluteError;

/// The mean of (p - y)^2 / 2 where |p - y| is at most delta, and of delta (|p - y| - delta / 2)
/// beyond (Huber, 1964).
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

/// Implements a loss that is the mean of a function of each difference d = p - y.
macro_rules! mean_of_differences {
    ($loss:ident: |$self:ident, $d:ident| $value:expr, $slope:expr) => {
        #[diagnostic::do_not_recommend]
        impl<H: Head> Fits<H> for $loss {}

        #[diagnostic::do_not_recommend]
        impl<T: Element, P: Plain<T>> Loss<T, P, P> for $loss {
            #[inline(always)]
            fn loss<I: Isa>(&$self, _: I, prediction: &[T], target: &P) -> T {
                let mut sum = T::zero();
                for (&p, &y) in prediction.iter().zip(target.numbers()) {
                    let $d = p - y;
                    sum += $value;
                }
                sum / T::of(prediction.len() as f64)
            }

            #[inline(always)]
            fn gradient<I: Isa>(
                &$self,
                _: I,
                prediction: &[T],
                target: &P,
                _: bool,
                scale: T,
                gradient: &mut [T],
            ) {
                let scale = scale / T::of(prediction.len() as f64);
                let pairs = prediction.iter().zip(target.numbers());
                for (g, (&p, &y)) in gradient.iter_mut().zip(pairs) {
                    let $d = p - y;
                    *g = scale * $slope;
                }
            }

            #[inline(always)]
            fn complaint(&self, target: &P) -> Option<Complaint> {
                not_finite(target.numbers())
            }
        }
    };
}

mean_of_differences!(MeanSquaredError: |self, d| d * d, d + d);
mean_of_differences!(MeanAbsoluteError: |self, d| d.abs(), sign(d));
mean_of_differences!(Huber: |self, d|
    {
        let delta = T::of(self.delta);
        let size = d.abs();
        if size <= delta { T::of(0.5) * d * d } else { delta * (size - T::of(0.5) * delta) }
    },
    {
        let delta = T::of(self.delta);
        if d.abs() <= delta { d } else { delta * sign(d) }
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
