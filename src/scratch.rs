//! Memory for a moment: on the stack while it is small, in a buffer that each thread keeps when it
//! is not. So `predict` allocates nothing, and no big array ever lies on the stack.

use crate::kernels::Element;

/// At most this many bytes lie on the stack.
const STACK: usize = 32 * 1024;

/// Something that needs memory while it runs. (A trait and not a closure, because `run` must be
/// inlined into the [`Job`](crate::simd::Job) it belongs to.)
pub trait Work<T> {
    /// What it gives.
    type Output;
    /// How many numbers it needs.
    const LEN: usize;
    /// Does it, with numbers of any value. Mark it `#[inline(always)]`.
    fn run(self, scratch: &mut [T]) -> Self::Output;
}

/// Numbers that begin with a cache line, as vectors of them should.
#[repr(align(64))]
struct Aligned<A>(A);

/// How many numbers to allocate beyond those that are needed, for [`from_line`].
pub const LINE: usize = 16;

/// The numbers from the first that begins a cache line on: at most [`LINE`] are left out.
#[inline(always)]
pub fn from_line<T>(numbers: &mut [T]) -> &mut [T] {
    let first = numbers.as_ptr().align_offset(64);
    &mut numbers[first.min(LINE)..]
}

/// Lends memory to some work.
#[inline(always)]
pub fn with_scratch<T: Element, W: Work<T>>(work: W) -> W::Output {
    if const { W::LEN <= 64 } {
        work.run(&mut Aligned([T::zero(); 64]).0[..W::LEN])
    } else if const { W::LEN <= 256 } {
        work.run(&mut Aligned([T::zero(); 256]).0[..W::LEN])
    } else if const { W::LEN <= 1024 } {
        work.run(&mut Aligned([T::zero(); 1024]).0[..W::LEN])
    } else if const { W::LEN <= 4096 && size_of::<T>() * 4096 <= STACK } {
        work.run(&mut Aligned([T::zero(); 4096]).0[..W::LEN])
    } else {
        with_heap(work)
    }
}

#[cfg(feature = "std")]
#[inline(always)]
fn with_heap<T: Element, W: Work<T>>(work: W) -> W::Output {
    use std::cell::Cell;
    use std::vec::Vec;
    std::thread_local! {
        static KEPT: Cell<Vec<[u64; 8]>> = const { Cell::new(Vec::new()) };
    }
    // Taken out while in use, so that a prediction inside a prediction finds an empty one.
    let mut memory = KEPT.take();
    let blocks = ((W::LEN + LINE) * size_of::<T>()).div_ceil(64);
    if memory.len() < blocks {
        memory.resize(blocks, [0; 8]);
    }
    let result = work.run(&mut from_line(bytemuck::cast_slice_mut(&mut memory))[..W::LEN]);
    KEPT.set(memory);
    result
}

#[cfg(not(feature = "std"))]
#[inline(always)]
fn with_heap<T: Element, W: Work<T>>(work: W) -> W::Output {
    work.run(&mut from_line(&mut alloc::vec![T::zero(); W::LEN + LINE])[..W::LEN])
}
