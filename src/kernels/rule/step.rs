//! One step of a rule, for vectors, and what several rules do alike.

#![allow(unsafe_code)] // vectors are read and written through pointers, as `Simd` asks

use super::settle::settle;
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

    /// Whether what the slots hold is to be [settled](settle) behind this step.
    fn settles(self) -> bool {
        false
    }

    /// Settles the slots of `len` weights behind the step, if they are to be.
    #[inline(always)]
    fn settle(self, slots: &mut [T], len: usize)
    where
        T: Real,
    {
        if self.settles() {
            settle(&mut slots[..Self::SLOTS * len]);
        }
    }

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

/// `g + l2 w`.
#[inline(always)]
pub fn penalized<S: Simd>(s: S, l2: S::E, w: S::V, g: S::V) -> S::V {
    if l2 == num_traits::zero() {
        g
    } else {
        s.fma(s.splat(l2), w, g)
    }
}
