//! What layers of signals have in common: their checks.

use crate::shape::{Check, Fact, Window, Zeros};

/// Refuses an input that is no signal.
pub const fn expected(dims: &[usize]) -> Check {
    Check::that(
        dims.len() == 2,
        "{layer} expects a signal of two dimensions, [steps, channels], but {from} gives {input}",
        &[],
    )
}

/// Refuses a window that must lie inside, and does not fit. The facts are those of
/// [`image::sizes`](super::image::sizes).
pub const fn fits(window: &Window, zeros: Zeros, sizes: &'static [Fact<'static>; 4]) -> Check {
    Check::that(
        window.fits(zeros) || window.dilation > 1,
        "the kernel of {layer}, {1} long, does not fit into its input {input}",
        sizes,
    )
    .and(Check::that(
        window.fits(zeros),
        "the kernel of {layer}, {1} long, which covers {3} with its dilation, does not fit into its \
         input {input}",
        sizes,
    ))
}
