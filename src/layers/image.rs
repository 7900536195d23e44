//! What layers of images have in common: their checks, and sums over pixels.

use crate::kernels::Element;
use crate::kernels::channelwise;
use crate::rows::Rows;
use crate::shape::{Check, Dim, Fact, Shape, Window, Zeros};
use typenum::Unsigned;

/// Refuses an input that is no image.
pub const fn expected(dims: &[usize], one_channel: &'static [Fact<'static>; 1]) -> Check {
    Check::that(
        dims.len() != 2,
        "{layer} expects an image of three dimensions, [channels, height, width], but {from} gives \
         {input}: put `Reshape({0})` before it",
        one_channel,
    )
    .and(Check::that(
        dims.len() == 3,
        "{layer} expects an image of three dimensions, [channels, height, width], but {from} gives \
         {input}",
        &[],
    ))
}

/// The shape as an image of one channel.
pub const fn one_channel<In: Shape>() -> [Fact<'static>; 1] {
    [Fact::Shape(
        const { &[1, In::Height::USIZE, In::Width::USIZE] },
    )]
}

/// Refuses a window that must lie inside, and does not fit.
pub const fn fits(
    windows: &[Window; 2],
    zeros: Zeros,
    sizes: &'static [Fact<'static>; 4],
) -> Check {
    let fits = windows[0].fits(zeros) && windows[1].fits(zeros);
    let dilated = windows[0].dilation > 1 || windows[1].dilation > 1;
    Check::that(
        fits || dilated,
        "the {0}x{1} kernel of {layer} does not fit into its input {input}",
        sizes,
    )
    .and(Check::that(
        fits,
        "the {0}x{1} kernel of {layer}, which covers {2}x{3} with its dilation, does not fit into its \
         input {input}",
        sizes,
    ))
}

/// Taps and what they cover, down and across.
pub const fn sizes(windows: &[Window; 2]) -> [Fact<'static>; 4] {
    let [down, across] = windows;
    [
        Fact::Number(down.kernel),
        Fact::Number(across.kernel),
        Fact::Number(down.extent()),
        Fact::Number(across.extent()),
    ]
}

/// Adds all pixels of all samples, in order, to a pixel of N channels.
#[inline(always)]
pub fn add_pixels<T: Element, N: Dim>(rows: Rows<T>, sum: &mut [T]) {
    if const { N::USIZE > 0 } {
        for row in rows.iter() {
            channelwise::add_pixels(N::USIZE, row, sum);
        }
    }
}
