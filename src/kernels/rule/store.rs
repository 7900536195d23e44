//! Gradients that wait in memory.

use super::step::Step;
use crate::kernels::vector::Simd;

/// Stores the gradient in slot 0 and leaves the weight alone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Store {
    /// Whether to add it to what is there.
    pub add: bool,
}

impl<T> Step<T> for Store {
    const SLOTS: usize = 1;
    const MOVES: bool = false;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let m = if self.add { s.add(m, g) } else { g };
        (w, [m, v])
    }
}
