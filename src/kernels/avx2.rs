//! AVX2 with fused multiply-add: one register holds 8 `f32` or 4 `f64`, and there are 16 of them,
//! so the large tile is 6 rows of two. The shorter vectors serve matrices of 1, 2 or 4 columns, and
//! AVX-512 uses them too.

#![allow(unsafe_code)] // intrinsics: see the tokens

use super::vector::{Kernel, Simd, compiled, token, vectors};
use core::arch::x86_64::*;

token!(F32x1: [f32; 1] in __m128, 8 rows, narrow true,
    _mm_set1_ps, _mm_load_ss, _mm_store_ss, _mm_fmadd_ps, _mm_add_ps,
    _mm_sub_ps, _mm_mul_ps, _mm_div_ps, _mm_sqrt_ps, _mm_min_ps, _mm_max_ps);
token!(F32x2: [f32; 2] in __m128, 8 rows, narrow true,
    _mm_set1_ps, load_two, store_two, _mm_fmadd_ps, _mm_add_ps,
    _mm_sub_ps, _mm_mul_ps, _mm_div_ps, _mm_sqrt_ps, _mm_min_ps, _mm_max_ps);
token!(F32x4: [f32; 4] in __m128, 8 rows, narrow true,
    _mm_set1_ps, _mm_loadu_ps, _mm_storeu_ps, _mm_fmadd_ps, _mm_add_ps,
    _mm_sub_ps, _mm_mul_ps, _mm_div_ps, _mm_sqrt_ps, _mm_min_ps, _mm_max_ps);
token!(F32x8: [f32; 8] in __m256, 8 rows, narrow true,
    _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps, _mm256_add_ps,
    _mm256_sub_ps, _mm256_mul_ps, _mm256_div_ps, _mm256_sqrt_ps, _mm256_min_ps, _mm256_max_ps,
    interleave interleave_f32, nonzero nonzero_f32, mask mask_f32, where_equal where_equal_f32, where_above where_above_f32,
    look_up look_up_f32);
token!(F32Wide: [f32; 8] in __m256, 6 rows, narrow false,
    _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps, _mm256_add_ps,
    _mm256_sub_ps, _mm256_mul_ps, _mm256_div_ps, _mm256_sqrt_ps, _mm256_min_ps, _mm256_max_ps,
    interleave interleave_f32, sum4 sums_f32,
    nonzero nonzero_f32, mask mask_f32, where_equal where_equal_f32, where_above where_above_f32,
    look_up look_up_f32);
token!(F64x1: [f64; 1] in __m128d, 8 rows, narrow true,
    _mm_set1_pd, _mm_load_sd, _mm_store_sd, _mm_fmadd_pd, _mm_add_pd,
    _mm_sub_pd, _mm_mul_pd, _mm_div_pd, _mm_sqrt_pd, _mm_min_pd, _mm_max_pd);
token!(F64x2: [f64; 2] in __m128d, 8 rows, narrow true,
    _mm_set1_pd, _mm_loadu_pd, _mm_storeu_pd, _mm_fmadd_pd, _mm_add_pd,
    _mm_sub_pd, _mm_mul_pd, _mm_div_pd, _mm_sqrt_pd, _mm_min_pd, _mm_max_pd);
token!(F64x4: [f64; 4] in __m256d, 8 rows, narrow true,
    _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd, _mm256_add_pd,
    _mm256_sub_pd, _mm256_mul_pd, _mm256_div_pd, _mm256_sqrt_pd, _mm256_min_pd, _mm256_max_pd,
    interleave interleave_f64, mask mask_f64, where_equal where_equal_f64, where_above where_above_f64,
    look_up look_up_f64);
token!(F64Wide: [f64; 4] in __m256d, 6 rows, narrow false,
    _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd, _mm256_add_pd,
    _mm256_sub_pd, _mm256_mul_pd, _mm256_div_pd, _mm256_sqrt_pd, _mm256_min_pd, _mm256_max_pd,
    interleave interleave_f64, sum4 sums_f64,
    mask mask_f64, where_equal where_equal_f64, where_above where_above_f64,
    look_up look_up_f64);

vectors!(run_f32: f32, 1 => F32x1(()), 2 => F32x2(()), 4 => F32x4(()), 8 => F32x8(()),
    _ => F32Wide(()));
