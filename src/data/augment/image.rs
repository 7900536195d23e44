//! Images as plain arrays.

use crate::cast::Plain;
use crate::kernels::Element;
use bytemuck::Pod;

/// An image: `[[T; W]; H]`, or `[[[T; W]; H]; C]` with C channels, of `f32` or `f64`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an image",
    note = "images are arrays `[[T; W]; H]` or `[[[T; W]; H]; C]` of `f32` or `f64`"
)]
pub trait Image: Pod + private::Sealed {
    /// `f32` or `f64`.
    type Number: Element;
    /// How many rows it has.
    const HEIGHT: usize;
    /// How many columns it has.
    const WIDTH: usize;

    /// All numbers: channel by channel, row by row.
    fn pixels(&self) -> &[Self::Number];

    /// The same, to be changed.
    fn pixels_mut(&mut self) -> &mut [Self::Number];
}

macro_rules! images {
    ($($image:ty, [$($c:ident)?];)*) => { $(
        impl<T: Element, const W: usize, const H: usize, $(const $c: usize)?> private::Sealed for $image {}
        #[diagnostic::do_not_recommend]
        impl<T: Element, const W: usize, const H: usize, $(const $c: usize)?> Image for $image {
            type Number = T;
            const HEIGHT: usize = H;
            const WIDTH: usize = W;

            fn pixels(&self) -> &[T] {
                self.numbers()
            }

            fn pixels_mut(&mut self) -> &mut [T] {
                self.numbers_mut()
            }
        }
    )* };
}
images! {
    [[T; W]; H], [];
    [[[T; W]; H]; C], [C];
}

mod private {
    pub trait Sealed {}
}
