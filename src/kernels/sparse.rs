//! Which inputs of a single sample are not zero.
//!
//! Half of what a ReLU gives is zero, and so are the dark pixels of an image. With one sample a
//! product reads each row of the weights once, for one input: where that is zero, the row need not
//! be read at all. The list is made without branches, since nobody can predict them.

use num_traits::Zero;

/// How many inputs are listed at a time: the list lies on the stack.
pub const CHUNK: usize = 512;

/// Whether a product of one sample skips zeros: where the matrix is large enough to repay the
/// list. A matter of shapes alone, so that it is the same for all instruction sets.
#[inline(always)]
pub fn skips_zeros(rows: usize, k: usize, stride: usize) -> bool {
    rows == 1 && k * stride > 1024
}

/// The indices of what is not zero in at most [`CHUNK`] inputs: the first so many of the list.
#[inline(always)]
pub fn nonzero<T: Zero>(x: &[T], list: &mut [u32; CHUNK]) -> usize {
    let mut count = 0;
    for (i, x) in x.iter().enumerate() {
        list[count % CHUNK] = i as u32;
        count += usize::from(!x.is_zero());
    }
    count
}
