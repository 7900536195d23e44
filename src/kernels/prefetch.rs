//! Reading ahead.

#![allow(unsafe_code)] // an instruction that takes any address

/// Asks the processor for numbers that will be read soon, so that they come from memory while it does
/// something else. Nothing but time depends on it; where there is no such instruction in stable Rust, it
/// does nothing.
#[inline(always)]
pub fn prefetch<T>(numbers: &[T]) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let first = numbers.as_ptr().cast::<i8>();
        for at in (0..size_of_val(numbers)).step_by(64) {
            // SAFETY: nothing is read; any address will do.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(at)) };
        }
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse")))]
    let _ = numbers;
}
