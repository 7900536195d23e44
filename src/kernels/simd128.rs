//! WebAssembly's vectors: one register holds 4 `f32` or 2 `f64`. How many registers there are is the
//! machine's affair; the large tiles are made for 16, so that few of them go through memory on
//! x86-64. There is no multiply-add that rounds once everywhere: a product is rounded, then added, as
//! [`super::portable`] does it, and in the same order. The bits are those of its loops.

#![allow(unsafe_code)] // intrinsics: see the tokens
#![allow(unused_unsafe)] // most of them are safe here, since a module is checked before it runs

use super::pair::Pair;
use super::vector::{Kernel, Simd, compiled, token, vectors};
use core::arch::wasm32::*;

token!(F32x1: [f32; 1] in v128, 8 rows, narrow true,
    f32x4_splat, load_4, store_4, fma_f32, f32x4_add,
    f32x4_sub, f32x4_mul, f32x4_div, f32x4_sqrt, min_f32, max_f32);
token!(F32x2: [f32; 2] in v128, 8 rows, narrow true,
    f32x4_splat, load_8, store_8, fma_f32, f32x4_add,
    f32x4_sub, f32x4_mul, f32x4_div, f32x4_sqrt, min_f32, max_f32);
token!(F32x4: [f32; 4] in v128, 8 rows, narrow true,
    f32x4_splat, load_16, store_16, fma_f32, f32x4_add,
    f32x4_sub, f32x4_mul, f32x4_div, f32x4_sqrt, min_f32, max_f32);
token!(F32Wide: [f32; 4] in v128, 6 rows, narrow false,
    f32x4_splat, load_16, store_16, fma_f32, f32x4_add,
    f32x4_sub, f32x4_mul, f32x4_div, f32x4_sqrt, min_f32, max_f32, interleave interleave_f32,
    where_equal where_equal_f32, where_above where_above_f32, look_up look_up_f32);
token!(F64x1: [f64; 1] in v128, 8 rows, narrow true,
    f64x2_splat, load_8, store_8, fma_f64, f64x2_add,
    f64x2_sub, f64x2_mul, f64x2_div, f64x2_sqrt, min_f64, max_f64);
token!(F64x2: [f64; 2] in v128, 8 rows, narrow true,
    f64x2_splat, load_16, store_16, fma_f64, f64x2_add,
    f64x2_sub, f64x2_mul, f64x2_div, f64x2_sqrt, min_f64, max_f64, interleave interleave_f64,
    where_equal where_equal_f64, where_above where_above_f64);

vectors!(run_f32: f32, 1 => F32x1(()), 2 => F32x2(()), 4 => F32x4(()), _ => F32Wide(()));
vectors!(run_f64: f64, 1 => F64x1(()), 2 => F64x2(()),
    4 => Pair::<_, 8, true>(F64x2(())), _ => Pair::<_, 4, false>(F64x2(())));

// SAFETY of both: there is this module only in programs that are compiled for the instructions.
compiled!(single: f32, kernel => unsafe { super::run_f32(kernel) });
compiled!(double: f64, kernel => unsafe { super::run_f64(kernel) });

/// `a b + c`, rounded twice.
#[inline(always)]
fn fma_f32(a: v128, b: v128, c: v128) -> v128 {
    f32x4_add(f32x4_mul(a, b), c)
}

/// `a b + c`, rounded twice.
#[inline(always)]
fn fma_f64(a: v128, b: v128, c: v128) -> v128 {
    f64x2_add(f64x2_mul(a, b), c)
}

#[inline(always)]
fn interleave_f32(a: v128, b: v128) -> [v128; 2] {
    [
        i32x4_shuffle::<0, 4, 1, 5>(a, b),
        i32x4_shuffle::<2, 6, 3, 7>(a, b),
    ]
}

#[inline(always)]
fn interleave_f64(a: v128, b: v128) -> [v128; 2] {
    [i64x2_shuffle::<0, 2>(a, b), i64x2_shuffle::<1, 3>(a, b)]
}

/// The smaller and the larger of two numbers, the second one where either is NaN. (The instructions
/// name them the other way round.)
macro_rules! min_max {
    ($($name:ident: $intrinsic:ident;)*) => { $(
        #[inline(always)]
        fn $name(a: v128, b: v128) -> v128 {
            $intrinsic(b, a)
        }
    )* };
}
min_max! {
    min_f32: f32x4_pmin;
    max_f32: f32x4_pmax;
    min_f64: f64x2_pmin;
    max_f64: f64x2_pmax;
}

/// Reads and writes the first so many bytes of a vector; no alignment is asked for.
macro_rules! memory {
    ($($load:ident = $load_intrinsic:path, $store:ident = |$to:ident, $v:ident| $stored:expr;)*) => { $(
        /// # Safety
        /// The numbers must be readable.
        #[inline(always)]
        unsafe fn $load<T>(from: *const T) -> v128 {
            // SAFETY: the caller's.
            unsafe { $load_intrinsic(from.cast()) }
        }
        /// # Safety
        /// The numbers must be writable.
        #[inline(always)]
        unsafe fn $store<T>($to: *mut T, $v: v128) {
            // SAFETY: the caller's.
            unsafe { $stored }
        }
    )* };
}
memory! {
    load_4 = v128_load32_zero, store_4 = |to, v| v128_store32_lane::<0>(v, to.cast());
    load_8 = v128_load64_zero, store_8 = |to, v| v128_store64_lane::<0>(v, to.cast());
    load_16 = v128_load, store_16 = |to, v| v128_store(to.cast(), v);
}

/// As `Simd::where_equal`.
#[inline(always)]
fn where_equal_f32(a: v128, b: v128, x: v128) -> v128 {
    v128_and(f32x4_eq(a, b), x)
}

/// As `Simd::where_equal`.
#[inline(always)]
fn where_equal_f64(a: v128, b: v128, x: v128) -> v128 {
    v128_and(f64x2_eq(a, b), x)
}

/// As `Simd::where_above`.
#[inline(always)]
fn where_above_f32(a: v128, b: v128, x: v128, y: v128) -> v128 {
    v128_bitselect(x, y, f32x4_gt(a, b))
}

/// As `Simd::where_above`.
#[inline(always)]
fn where_above_f64(a: v128, b: v128, x: v128, y: v128) -> v128 {
    v128_bitselect(x, y, f64x2_gt(a, b))
}

/// As `Simd::look_up`.
///
/// # Safety
/// Both fours must be readable.
#[inline(always)]
unsafe fn look_up_f32(low: *const f32, high: *const f32, at: v128) -> v128 {
    // Bytes are looked up, those of number i are 4 i to 4 i + 3; what is not among 16 gives 0.
    let at = v128_and(at, u32x4_splat(7));
    let bytes = u32x4_add(
        u32x4_mul(at, u32x4_splat(0x0404_0404)),
        u32x4_splat(0x0302_0100),
    );
    // SAFETY: the caller's.
    let (low, high) = unsafe { (load_16(low), load_16(high)) };
    let behind = u8x16_sub(bytes, u8x16_splat(16));
    v128_or(u8x16_swizzle(low, bytes), u8x16_swizzle(high, behind))
}
