//! The peak of one core, with the instructions that Plywood uses: independent fused multiply-adds on
//! registers, and nothing else.

#![allow(unsafe_code)] // functions compiled for more instructions

use ::plywood::simd::Level;
use std::hint::black_box;
use std::time::Instant;

const STEPS: usize = 200_000;
const CHAINS: usize = 12;

/// Floating-point operations a second in `f32`, two for each multiply-add; the best of a few tries.
pub fn measure() -> f64 {
    let (lanes, run) = of(Level::current());
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            black_box(run());
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    (2 * STEPS * CHAINS * lanes) as f64 / best
}

fn of(level: Level) -> (usize, fn() -> f32) {
    match level {
        // SAFETY of both: a level is chosen only where the processor has its instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => (16, || unsafe { x86::of_512_bits() }),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => (8, || unsafe { x86::of_256_bits() }),
        _ => portable(),
    }
}

fn portable() -> (usize, fn() -> f32) {
    (4, || {
        let mut sums = [black_box(1.0f32); 4 * CHAINS];
        let (a, b) = (black_box(0.999), black_box(0.001));
        for _ in 0..STEPS {
            sums.iter_mut().for_each(|s| *s = *s * a + b);
        }
        sums.iter().sum()
    })
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{CHAINS, STEPS, black_box};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f")]
    pub fn of_512_bits() -> f32 {
        let [one, a, b] = [1.0, 0.999, 0.001].map(|x| _mm512_set1_ps(black_box(x)));
        let mut sums = [one; CHAINS];
        for _ in 0..STEPS {
            sums.iter_mut().for_each(|s| *s = _mm512_fmadd_ps(*s, a, b));
        }
        sums.map(|s| _mm512_reduce_add_ps(s)).iter().sum()
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn of_256_bits() -> f32 {
        let [one, a, b] = [1.0, 0.999, 0.001].map(|x| _mm256_set1_ps(black_box(x)));
        let mut sums = [one; CHAINS];
        for _ in 0..STEPS {
            sums.iter_mut().for_each(|s| *s = _mm256_fmadd_ps(*s, a, b));
        }
        sums.map(|s| _mm256_cvtss_f32(s)).iter().sum()
    }
}