vectors!(run_f64: f64, 1 => F64x1(()), 2 => F64x2(()), 4 => F64x4(()), _ => F64Wide(()));

// SAFETY of both: the functions are compiled for the instructions, so their callers have them.
compiled!(single: f32, kernel => unsafe { super::run_f32(kernel) },
    features "avx2,fma,popcnt");
compiled!(double: f64, kernel => unsafe { super::run_f64(kernel) },
    features "avx2,fma,popcnt");

/// Half a register's worth of `f32`.
///
/// # Safety
/// Two numbers must be readable.
#[inline(always)]
unsafe fn load_two(from: *const f32) -> __m128 {
    // SAFETY: two `f32` are as long as the `f64` that is read; no alignment is asked for.
    unsafe { _mm_castpd_ps(_mm_load_sd(from.cast())) }
}

/// # Safety
/// Two numbers must be writable.
#[inline(always)]
unsafe fn store_two(to: *mut f32, v: __m128) {
    // SAFETY: as for `load_two`.
    unsafe { _mm_store_sd(to.cast(), _mm_castps_pd(v)) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn interleave_f32(a: __m256, b: __m256) -> [__m256; 2] {
    let (low, high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    [
        _mm256_permute2f128_ps::<0x20>(low, high),
        _mm256_permute2f128_ps::<0x31>(low, high),
    ]
}

#[inline]
#[target_feature(enable = "avx2")]
fn interleave_f64(a: __m256d, b: __m256d) -> [__m256d; 2] {
    let (low, high) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
    [
        _mm256_permute2f128_pd::<0x20>(low, high),
        _mm256_permute2f128_pd::<0x31>(low, high),
    ]
}

/// Two vectors become one at each step: half of one's sums beside half of the other's.
#[inline]
#[target_feature(enable = "avx2")]
fn sums_f32([a, b, c, d]: [__m256; 4]) -> [f32; 4] {
    let halves = |a, b| {
        _mm256_add_ps(
            _mm256_permute2f128_ps::<0x20>(a, b),
            _mm256_permute2f128_ps::<0x31>(a, b),
        )
    };
    last_sums_f32(halves(a, c), halves(b, d))
}

/// The sums of 4 lanes each of `[a, c]` and `[b, d]`, as `[a, b, c, d]`.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn last_sums_f32(ac: __m256, bd: __m256) -> [f32; 4] {
    let pairs = _mm256_add_ps(
        _mm256_shuffle_ps::<0x44>(ac, bd),
        _mm256_shuffle_ps::<0xEE>(ac, bd),
    );
    let (ab, cd) = (
        _mm256_castps256_ps128(pairs),
        _mm256_extractf128_ps::<1>(pairs),
    );
    let sums = _mm_add_ps(
        _mm_shuffle_ps::<0x88>(ab, cd),
        _mm_shuffle_ps::<0xDD>(ab, cd),
    );
    let mut out = [0.0; 4];
    // SAFETY: the array has room for four.
    unsafe { _mm_storeu_ps(out.as_mut_ptr(), sums) };
    out
}

/// The same for half as many lanes.
#[inline]
#[target_feature(enable = "avx2")]
fn sums_f64([a, b, c, d]: [__m256d; 4]) -> [f64; 4] {
    let halves = |a, b| {
        _mm256_add_pd(
            _mm256_permute2f128_pd::<0x20>(a, b),
            _mm256_permute2f128_pd::<0x31>(a, b),
        )
    };
    last_sums_f64(halves(a, c), halves(b, d))
}

/// The sums of 2 lanes each of `[a, c]` and `[b, d]`, as `[a, b, c, d]`.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn last_sums_f64(ac: __m256d, bd: __m256d) -> [f64; 4] {
    let mut out = [0.0; 4];
    // SAFETY: the array has room for four.
    unsafe { _mm256_storeu_pd(out.as_mut_ptr(), _mm256_hadd_pd(ac, bd)) };
    out
}

/// The places of the bits that are set in each byte, in a row.
static PLACES: [[u8; 8]; 256] = {
    let mut places = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut count, mut bit) = (0, 0);
        while bit < 8 {
            if byte & 1 << bit != 0 {
                places[byte][count] = bit as u8;
                count += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    places
};

/// # Safety
/// As for `Simd::nonzero`.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
unsafe fn nonzero_f32(from: *const f32, first: u32, to: *mut u32) -> usize {
    // SAFETY: the caller's; a place is 8 bytes long.
    unsafe {
        let mask = mask_f32(from);
        let places = _mm_loadl_epi64(PLACES[(mask & 255) as usize].as_ptr().cast());
        let places = _mm256_cvtepu8_epi32(places);
        let places = _mm256_add_epi32(places, _mm256_set1_epi32(first.cast_signed()));
        _mm256_storeu_si256(to.cast(), places);
        mask.count_ones() as usize
    }
}

/// # Safety
/// As for `Simd::mask`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn mask_f32(from: *const f32) -> u32 {
    // SAFETY: the caller's.
    let x = unsafe { _mm256_loadu_ps(from) };
    let mask = _mm256_cmp_ps::<_CMP_NEQ_UQ>(x, _mm256_setzero_ps());
    _mm256_movemask_ps(mask).cast_unsigned()
}

/// # Safety
/// As for `Simd::mask`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn mask_f64(from: *const f64) -> u32 {
    // SAFETY: the caller's.
    let x = unsafe { _mm256_loadu_pd(from) };
    let mask = _mm256_cmp_pd::<_CMP_NEQ_UQ>(x, _mm256_setzero_pd());
    _mm256_movemask_pd(mask).cast_unsigned()
}

