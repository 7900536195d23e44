//! Reading ahead.

#![allow(unsafe_code)] // an instruction that takes any address

/// Asks the processor for numbers that will be read soon, so that they come from memory while it does
/// something else. Nothing but time depends on it; where there is no such instruction in stable Rust, it
/// does nothing.
#[inline(always)]
pub fn prefetch<T>(numbers: &[T]) {
    let first = numbers.as_ptr().cast::<i8>();
    for at in (0..size_of_val(numbers)).step_by(64) {
        prefetch_at(first.wrapping_add(at));
    }
}

/// The same for the first and the last byte of something alone. Small arrays lie on no other pages than these;
/// and a processor looks up several pages at a time, if nothing else stands between what it is asked.
#[inline(always)]
pub fn prefetch_ends<T: ?Sized>(what: &T) {
    let first = core::ptr::from_ref(what).cast::<i8>();
    prefetch_at(first);
    // (A single number lies in one line.)
    if size_of_val(what) > align_of_val(what) {
        prefetch_at(first.wrapping_add(size_of_val(what) - 1));
    }
}

/// The same for the line of the cache that has this address.
#[inline(always)]
pub fn prefetch_at<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: nothing is read; any address will do.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse")))]
    let _ = address;
}
