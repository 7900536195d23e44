//! NEON: one register holds 4 `f32` or 2 `f64`, and there are 32 of them, so the large tile is 6 rows
//! of two pairs. The shorter vectors serve matrices of 1, 2 or 4 columns.

#![allow(unsafe_code)] // intrinsics: see the tokens

use super::pair::Pair;
use super::vector::{Kernel, Simd, compiled, token, vectors};
use core::arch::aarch64::*;

token!(F32x1: [f32; 1] in float32x2_t, 8 rows, narrow true,
    vdup_n_f32, vld1_dup_f32, vst1_lane_f32::<0>, fma_f32x2, vadd_f32,
    vsub_f32, vmul_f32, vdiv_f32, vsqrt_f32, min_f32x2, max_f32x2);
token!(F32x2: [f32; 2] in float32x2_t, 8 rows, narrow true,
    vdup_n_f32, vld1_f32, vst1_f32, fma_f32x2, vadd_f32,
    vsub_f32, vmul_f32, vdiv_f32, vsqrt_f32, min_f32x2, max_f32x2);
token!(F32x4: [f32; 4] in float32x4_t, 8 rows, narrow true,
    vdupq_n_f32, vld1q_f32, vst1q_f32, fma_f32x4, vaddq_f32,
    vsubq_f32, vmulq_f32, vdivq_f32, vsqrtq_f32, min_f32x4, max_f32x4, interleave interleave_f32, sum4 sums_f32,
    where_equal where_equal_f32, where_above where_above_f32, look_up look_up_f32);
token!(F64x1: [f64; 1] in float64x1_t, 8 rows, narrow true,
    vdup_n_f64, vld1_f64, vst1_f64, fma_f64x1, vadd_f64,
    vsub_f64, vmul_f64, vdiv_f64, vsqrt_f64, min_f64x1, max_f64x1);
token!(F64x2: [f64; 2] in float64x2_t, 8 rows, narrow true,
    vdupq_n_f64, vld1q_f64, vst1q_f64, fma_f64x2, vaddq_f64,
    vsubq_f64, vmulq_f64, vdivq_f64, vsqrtq_f64, min_f64x2, max_f64x2, interleave interleave_f64, sum4 sums_f64,
    where_equal where_equal_f64, where_above where_above_f64);

vectors!(run_f32: f32, 1 => F32x1(()), 2 => F32x2(()), 4 => F32x4(()),
    8 => Pair::<_, 8, true>(F32x4(())), _ => Pair::<_, 6, false>(F32x4(())));
vectors!(run_f64: f64, 1 => F64x1(()), 2 => F64x2(()),
    4 => Pair::<_, 8, true>(F64x2(())), _ => Pair::<_, 6, false>(F64x2(())));

// SAFETY of both: there is this module only in programs that are compiled for the instructions.
compiled!(single: f32, kernel => unsafe { super::run_f32(kernel) });
compiled!(double: f64, kernel => unsafe { super::run_f64(kernel) });

/// `a b + c`: the instructions name the sum first.
macro_rules! fma {
    ($($name:ident: $vector:ty, $intrinsic:ident;)*) => { $(
        #[inline]
        #[target_feature(enable = "neon")]
        fn $name(a: $vector, b: $vector, c: $vector) -> $vector {
            $intrinsic(c, a, b)
        }
    )* };
}
fma! {
    fma_f32x2: float32x2_t, vfma_f32;
    fma_f32x4: float32x4_t, vfmaq_f32;
    fma_f64x1: float64x1_t, vfma_f64;
    fma_f64x2: float64x2_t, vfmaq_f64;
}

/// The smaller and the larger of two numbers, the second one where either is NaN. (The instructions of
/// these names do otherwise.)
macro_rules! min_max {
    ($($min:ident, $max:ident: $vector:ty, $less:ident, $select:ident;)*) => { $(
        #[inline]
        #[target_feature(enable = "neon")]
        fn $min(a: $vector, b: $vector) -> $vector {
            $select($less(a, b), a, b)
        }
        #[inline]
        #[target_feature(enable = "neon")]
        fn $max(a: $vector, b: $vector) -> $vector {
            $select($less(b, a), a, b)
        }
    )* };
}
min_max! {
    min_f32x2, max_f32x2: float32x2_t, vclt_f32, vbsl_f32;
    min_f32x4, max_f32x4: float32x4_t, vcltq_f32, vbslq_f32;
    min_f64x1, max_f64x1: float64x1_t, vclt_f64, vbsl_f64;
    min_f64x2, max_f64x2: float64x2_t, vcltq_f64, vbslq_f64;
}

