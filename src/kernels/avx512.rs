//! AVX-512: one register holds 16 `f32` or 8 `f64`, and there are 32 of them, so the large tile is
//! 8 rows of two. Matrices of fewer than 8 columns, of `f64` of 8, go to [`super::avx2`].

#![allow(unsafe_code)] // intrinsics: see the tokens

use super::vector::{Kernel, Simd, compiled, token, vectors};
use core::arch::x86_64::*;

token!(F32x16: [f32; 16] in __m512, 8 rows, narrow false,
    _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps, _mm512_add_ps,
    _mm512_sub_ps, _mm512_mul_ps, _mm512_div_ps, _mm512_sqrt_ps, _mm512_min_ps, _mm512_max_ps,
    interleave interleave_f32, sum4 sums_f32, nonzero nonzero_f32, mask mask_f32,
    where_equal where_equal_f32, where_above where_above_f32, look_up look_up_f32);
token!(F64x8: [f64; 8] in __m512d, 8 rows, narrow false,
    _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd, _mm512_add_pd,
    _mm512_sub_pd, _mm512_mul_pd, _mm512_div_pd, _mm512_sqrt_pd, _mm512_min_pd, _mm512_max_pd,
    interleave interleave_f64, sum4 sums_f64, nonzero nonzero_f64, mask mask_f64,
    where_equal where_equal_f64, where_above where_above_f64, look_up look_up_f64);

vectors!(run_f32: f32, _ => F32x16(()));
vectors!(run_f64: f64, _ => F64x8(()));

// SAFETY of both: the functions are compiled for the instructions, so their callers have them.
compiled!(single: f32, kernel => unsafe { super::run_f32(kernel) },
    features "avx2,fma,popcnt,avx512f,avx512vl,avx512dq,avx512bw");
compiled!(double: f64, kernel => unsafe { super::run_f64(kernel) },
    features "avx2,fma,popcnt,avx512f,avx512vl,avx512dq,avx512bw");

/// Matrices of 8 columns: half a register of `f32` with all the registers, of which AVX2 has half as many.
/// (The loops for whole registers take them in pairs, so `f64` goes to AVX2.)
pub mod half {
    use crate::kernels::avx2::F32x8;
    pub use crate::kernels::avx2::double;
    use crate::kernels::vector::{Kernel, compiled, vectors};

    vectors!(run_f32: f32, _ => F32x8(()));

    // SAFETY: as above.
    compiled!(single: f32, kernel => unsafe { super::run_f32(kernel) },
        features "avx2,fma,popcnt,avx512f,avx512vl,avx512dq,avx512bw");
}

#[inline]
#[target_feature(enable = "avx512f")]
fn interleave_f32(a: __m512, b: __m512) -> [__m512; 2] {
    let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    let high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
    [low, high].map(|places| _mm512_permutex2var_ps(a, places, b))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn interleave_f64(a: __m512d, b: __m512d) -> [__m512d; 2] {
    let low = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    let high = _mm512_add_epi64(low, _mm512_set1_epi64(4));
    [low, high].map(|places| _mm512_permutex2var_pd(a, places, b))
}

/// Two vectors become one at each step: half of one's sums beside half of the other's.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn sums_f32([a, b, c, d]: [__m512; 4]) -> [f32; 4] {
    let halves = |a, b| {
        _mm512_add_ps(
            _mm512_shuffle_f32x4::<0x44>(a, b),
            _mm512_shuffle_f32x4::<0xEE>(a, b),
        )
    };
    let (ac, bd) = (halves(a, c), halves(b, d));
    // 4 lanes of each, in the order a c b d.
    let quarters = _mm512_add_ps(
        _mm512_shuffle_f32x4::<0x88>(ac, bd),
        _mm512_shuffle_f32x4::<0xDD>(ac, bd),
    );
    let ac = _mm512_castps512_ps256(quarters);
    let bd = _mm512_extractf32x8_ps::<1>(quarters);
    super::avx2::last_sums_f32(ac, bd)
}

/// The same for half as many lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn sums_f64([a, b, c, d]: [__m512d; 4]) -> [f64; 4] {
    let halves = |a, b| {
        _mm512_add_pd(
            _mm512_shuffle_f64x2::<0x44>(a, b),
            _mm512_shuffle_f64x2::<0xEE>(a, b),
        )
    };
    let (ac, bd) = (halves(a, c), halves(b, d));
    // 2 lanes of each, in the order a c b d.
    let quarters = _mm512_add_pd(
        _mm512_shuffle_f64x2::<0x88>(ac, bd),
        _mm512_shuffle_f64x2::<0xDD>(ac, bd),
    );
    let ac = _mm512_castpd512_pd256(quarters);
    let bd = _mm512_extractf64x4_pd::<1>(quarters);
    super::avx2::last_sums_f64(ac, bd)
}

