//! A larger image of the same.

use super::{check, image};
use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Argument, Arguments, Backward, Int, Layer, NoWeights};
use crate::onnx::{Attribute, Graph, Value, Values};
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, D3, Interpolation, InterpolationArgument, Nearest, Shape};
use crate::simd::Isa;
use core::marker::PhantomData;
use core::ops::Mul;
use typenum::{Prod, U2, Unsigned};

/// A larger image of the same: Keras' `UpSampling2D`.
///
/// Input `[channels, height, width]`, output `[channels, height size, width size]`. With `nearest`,
/// output (c, p, q) is x(c, p / size, q / size), rounded down. With `bilinear` it is the mean of the
/// four pixels around the place ((p + 1/2) / size - 1/2, (q + 1/2) / size - 1/2), each the more the
/// nearer it is; beyond the edges the image goes on as at them.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `size` | `2` | how many times as large, down and across: `2` or `[2, 3]` |
/// | `interpolation` | `nearest` | `nearest` or `bilinear` |
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [1, 1, 2] => [1, 1, 4] { UpSampling2D([1, 2], interpolation = bilinear) }
/// }
/// assert_eq!(Net::new(1).predict(&[[[1.0, 2.0]]]), [[[1.0, 1.25, 1.75, 2.0]]]);
/// ```
///
/// # Errors of the compiler
/// If the input is no image.
#[derive(Arguments)]
pub struct UpSampling2D<Size = Int<U2>, Interpolation = crate::word!(Nearest)>(
    PhantomData<(Size, Interpolation)>,
);

/// Goes through every pixel of the input and every pixel of the output that takes a share of it: the body
/// knows where they begin, and the share.
macro_rules! each_share {
    ($t:ident, $in:ident, $size:ident, $how:ident; $from:ident, $to:ident, $share:ident => $body:block) => {
        let linear = $how::Interpolation::LINEAR;
        let (height, width) = ($in::Height::USIZE, $in::Width::USIZE);
        let (down, across) = ($size::First::USIZE, $size::Second::USIZE);
        for p in 0..height * down {
            for (row, by_row) in neighbours(p, down, height, linear) {
                for q in 0..width * across {
                    for (column, by_column) in neighbours(q, across, width, linear) {
                        let share = by_row * by_column;
                        if share > 0.0 {
                            let channels = $in::Channels::USIZE;
                            let $from = (row * width + column) * channels;
                            let $to = (p * width * across + q) * channels;
                            let $share = $t::of(share);
                            $body
                        }
                    }
                }
            }
        }
    };
}

impl<T, In, S, How> Layer<T, In> for UpSampling2D<S, How>
where
    T: Element,
    In: Shape,
    S: Argument,
    How: InterpolationArgument,
    In::Height: Mul<S::First>,
    In::Width: Mul<S::Second>,
    D3<In::Channels, Prod<In::Height, S::First>, Prod<In::Width, S::Second>>: Shape,
{
    type Output = D3<In::Channels, Prod<In::Height, S::First>, Prod<In::Width, S::Second>>;
    type Weights = NoWeights;
    type Head = AnyHead;

    const CHECK: Check = Check::that(
        check::is_pair::<S>(),
        "the argument `size` of {layer} must be `2` or `[2, 3]`, from 1 on",
        &[],
    )
    .and(Check::that(
        How::OK,
        "the argument `interpolation` of {layer} must be `nearest` or `bilinear`",
        &[],
    ))
    .and(image::expected(
        In::DIMS,
        const { &image::one_channel::<In>() },
    ));
    const BY_ROW: bool = true;

    #[inline(always)]
    fn forward<I: Isa>(_: I, _: &NoWeights, x: Rows<T>, mut y: RowsMut<T>) {
        let channels = In::Channels::USIZE;
        for (x, y) in x.iter().zip(y.iter_mut()) {
            y.fill(T::zero());
            each_share!(T, In, S, How; from, to, share => {
                let (x, y) = (&x[from..from + channels], &mut y[to..to + channels]);
                for (y, &x) in y.iter_mut().zip(x) {
                    *y += share * x;
                }
            });
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        let channels = In::Channels::USIZE;
        for (dy, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
            dx.fill(T::zero());
            each_share!(T, In, S, How; from, to, share => {
                let (dx, dy) = (&mut dx[from..from + channels], &dy[to..to + channels]);
                for (dx, &dy) in dx.iter_mut().zip(dy) {
                    *dx += share * dy;
                }
            });
        }
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        let sizes = [1, 1, S::First::USIZE, S::Second::USIZE];
        let scales = graph.tensor("scales", Values::new(&[4], sizes.map(|size| size as f64)));
        let (mode, place) = if How::Interpolation::LINEAR {
            ("linear", "half_pixel")
        } else {
            ("nearest", "asymmetric")
        };
        let attributes = [
            ("mode", Attribute::Text(mode)),
            ("coordinate_transformation_mode", Attribute::Text(place)),
            ("nearest_mode", Attribute::Text("floor")),
        ];
        graph.apply("Resize", &[Value::NONE, scales], &attributes);
        Ok(())
    }
}

/// The two places on a dimension of `len` between which place `at` of a `size` times longer one lies,
/// and their shares.
#[inline(always)]
fn neighbours(at: usize, size: usize, len: usize, linear: bool) -> [(usize, f64); 2] {
    if !linear {
        return [(at / size, 1.0), (0, 0.0)];
    }
    // The place is (2 at + 1 - size) / (2 size); one more, so that it is not negative.
    let place = 2 * at + 1 + size;
    let (next, rest) = (place / (2 * size), place % (2 * size));
    let share = rest as f64 / (2 * size) as f64;
    [
        (next.saturating_sub(1), 1.0 - share),
        (next.min(len - 1), share),
    ]
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3, 2, 3] => [3, 4, 6] { UpSampling2D });
    contract!([2, 3, 2] => [2, 6, 6] { UpSampling2D([2, 3], interpolation = bilinear) });
    contract!([1, 1, 3] => [1, 4, 12] { UpSampling2D(4, bilinear) });
}
