//! Memory for a moment: on the stack while it is small, in a buffer that each thread keeps when it
//! is not. So `predict` allocates nothing, and no big array ever lies on the stack.

use crate::kernels::Element;

/// At most this many bytes lie on the stack.
const STACK: usize = 32 * 1024;

/// Lends `len` numbers of any value. `len` should be a constant to the compiler.
#[inline(always)]
pub fn with_scratch<T: Element, R>(len: usize, work: impl FnOnce(&mut [T]) -> R) -> R {
    if len <= 64 {
        work(&mut [T::zero(); 64][..len])
    } else if len <= 256 {
        work(&mut [T::zero(); 256][..len])
    } else if len <= 1024 {
        work(&mut [T::zero(); 1024][..len])
    } else if len <= 4096 && size_of::<T>() * 4096 <= STACK {
        work(&mut [T::zero(); 4096][..len])
    } else {
        with_heap(len, work)
    }
}

#[cfg(feature = "std")]
fn with_heap<T: Element, R>(len: usize, work: impl FnOnce(&mut [T]) -> R) -> R {
    use std::cell::Cell;
    use std::vec::Vec;
    std::thread_local! {
        static KEPT: Cell<Vec<[u64; 8]>> = const { Cell::new(Vec::new()) };
    }
    // Taken out while in use, so that a prediction inside a prediction finds an empty one.
    let mut memory = KEPT.take();
    let blocks = (len * size_of::<T>()).div_ceil(64);
    if memory.len() < blocks {
        memory.resize(blocks, [0; 8]);
    }
    let result = work(&mut bytemuck::cast_slice_mut(&mut memory)[..len]);
    KEPT.set(memory);
    result
}

#[cfg(not(feature = "std"))]
fn with_heap<T: Element, R>(len: usize, work: impl FnOnce(&mut [T]) -> R) -> R {
    work(&mut alloc::vec![T::zero(); len])
}