/// As `Simd::where_equal`.
#[inline]
#[target_feature(enable = "avx2")]
fn where_equal_f32(a: __m256, b: __m256, x: __m256) -> __m256 {
    _mm256_and_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(a, b), x)
}

/// As `Simd::where_equal`.
#[inline]
#[target_feature(enable = "avx2")]
fn where_equal_f64(a: __m256d, b: __m256d, x: __m256d) -> __m256d {
    _mm256_and_pd(_mm256_cmp_pd::<_CMP_EQ_OQ>(a, b), x)
}

/// As `Simd::where_above`.
#[inline]
#[target_feature(enable = "avx2")]
fn where_above_f32(a: __m256, b: __m256, x: __m256, y: __m256) -> __m256 {
    _mm256_blendv_ps(y, x, _mm256_cmp_ps::<_CMP_GT_OQ>(a, b))
}

/// As `Simd::where_above`.
#[inline]
#[target_feature(enable = "avx2")]
fn where_above_f64(a: __m256d, b: __m256d, x: __m256d, y: __m256d) -> __m256d {
    _mm256_blendv_pd(y, x, _mm256_cmp_pd::<_CMP_GT_OQ>(a, b))
}

/// As `Simd::look_up`.
///
/// # Safety
/// Both fours must be readable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn look_up_f32(low: *const f32, high: *const f32, at: __m256) -> __m256 {
    // SAFETY: the caller's.
    let table = unsafe { _mm256_set_m128(_mm_loadu_ps(high), _mm_loadu_ps(low)) };
    // The lowest three bits of a lane count.
    _mm256_permutevar8x32_ps(table, _mm256_castps_si256(at))
}

/// As `Simd::look_up`.
///
/// # Safety
/// Both fours must be readable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn look_up_f64(low: *const f64, high: *const f64, at: __m256d) -> __m256d {
    // SAFETY: the caller's.
    let tables = unsafe { [_mm256_loadu_pd(low), _mm256_loadu_pd(high)] };
    // Halves of numbers are looked up: those of number i are 2 i and 2 i + 1, each counted modulo 8.
    let at = _mm256_castpd_si256(at);
    let first = _mm256_slli_epi64::<1>(at);
    let second = _mm256_add_epi64(_mm256_slli_epi64::<32>(first), _mm256_set1_epi64x(1 << 32));
    let halves = _mm256_blend_epi32::<0b1010_1010>(first, second);
    let [low, high] = tables
        .map(|table| _mm256_permutevar8x32_epi32(_mm256_castpd_si256(table), halves))
        .map(|found| _mm256_castsi256_pd(found));
    // From number 4 on, the upper one: a blend goes by the highest bit.
    let is_high = _mm256_castsi256_pd(_mm256_slli_epi64::<61>(at));
    _mm256_blendv_pd(low, high, is_high)
}
