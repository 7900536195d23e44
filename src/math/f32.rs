//! Single precision: bits and coefficients.

use super::{Real, format::Format};

impl Real for f32 {
    const NAME: &'static str = "f32";

    #[inline(always)]
    fn of(x: core::primitive::f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn as_f64(self) -> core::primitive::f64 {
        self.into()
    }

    const WHOLE: Self = (1_u32 << 23) as f32;

    #[inline(always)]
    fn above_whole(self) -> usize {
        (self.to_bits() & ((1 << 23) - 1)) as usize
    }

    const INFINITY: Self = f32::INFINITY;
    const NAN: Self = f32::NAN;

    #[inline(always)]
    fn abs(self) -> Self {
        num_traits::Float::abs(self)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        num_traits::Float::sqrt(self)
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        f32::is_finite(self)
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        num_traits::Float::mul_add(self, b, c)
    }
}

const PLACES: u32 = f32::MANTISSA_DIGITS - 1;
const FRACTION: u32 = (1 << PLACES) - 1;
const SIGN: u32 = 1 << 31;
const BIAS: u32 = 127;
const ONE: u32 = BIAS << PLACES;
const SQRT_HALF: u32 = core::f32::consts::FRAC_1_SQRT_2.to_bits();
/// 2^23: a smaller integer in its last bits makes the sum of both.
const INTEGER: f32 = 8388608.0;

/// All coefficients are minimax fits: by Remez' exchange in 60 digits, and those of `ERFC` by least
/// squares in 110 digits, reweighted towards the largest error (Lawson). Then each was rounded.
impl Format for f32 {
    const ROUND: Self = 1.5 * INTEGER;
    const LOG2_E: Self = core::f32::consts::LOG2_E;
    // 16 bits, for exponents of 8.
    const LN2_HI: Self = 0.69314575;
    const LN2_LO: Self = 1.4286068e-6;
    const LN2: Self = core::f32::consts::LN_2;
    const LN2_REST: Option<Self> = Some(-1.9046542e-9);
    const TINY: Self = f32::EPSILON / 4.0;

    const EXP_LOW: Self = -104.0;
    const EXP_HIGH: Self = 89.0;
    const EXP_M1_LOW: Self = -18.0;
    // Off by at most 1.4e-9.
    const EXP: &'static [Self] = &[
        0.00019907815,
        0.0013933806,
        0.008333285,
        0.041666463,
        0.16666667,
        0.5,
    ];

    const TANH_HIGH: Self = 9.1;
    // Off by at most 1.9e-8 in p / q.
    const TANH: (&'static [Self], &'static [Self]) =
        (&[-0.0015596835, -0.3333333], &[0.40467542, 1.0]);

    const MIN_NORMAL: Self = f32::MIN_POSITIVE;
    const LITTLE: Self = f32::MIN_POSITIVE / f32::EPSILON;
    const LIFT: (Self, Self) = (16777216.0, 24.0);
    const HUGE: Self = 1.0 / f32::EPSILON;
    // Off by at most 1.9e-7.
    const LN: &'static [Self] = &[0.29582497, 0.39988708, 0.66666687];

    // Off by at most 5.3e-10 in p / q.
    const ERF: (&'static [Self], &'static [Self]) = (
        &[-0.0014239241, -0.012924139, -0.33160633, 0.12837917],
        &[0.03640721, 0.34678525, 1.0],
    );
    const ERF_HIGH: Self = 4.0;
    // Off by at most 3.9e-10 in e^(-x^2) p / q.
    const ERFC: (&'static [Self], &'static [Self]) = (
        &[0.23494056, 0.7455083, 1.0006806],
        &[0.4149301, 1.3398229, 1.878562, 1.0],
    );

    #[inline(always)]
    fn powers(t: Self) -> (Self, Self) {
        in_two(t.to_bits().wrapping_sub(Self::ROUND.to_bits() - 2 * BIAS))
    }

    #[inline(always)]
    fn inverse_powers(t: Self) -> (Self, Self) {
        in_two((Self::ROUND.to_bits() + 2 * BIAS).wrapping_sub(t.to_bits()))
    }

    #[inline(always)]
    fn power(t: Self) -> Self {
        let exponent = t.to_bits().wrapping_sub(Self::ROUND.to_bits() - BIAS);
        f32::from_bits(exponent << PLACES)
    }

    #[inline(always)]
    fn inverse_power(power: Self) -> Self {
        f32::from_bits((2 * ONE).wrapping_sub(power.to_bits()))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self, Self) {
        // Moves sqrt(1/2) to 1, where the exponent changes.
        let moved = self.to_bits().wrapping_add(ONE - SQRT_HALF);
        let exponent = moved >> PLACES;
        let m = f32::from_bits((moved & FRACTION) + SQRT_HALF);
        let e = f32::from_bits(exponent | INTEGER.to_bits()) - (INTEGER + BIAS as f32);
        let power = f32::from_bits((2 * BIAS).wrapping_sub(exponent) << PLACES);
        (m, e, power)
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        f32::from_bits(self.to_bits() & !SIGN)
    }

    #[inline(always)]
    fn signed_like(self, other: Self) -> Self {
        f32::from_bits(self.to_bits() | (other.to_bits() & SIGN))
    }
}

/// Two powers of two whose exponents add up to this one, to which twice the bias has been added: so nothing
/// is negative here.
#[inline(always)]
fn in_two(exponent: u32) -> (f32, f32) {
    let half = exponent >> 1;
    let rest = exponent.wrapping_sub(half);
    (
        f32::from_bits(half << PLACES),
        f32::from_bits(rest << PLACES),
    )
}