#[inline]
#[target_feature(enable = "neon")]
fn interleave_f32(a: float32x4_t, b: float32x4_t) -> [float32x4_t; 2] {
    [vzip1q_f32(a, b), vzip2q_f32(a, b)]
}

#[inline]
#[target_feature(enable = "neon")]
fn interleave_f64(a: float64x2_t, b: float64x2_t) -> [float64x2_t; 2] {
    [vzip1q_f64(a, b), vzip2q_f64(a, b)]
}

/// Two vectors become one at each step: half of one's sums beside half of the other's.
#[inline]
#[target_feature(enable = "neon")]
fn sums_f32([a, b, c, d]: [float32x4_t; 4]) -> [f32; 4] {
    let halves = |a, b| {
        let (a, b) = (vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b));
        vaddq_f32(
            vreinterpretq_f32_f64(vzip1q_f64(a, b)),
            vreinterpretq_f32_f64(vzip2q_f64(a, b)),
        )
    };
    let sums = vpaddq_f32(halves(a, b), halves(c, d));
    let mut out = [0.0; 4];
    // SAFETY: the array has room for four.
    unsafe { vst1q_f32(out.as_mut_ptr(), sums) };
    out
}

/// The same for half as many lanes.
#[inline]
#[target_feature(enable = "neon")]
fn sums_f64([a, b, c, d]: [float64x2_t; 4]) -> [f64; 4] {
    let mut out = [0.0; 4];
    // SAFETY: the array has room for four.
    unsafe {
        vst1q_f64(out.as_mut_ptr(), vpaddq_f64(a, b));
        vst1q_f64(out.as_mut_ptr().add(2), vpaddq_f64(c, d));
    }
    out
}

/// As `Simd::where_equal`.
#[inline]
#[target_feature(enable = "neon")]
fn where_equal_f32(a: float32x4_t, b: float32x4_t, x: float32x4_t) -> float32x4_t {
    vbslq_f32(vceqq_f32(a, b), x, vdupq_n_f32(0.0))
}

/// As `Simd::where_equal`.
#[inline]
#[target_feature(enable = "neon")]
fn where_equal_f64(a: float64x2_t, b: float64x2_t, x: float64x2_t) -> float64x2_t {
    vbslq_f64(vceqq_f64(a, b), x, vdupq_n_f64(0.0))
}

/// As `Simd::where_above`.
#[inline]
#[target_feature(enable = "neon")]
fn where_above_f32(a: float32x4_t, b: float32x4_t, x: float32x4_t, y: float32x4_t) -> float32x4_t {
    vbslq_f32(vcgtq_f32(a, b), x, y)
}

/// As `Simd::where_above`.
#[inline]
#[target_feature(enable = "neon")]
fn where_above_f64(a: float64x2_t, b: float64x2_t, x: float64x2_t, y: float64x2_t) -> float64x2_t {
    vbslq_f64(vcgtq_f64(a, b), x, y)
}

/// As `Simd::look_up`.
///
/// # Safety
/// Both fours must be readable.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn look_up_f32(low: *const f32, high: *const f32, at: float32x4_t) -> float32x4_t {
    // SAFETY: the caller's.
    let table = unsafe { uint8x16x2_t(vld1q_u8(low.cast()), vld1q_u8(high.cast())) };
    // Bytes are looked up: those of number i are 4 i to 4 i + 3.
    let at = vandq_u32(vreinterpretq_u32_f32(at), vdupq_n_u32(7));
    let bytes = vmlaq_n_u32(vdupq_n_u32(0x0302_0100), at, 0x0404_0404);
    vreinterpretq_f32_u8(vqtbl2q_u8(table, vreinterpretq_u8_u32(bytes)))
}
