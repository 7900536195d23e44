//! Double precision: bits and coefficients.

use super::{Real, format::Format};

impl Real for f64 {
    const NAME: &'static str = "f64";

    #[inline(always)]
    fn of(x: core::primitive::f64) -> Self {
        x
    }

    #[inline(always)]
    fn as_f64(self) -> core::primitive::f64 {
        self
    }

    const WHOLE: Self = (1_u64 << 52) as f64;

    #[inline(always)]
    fn above_whole(self) -> usize {
        (self.to_bits() & ((1 << 52) - 1)) as usize
    }

    const INFINITY: Self = f64::INFINITY;
    const NAN: Self = f64::NAN;

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
        f64::is_finite(self)
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        num_traits::Float::mul_add(self, b, c)
    }
}

const PLACES: u32 = f64::MANTISSA_DIGITS - 1;
const FRACTION: u64 = (1 << PLACES) - 1;
const SIGN: u64 = 1 << 63;
const BIAS: u64 = 1023;
const ONE: u64 = BIAS << PLACES;
const SQRT_HALF: u64 = core::f64::consts::FRAC_1_SQRT_2.to_bits();
/// 2^52: a smaller integer in its last bits makes the sum of both.
const INTEGER: f64 = 4503599627370496.0;

/// The coefficients come from where those of `f32` do.
impl Format for f64 {
    const ROUND: Self = 1.5 * INTEGER;
    const LOG2_E: Self = core::f64::consts::LOG2_E;
    // 42 bits, for exponents of 11.
    const LN2_HI: Self = 0.6931471805598903;
    const LN2_LO: Self = 5.497923018708371e-14;
    const LN2: Self = core::f64::consts::LN_2;
    const LN2_REST: Option<Self> = None;
    const TINY: Self = f64::EPSILON / 4.0;

    const EXP_LOW: Self = -746.0;
    const EXP_HIGH: Self = 710.0;
    const EXP_M1_LOW: Self = -38.0;
    // Off by at most 1.4e-18.
    const EXP: &'static [Self] = &[
        2.092161266464991e-9,
        2.5105245879817815e-8,
        2.7557252842106043e-7,
        2.7557255330723132e-6,
        2.4801587347413952e-5,
        0.00019841269874875466,
        0.0013888888888874368,
        0.00833333333332612,
        0.041666666666666685,
        0.1666666666666667,
        0.5,
    ];

    const TANH_HIGH: Self = 19.1;
    // Off by at most 1.2e-18 in p / q.
    const TANH: (&'static [Self], &'static [Self]) = (
        &[
            -0.00019932355110806617,
            -0.02050208288339917,
            -0.3333333333333333,
        ],
        &[
            0.00020668958614459288,
            0.023295708208676387,
            0.4615062486501966,
            1.0,
        ],
    );

    const MIN_NORMAL: Self = f64::MIN_POSITIVE;
    const LITTLE: Self = f64::MIN_POSITIVE / f64::EPSILON;
    const LIFT: (Self, Self) = (18014398509481984.0, 54.0);
    const HUGE: Self = 1.0 / f64::EPSILON;
    // Off by at most 3.1e-16.
    const LN: &'static [Self] = &[
        0.14618323667876448,
        0.1533156045791392,
        0.18182894317398773,
        0.22222211057752897,
        0.28571428626491735,
        0.3999999999989824,
        0.666666666666667,
    ];

    // Off by at most 6.3e-18 in p / q.
    const ERF: (&'static [Self], &'static [Self]) = (
        &[
            -3.270977430038512e-6,
            -0.00010214229923773066,
            -0.006273131743813873,
            -0.0318717214702435,
            -0.3236722118621234,
            0.12837916709551256,
        ],
        &[
            0.0002241996979599517,
            0.006015950587085403,
            0.06987941966950229,
            0.40858792245230163,
            1.0,
        ],
    );
    const ERF_HIGH: Self = 6.0;
    // Off by at most 4.1e-18 in e^(-x^2) p / q.
    const ERFC: (&'static [Self], &'static [Self]) = (
        &[
            0.008339955490155688,
            0.08038499847550264,
            0.3610892593758251,
            0.928475822999317,
            1.3735559557563697,
            0.9999999477794992,
        ],
        &[
            0.014782342001447143,
            0.14247390390848283,
            0.6474758818775416,
            1.7162559489642786,
            2.751609782997057,
            2.5019345336786136,
            1.0,
        ],
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
        f64::from_bits(exponent << PLACES)
    }

    #[inline(always)]
    fn inverse_power(power: Self) -> Self {
        f64::from_bits((2 * ONE).wrapping_sub(power.to_bits()))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self, Self) {
        // Moves sqrt(1/2) to 1, where the exponent changes.
        let moved = self.to_bits().wrapping_add(ONE - SQRT_HALF);
        let exponent = moved >> PLACES;
        let m = f64::from_bits((moved & FRACTION) + SQRT_HALF);
        let e = f64::from_bits(exponent | INTEGER.to_bits()) - (INTEGER + BIAS as f64);
        let power = f64::from_bits((2 * BIAS).wrapping_sub(exponent) << PLACES);
        (m, e, power)
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        f64::from_bits(self.to_bits() & !SIGN)
    }

    #[inline(always)]
    fn signed_like(self, other: Self) -> Self {
        f64::from_bits(self.to_bits() | (other.to_bits() & SIGN))
    }
}

/// Two powers of two whose exponents add up to this one, to which twice the bias has been added: so nothing
/// is negative here: AVX2 has no arithmetic shift of 64 bits.
#[inline(always)]
fn in_two(exponent: u64) -> (f64, f64) {
    let half = exponent >> 1;
    let rest = exponent.wrapping_sub(half);
    (
        f64::from_bits(half << PLACES),
        f64::from_bits(rest << PLACES),
    )
}
