//! What tells the two types apart: the layout of their bits, the ends of their ranges, and
//! polynomials as long as their precision asks for.
//!
//! Coefficients go from the highest power to the constant; the errors stated with them are those
//! of the approximation in exact arithmetic.

/// A number's format. It seals [`Real`](super::Real): the formulas hold for these two types.
pub trait Format: Sized + 'static {
    /// 1.5 times the power of two whose last place is 1: adding it to a small number rounds that to
    /// an integer, which then stands in the last bits.
    const ROUND: Self;
    /// 1 / ln 2.
    const LOG2_E: Self;
    /// ln 2 cut off after so few bits that its product with any exponent is exact.
    const LN2_HI: Self;
    /// The rest of ln 2.
    const LN2_LO: Self;
    /// ln 2.
    const LN2: Self;
    /// What that lacks, where its products with all exponents are so small that their squares, and their
    /// products with (ln 2)^2 / 8, are below a unit in the last place.
    const LN2_REST: Option<Self>;
    /// Below its size, e^x - 1 and ln(1 + x) round to x.
    const TINY: Self;

    /// Where e^x has become 0.
    const EXP_LOW: Self;
    /// Where e^x has become infinite.
    const EXP_HIGH: Self;
    /// Where e^x - 1 has become -1.
    const EXP_M1_LOW: Self;
    /// q in `e^r = 1 + r + r^2 q(r)` for |r| up to half of ln 2.
    const EXP: &'static [Self];

    /// Where tanh has become 1.
    const TANH_HIGH: Self;
    /// p and q in `tanh x = x + x z p(z) / q(z)`, z = x^2, for |x| up to 0.55.
    const TANH: (&'static [Self], &'static [Self]);

    /// The smallest normal number.
    const MIN_NORMAL: Self;
    /// The smallest number whose rounding errors are normal numbers.
    const LITTLE: Self;
    /// A power of two, and its exponent, that makes subnormal numbers normal.
    const LIFT: (Self, Self);
    /// From here on, ln(1 + x) rounds to ln x.
    const HUGE: Self;
    /// p in `ln((1 + s) / (1 - s)) = 2 s + s z p(z)`, z = s^2, for |s| up to 3 - sqrt 8.
    const LN: &'static [Self];

    /// p and q in `erf x = x + x p(z) / q(z)`, z = x^2, for |x| up to 0.875.
    const ERF: (&'static [Self], &'static [Self]);
    /// Where erf has become 1.
    const ERF_HIGH: Self;
    /// p and q in `erf x = 1 - e^(-x^2) p(x) / q(x)` for x from 0.875 to `ERF_HIGH`.
    const ERFC: (&'static [Self], &'static [Self]);

    /// Given `t = ROUND + n`, two powers of two, as alike as can be, whose product is 2^n. (2^n
    /// itself may be out of range where its product with a number near 1 is not.)
    fn powers(t: Self) -> (Self, Self);

    /// The same for 2^-n.
    fn inverse_powers(t: Self) -> (Self, Self);

    /// Given `t = ROUND + n`, 2^n, which must be in range.
    fn power(t: Self) -> Self;

    /// The inverse of a power of two.
    fn inverse_power(power: Self) -> Self;

    /// Splits a positive normal number into `(m, e, 2^-e)` such that it is `m 2^e` and m lies
    /// between sqrt(1/2) and sqrt(2). (The last is wrong for the largest e.)
    fn split(self) -> (Self, Self, Self);

    /// |x|.
    fn magnitude(self) -> Self;

    /// The number of this size (it is not negative) with the sign of another.
    fn signed_like(self, other: Self) -> Self;
}
