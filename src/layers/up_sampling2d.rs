//! A larger image of the same.

use super::{check, image};
use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::kernels::channelwise::grow::Grow;
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
        let grow = const { grow::<In, S>() };
        for (x, y) in x.iter().zip(y.iter_mut()) {
            if How::Interpolation::LINEAR {
                grow.blend(x, y);
            } else {
                grow.repeat(x, y);
            }
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        let grow = const { grow::<In, S>() };
        for (dy, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
            if How::Interpolation::LINEAR {
                grow.blend_back(dy, dx);
            } else {
                grow.repeat_back(dy, dx);
            }
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

/// The sizes, in numbers.
const fn grow<In: Shape, S: Argument>() -> Grow {
    Grow {
        input: [In::Height::USIZE, In::Width::USIZE],
        times: [S::First::USIZE, S::Second::USIZE],
        channels: In::Channels::USIZE,
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3, 2, 3] => [3, 4, 6] { UpSampling2D });
    contract!([2, 3, 2] => [2, 6, 6] { UpSampling2D([2, 3], interpolation = bilinear) });
    contract!([1, 1, 3] => [1, 4, 12] { UpSampling2D(4, bilinear) });
}
