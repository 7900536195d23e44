//! Bytes to floating point numbers.

use alloc::vec::Vec;

use super::Nested;

/// Multiplies every byte by `factor`: `out[i] = f32::from(images[i]) * factor`, in arrays of the
/// same shape.
///
/// The result's type says whether to `f32` or to `f64`; a shape that differs from that of the
/// images does not compile. The result is filled in place on the heap, so that a sample may be of
/// any size.
///
/// ```
/// let images = vec![[[0, 1], [2, 255]]]; // Vec<[[u8; 2]; 2]>
/// let x: Vec<[[f32; 2]; 2]> = plywood::data::scale(&images, 0.5);
/// assert_eq!(x, [[[0.0, 0.5], [1.0, 127.5]]]);
/// ```
///
/// ```compile_fail
/// let x: Vec<[[f32; 3]; 2]> = plywood::data::scale(&[[[0u8; 2]; 2]], 1.0 / 255.0);
/// ```
pub fn scale<A: ScaleTo<B>, B: Nested>(images: &[A], factor: B::Element) -> Vec<B> {
    let mut scaled: Vec<B> = bytemuck::zeroed_vec(images.len());
    for (from, to) in images.iter().zip(&mut scaled) {
        from.scale_to(factor, to);
    }
    scaled
}

/// Bytes that can be [scaled](scale) to `B`: numbers in arrays of the same shape.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be scaled to `{B}`",
    note = "bytes (`u8`) are scaled to `f32` or `f64` in arrays of the same shape"
)]
pub trait ScaleTo<B: Nested>: Nested {
    /// Writes `factor` times each byte to `out`.
    fn scale_to(&self, factor: B::Element, out: &mut B);
}

impl ScaleTo<f32> for u8 {
    #[inline(always)]
    fn scale_to(&self, factor: f32, out: &mut f32) {
        *out = f32::from(*self) * factor;
    }
}

impl ScaleTo<f64> for u8 {
    #[inline(always)]
    fn scale_to(&self, factor: f64, out: &mut f64) {
        *out = f64::from(*self) * factor;
    }
}

impl<A: ScaleTo<B>, B: Nested, const N: usize> ScaleTo<[B; N]> for [A; N] {
    #[inline(always)]
    fn scale_to(&self, factor: B::Element, out: &mut [B; N]) {
        for (from, to) in self.iter().zip(out) {
            from.scale_to(factor, to);
        }
    }
}
