//! One step of a rule, for vectors, and what several rules do alike.

#![allow(unsafe_code)] // vectors are read and written through pointers, as `Simd` asks

use crate::kernels::vector::Simd;
use crate::math::Real;

/// A rule, for vectors.
pub trait Step<T>: Copy {
    /// How many numbers it keeps for each weight.
    const SLOTS: usize;
    /// Whether it changes the weights.
    const MOVES: bool = true;
    /// Weights and what the slots hold for them, after the step.
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, slots: [S::V; 2]) -> (S::V, [S::V; 2]);

    /// Takes the step for the weights at `w`, whose slots lie at `slots`, `apart` from each other.
    ///
    /// # Safety
    /// A vector of weights must be readable and writable there, and one in each slot.
    #[inline(always)]
    unsafe fn take<S: Simd<E = T>>(self, s: S, g: S::V, w: *mut T, slots: *mut T, apart: usize)
    where
        T: Real,
    {
        // SAFETY: the caller's.
        unsafe {
            let mut state = [s.zero(); 2];
            for slot in 0..Self::SLOTS {
                state[slot] = s.load(slots.add(slot * apart));
            }
            let (new, state) = self.step(s, g, s.load(w), state);
            if Self::MOVES {
                s.store(new, w);
            }
            for slot in 0..Self::SLOTS {
                s.store(state[slot], slots.add(slot * apart));
            }
        }
    }

    /// The part of [`take`](Self::take) up to where it has to wait; gives what `finish` needs for the rest.
    /// By default all of it.
    ///
    /// # Safety
    /// As for `take`.
    #[inline(always)]
    unsafe fn begin<S: Simd<E = T>>(
        self,
        s: S,
        g: S::V,
        w: *mut T,
        slots: *mut T,
        apart: usize,
    ) -> [S::V; 2]
    where
        T: Real,
    {
        // SAFETY: the caller's.
        unsafe { self.take(s, g, w, slots, apart) };
        [g; 2]
    }

    /// What `begin` has left.
    ///
    /// # Safety
    /// As for `take`.
    #[inline(always)]
    unsafe fn finish<S: Simd<E = T>>(self, _: S, _: [S::V; 2], _: *mut T) {}
}

/// `keep w + step`.
#[inline(always)]
pub fn decayed<S: Simd>(s: S, keep: S::E, w: S::V, step: S::V) -> S::V {
    s.fma(s.splat(keep), w, step)
}

/// The mean of gradients, a little nearer to zero.
///
/// What is multiplied by less than 1 again and again never gets to zero, but to the subnormal numbers,
/// and stays there: a relu that has died would make every later step slow, since roots, quotients, and on
/// some processors all products of such numbers take many times as long. So each step also takes away
/// what is too little to matter, the root of the smallest normal number eight times: 9e-19 in `f32`,
/// 1e-153 in `f64`. Squares of gradients so small would vanish in [`mean_square`].
#[inline(always)]
pub fn mean<T: Real, S: Simd<E = T>>(s: S, m: S::V) -> S::V {
    s.sub(m, s.clamp(T::ROOT_MIN_NORMAL * T::of(8.0), m))
}

/// The mean of squares, less the smallest normal number, but not less than zero; NaN where it is.
#[inline(always)]
pub fn mean_square<T: Real, S: Simd<E = T>>(s: S, v: S::V) -> S::V {
    s.max(s.zero(), s.sub(v, s.splat(T::MIN_NORMAL)))
}

/// `g + l2 w`.
#[inline(always)]
pub fn penalized<S: Simd>(s: S, l2: S::E, w: S::V, g: S::V) -> S::V {
    if l2 == num_traits::zero() {
        g
    } else {
        s.fma(s.splat(l2), w, g)
    }
}
