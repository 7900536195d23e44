//! Which numbers of some pixels are not zero, as bits, filter by filter.

#![allow(unsafe_code)] // numbers are read through a pointer, as `Simd` asks

use crate::kernels::vector::Simd;

/// How many pixels are looked at together: the bits of a `u128`.
pub const PIXELS: usize = 128;
/// How many filters: whole eights.
pub const FILTERS: usize = 16;

/// Bit i of number f: whether number f of pixel i is not zero.
pub struct Seen([[u8; PIXELS / 8]; FILTERS]);

impl Seen {
    /// Looks at the first `filters` numbers of each of some pixels, which lie `stride` apart.
    ///
    /// # Safety
    /// There must be so many pixels, at most [`PIXELS`], with so many numbers, at most [`FILTERS`] and whole
    /// vectors.
    #[inline(always)]
    pub unsafe fn of<S: Simd>(
        s: S,
        from: *const S::E,
        pixels: usize,
        stride: usize,
        filters: usize,
    ) -> Self {
        let mut of_pixels = [[0u8; PIXELS]; FILTERS / 8];
        for (eight, of_pixels) in of_pixels.iter_mut().enumerate().take(filters / 8) {
            for (pixel, bits) in of_pixels.iter_mut().enumerate().take(pixels) {
                let mut mask = 0;
                for lane in (0..8).step_by(S::LANES) {
                    // SAFETY: the caller's.
                    mask |= unsafe { s.mask(from.add(pixel * stride + 8 * eight + lane)) } << lane;
                }
                *bits = mask as u8;
            }
        }
        let mut of_filters = [[0; PIXELS / 8]; FILTERS];
        for (of_pixels, of_filters) in of_pixels.iter().zip(of_filters.as_chunks_mut::<8>().0) {
            let eights = of_pixels.as_chunks::<8>().0.iter();
            for (i, eight) in eights.enumerate().take(pixels.div_ceil(8)) {
                let turned = transpose(u64::from_le_bytes(*eight)).to_le_bytes();
                for (bits, of_filter) in turned.into_iter().zip(of_filters.iter_mut()) {
                    of_filter[i] = bits;
                }
            }
        }
        Self(of_filters)
    }

    /// The pixels whose number for this filter is not zero.
    #[inline(always)]
    pub fn pixels(&self, filter: usize) -> u128 {
        u128::from_le_bytes(self.0[filter])
    }
}

/// Turns 8 x 8 bits around: bit i of byte j becomes bit j of byte i. (Corners are exchanged in squares of
/// 2, 4 and 8: Hacker's Delight, 7-3.)
#[inline(always)]
fn transpose(mut x: u64) -> u64 {
    for (corner, mask) in [
        (7, 0x00AA_00AA_00AA_00AA),
        (14, 0x0000_CCCC_0000_CCCC),
        (28, 0x0000_0000_F0F0_F0F0),
    ] {
        let other = (x ^ (x >> corner)) & mask;
        x ^= other ^ (other << corner);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::transpose;

    #[test]
    fn bits_are_turned_around() {
        for i in 0..8 {
            for j in 0..8 {
                assert_eq!(transpose(1 << (8 * j + i)), 1 << (8 * i + j));
            }
        }
    }
}
