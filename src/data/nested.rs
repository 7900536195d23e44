//! Numbers in arrays in arrays, to any depth.

use bytemuck::Pod;

/// A number, or arrays of it nested to any depth: `u8`, `[f32; 10]`, `[[u8; 28]; 28]`, ...
///
/// ```
/// use plywood::data::Nested;
/// assert!(<[[u8; 28]; 28]>::dims().eq([28, 28]));
/// assert!(f32::dims().eq([]));
/// ```
pub trait Nested: Pod + private::Sealed {
    /// The number.
    type Element: Pod;

    /// The length of every level, the outermost first.
    fn dims() -> impl Iterator<Item = usize>;
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl private::Sealed for $number {}
        impl Nested for $number {
            type Element = $number;

            fn dims() -> impl Iterator<Item = usize> {
                core::iter::empty()
            }
        }
    )*};
}

numbers!(u8 f32 f64);

impl<A: Nested, const N: usize> private::Sealed for [A; N] {}

impl<A: Nested, const N: usize> Nested for [A; N] {
    type Element = A::Element;

    fn dims() -> impl Iterator<Item = usize> {
        core::iter::once(N).chain(A::dims())
    }
}

mod private {
    pub trait Sealed {}
}
