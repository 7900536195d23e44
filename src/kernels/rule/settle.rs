//! The end of what fades.
//!
//! What is multiplied by less than 1 again and again never gets to zero, but to the subnormal numbers,
//! and stays there: a relu that has died would make every later step slow, since roots, quotients, and on
//! some processors all products of such numbers take many times as long. So now and then what an optimiser
//! keeps is gone through, and what is too little to matter becomes zero. (Done in every step, it would be up
//! to a fourth of what Adam costs.)

use crate::math::Real;

/// Behind every so many updates. (What is kept by nine tenths gets a thousand times smaller meanwhile: it is
/// not subnormal yet.)
const EVERY: u64 = 64;

/// Whether it is time to, behind this update.
pub const fn settles(update: u64) -> bool {
    update.is_multiple_of(EVERY)
}

/// Makes zeros of what is smaller than 1e-31 in `f32`, 1e-292 in `f64`.
#[inline(always)]
pub fn settle<T: Real>(slots: &mut [T]) {
    for slot in slots {
        if slot.abs() < T::LITTLE {
            *slot = T::zero();
        }
    }
}