/// # Safety
/// As for `Simd::nonzero`.
#[inline]
#[target_feature(enable = "avx512f,popcnt")]
unsafe fn nonzero_f32(from: *const f32, first: u32, to: *mut u32) -> usize {
    // SAFETY: the caller's.
    unsafe {
        let mask = unequal_f32(from);
        let places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let places = _mm512_add_epi32(places, _mm512_set1_epi32(first.cast_signed()));
        _mm512_storeu_si512(to.cast(), _mm512_maskz_compress_epi32(mask, places));
        mask.count_ones() as usize
    }
}

/// # Safety
/// As for `Simd::nonzero`.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,popcnt")]
unsafe fn nonzero_f64(from: *const f64, first: u32, to: *mut u32) -> usize {
    // SAFETY: the caller's.
    unsafe {
        let mask = unequal_f64(from);
        let places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        let places = _mm256_add_epi32(places, _mm256_set1_epi32(first.cast_signed()));
        _mm256_storeu_si256(to.cast(), _mm256_maskz_compress_epi32(mask, places));
        mask.count_ones() as usize
    }
}

/// # Safety
/// As for `Simd::mask`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn unequal_f32(from: *const f32) -> __mmask16 {
    // SAFETY: the caller's.
    let x = unsafe { _mm512_loadu_ps(from) };
    _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(x, _mm512_setzero_ps())
}

/// # Safety
/// As for `Simd::mask`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn mask_f32(from: *const f32) -> u32 {
    // SAFETY: the caller's.
    unsafe { unequal_f32(from) }.into()
}

/// # Safety
/// As for `Simd::mask`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn unequal_f64(from: *const f64) -> __mmask8 {
    // SAFETY: the caller's.
    let x = unsafe { _mm512_loadu_pd(from) };
    _mm512_cmp_pd_mask::<_CMP_NEQ_UQ>(x, _mm512_setzero_pd())
}

/// # Safety
/// As for `Simd::mask`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn mask_f64(from: *const f64) -> u32 {
    // SAFETY: the caller's.
    unsafe { unequal_f64(from) }.into()
}

/// As `Simd::where_equal`.
#[inline]
#[target_feature(enable = "avx512f")]
fn where_equal_f32(a: __m512, b: __m512, x: __m512) -> __m512 {
    _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b), x)
}

/// As `Simd::where_equal`.
#[inline]
#[target_feature(enable = "avx512f")]
fn where_equal_f64(a: __m512d, b: __m512d, x: __m512d) -> __m512d {
    _mm512_maskz_mov_pd(_mm512_cmp_pd_mask::<_CMP_EQ_OQ>(a, b), x)
}

/// As `Simd::where_above`.
#[inline]
#[target_feature(enable = "avx512f")]
fn where_above_f32(a: __m512, b: __m512, x: __m512, y: __m512) -> __m512 {
    _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b), x)
}

/// As `Simd::where_above`.
#[inline]
#[target_feature(enable = "avx512f")]
fn where_above_f64(a: __m512d, b: __m512d, x: __m512d, y: __m512d) -> __m512d {
    _mm512_mask_mov_pd(y, _mm512_cmp_pd_mask::<_CMP_GT_OQ>(a, b), x)
}

/// As `Simd::look_up`.
///
/// # Safety
/// Both fours must be readable.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
unsafe fn look_up_f32(low: *const f32, high: *const f32, at: __m512) -> __m512 {
    // SAFETY: the caller's.
    let table = unsafe { _mm256_set_m128(_mm_loadu_ps(high), _mm_loadu_ps(low)) };
    // The lowest four bits of a lane count, so the table is there twice.
    _mm512_permutexvar_ps(_mm512_castps_si512(at), _mm512_broadcast_f32x8(table))
}

/// As `Simd::look_up`.
///
/// # Safety
/// Both fours must be readable.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn look_up_f64(low: *const f64, high: *const f64, at: __m512d) -> __m512d {
    // SAFETY: the caller's.
    let (low, high) = unsafe { (_mm256_loadu_pd(low), _mm256_loadu_pd(high)) };
    let table = _mm512_insertf64x4::<1>(_mm512_castpd256_pd512(low), high);
    // The lowest three bits of a lane count.
    _mm512_permutexvar_pd(_mm512_castpd_si512(at), table)
}
