//! The gradient of a bias: the sum of the rows of `dZ`, in their order, column by column.

#![allow(unsafe_code)] // pointers into rows and bias, whose sizes `new` checks

use super::rule::{Fused, Step, with_fused};
use super::vector::{Kernel, Simd};
use crate::math::Real;
use crate::rows::Rows;

/// The update as a [`Kernel`].
pub struct BiasGrad<'a, T> {
    dz: Rows<'a, T>,
    rule: Fused<T>,
    b: &'a mut [T],
    slots: &'a mut [T],
}

impl<'a, T: Real> BiasGrad<'a, T> {
    #[inline(always)]
    pub fn new(dz: Rows<'a, T>, rule: Fused<T>, b: &'a mut [T], slots: &'a mut [T]) -> Self {
        assert!(b.len() >= dz.stride(), "the bias does not fit the rows");
        assert!(
            slots.len() >= rule.slots() * b.len(),
            "the optimiser's numbers do not fit the bias"
        );
        Self { dz, rule, b, slots }
    }

    /// Sums `NV` vectors from `v` on, as long as they lie within the bias, and hands them to the
    /// rule; the first vector after them.
    #[inline(always)]
    fn panels<S: Simd<E = T>, const NV: usize>(&mut self, s: S, mut v: usize) -> usize {
        let end = self.dz.stride();
        while (v + NV) * S::LANES <= end {
            let from = v * S::LANES;
            let mut sums = [s.zero(); NV];
            for row in self.dz.padded_data().chunks_exact(self.dz.stride()) {
                for j in 0..NV {
                    // SAFETY: the loop's condition keeps the columns within the row.
                    let dz = unsafe { s.load(row.as_ptr().add(from + j * S::LANES)) };
                    sums[j] = s.add(sums[j], dz);
                }
            }
            let (b, slots) = (self.b.as_mut_ptr(), self.slots.as_mut_ptr());
            let apart = self.b.len();
            with_fused!(self.rule, rule => for j in 0..NV {
                let at = from + j * S::LANES;
                // SAFETY: the loop's condition keeps the columns within the bias, and `new` has
                // checked the slots.
                unsafe { rule.take(s, sums[j], b.add(at), slots.wrapping_add(at), apart) };
            });
            v += NV;
        }
        v
    }
}

impl<T: Real> Kernel<T> for BiasGrad<'_, T> {
    #[inline(always)]
    fn stride(&self) -> usize {
        self.dz.stride()
    }

    #[inline(always)]
    fn run<S: Simd<E = T>>(mut self, s: S) {
        let v = self.panels::<S, 4>(s, 0);
        self.panels::<S, 1>(s, v);
        with_fused!(self.rule, rule => rule.settle(self.slots, self.b.len()));
    }
}
