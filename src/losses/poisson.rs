//! The loss of counts.

use super::mean::mean_over_numbers;
use super::{Complaint, EPSILON, Fits, Loss, not_finite};
use crate::activations::{AnyHead, HardSigmoid, Relu, Sigmoid, Softmax, Softplus};
use crate::cast::Plain;
use crate::kernels::Element;
use crate::lanes::{Take, total};
use crate::simd::Isa;

/// The mean of p - y ln(p + 1e-7), for counts y and the expected counts p, which are not negative:
/// what -ln of the Poisson distribution has to do with p. Gradient by p: (1 - y / (p + 1e-7)) / n.
#[derive(Clone, Copy, Debug, Default)]
pub struct Poisson;

macro_rules! fits {
    ($($head:ident)*) => { $(
        #[diagnostic::do_not_recommend]
        impl Fits<$head> for Poisson {}
    )* };
}
fits!(Softplus Relu Sigmoid HardSigmoid Softmax AnyHead);

mean_over_numbers!(Poisson: |self, isa, p, y|
    p - y * T::ln(isa, p + T::of(EPSILON)),
    T::one() - y / (p + T::of(EPSILON))
);
