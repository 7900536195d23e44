//! An image without its edges.

use super::image;
use super::zero_padding2d::lines;
use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Arguments, Backward, Int, Layer, NoWeights};
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, D3, Fact, Inner, Shape, Sides};
use crate::simd::Isa;
use core::marker::PhantomData;
use typenum::{U0, Unsigned};

/// An image without its edges: Keras' `Cropping2D`.
///
/// Input `[channels, height, width]`, output `[channels, height - top - bottom, width - left - right]`.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `cropping` | `0` | how much is cut off: `1` on each side, `[2, 3]` above and below, left and right, or `[top, bottom, left, right]` (Keras' `((top, bottom), (left, right))`) |
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [1, 2, 3] => [1, 1, 2] { Cropping2D([1, 0, 0, 1]) }
/// }
/// assert_eq!(Net::new(1).predict(&[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), [[[4.0, 5.0]]]);
/// ```
///
/// # Errors of the compiler
/// If the input is no image, or nothing is left of it.
#[derive(Arguments)]
pub struct Cropping2D<Cropping = Int<U0>>(PhantomData<Cropping>);

impl<T, In, C> Layer<T, In> for Cropping2D<C>
where
    T: Element,
    In: Shape,
    C: Sides,
    In::Height: Inner<C::Top, C::Bottom>,
    In::Width: Inner<C::Left, C::Right>,
    D3<
        In::Channels,
        <In::Height as Inner<C::Top, C::Bottom>>::Out,
        <In::Width as Inner<C::Left, C::Right>>::Out,
    >: Shape,
{
    type Output = D3<
        In::Channels,
        <In::Height as Inner<C::Top, C::Bottom>>::Out,
        <In::Width as Inner<C::Left, C::Right>>::Out,
    >;
    type Weights = NoWeights;
    type Head = AnyHead;

    const CHECK: Check = Check::that(
        C::OK,
        "the argument `cropping` of {layer} must be `1`, `[2, 3]` or `[top, bottom, left, right]`",
        &[],
    )
    .and(image::expected(
        In::DIMS,
        const { &image::one_channel::<In>() },
    ))
    .and(Check::that(
        C::SIDES[0] + C::SIDES[1] < In::Height::USIZE
            && C::SIDES[2] + C::SIDES[3] < In::Width::USIZE,
        "{layer} would leave nothing of its input {input}: it cuts off {0} rows and {1} columns",
        const {
            &[
                Fact::Number(C::SIDES[0] + C::SIDES[1]),
                Fact::Number(C::SIDES[2] + C::SIDES[3]),
            ]
        },
    ));
    const BY_ROW: bool = true;

    #[inline(always)]
    fn forward<I: Isa>(_: I, _: &NoWeights, x: Rows<T>, mut y: RowsMut<T>) {
        let (line, wide) = (lines::<<Self as Layer<T, In>>::Output>(), lines::<In>());
        let (top, left) = (C::Top::USIZE, C::Left::USIZE * In::Channels::USIZE);
        for (x, y) in x.iter().zip(y.iter_mut()) {
            for (x, y) in x[top * wide..]
                .chunks_exact(wide)
                .zip(y.chunks_exact_mut(line))
            {
                y.copy_from_slice(&x[left..left + line]);
            }
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        let (line, wide) = (lines::<<Self as Layer<T, In>>::Output>(), lines::<In>());
        let (top, left) = (C::Top::USIZE, C::Left::USIZE * In::Channels::USIZE);
        for (dy, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
            dx.fill(T::zero());
            for (dx, dy) in dx[top * wide..]
                .chunks_exact_mut(wide)
                .zip(dy.chunks_exact(line))
            {
                dx[left..left + line].copy_from_slice(dy);
            }
        }
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        let [top, bottom, left, right] = C::SIDES;
        let ends = [In::Height::USIZE - bottom, In::Width::USIZE - right];
        let starts = graph.integers("starts", &[top as i64, left as i64]);
        let ends = graph.integers("ends", &ends.map(|end| end as i64));
        let axes = graph.integers("axes", &[2, 3]);
        graph.apply("Slice", &[starts, ends, axes], &[]);
        Ok(())
    }
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3, 2, 4] => [3, 2, 4] { Cropping2D });
    contract!([2, 5, 4] => [2, 1, 2] { Cropping2D([2, 1]) });
    contract!([2, 5, 4] => [2, 2, 3] { Cropping2D(cropping = [1, 2, 0, 1]) });
}
