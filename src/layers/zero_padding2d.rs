//! Zeros around an image.

use super::image;
use crate::activations::AnyHead;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Arguments, Backward, Int, Layer, NoWeights};
use crate::onnx::Graph;
use crate::rows::{Rows, RowsMut};
use crate::shape::{Check, D3, Outer, Shape, Sides};
use crate::simd::Isa;
use core::marker::PhantomData;
use typenum::{U1, Unsigned};

/// Zeros around an image: Keras' `ZeroPadding2D`.
///
/// Input `[channels, height, width]`, output `[channels, top + height + bottom, left + width + right]`.
///
/// | argument | default | meaning |
/// | --- | --- | --- |
/// | `padding` | `1` | how many zeros: `1` on each side, `[2, 3]` above and below, left and right, or `[top, bottom, left, right]` (Keras' `((top, bottom), (left, right))`) |
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [1, 1, 2] => [1, 2, 3] { ZeroPadding2D([1, 0, 0, 1]) }
/// }
/// assert_eq!(Net::new(1).predict(&[[[1.0, 2.0]]]), [[[0.0, 0.0, 0.0], [1.0, 2.0, 0.0]]]);
/// ```
///
/// # Errors of the compiler
/// If the input is no image.
#[derive(Arguments)]
pub struct ZeroPadding2D<Padding = Int<U1>>(PhantomData<Padding>);

impl<T, In, P> Layer<T, In> for ZeroPadding2D<P>
where
    T: Element,
    In: Shape,
    P: Sides,
    In::Height: Outer<P::Top, P::Bottom>,
    In::Width: Outer<P::Left, P::Right>,
    D3<
        In::Channels,
        <In::Height as Outer<P::Top, P::Bottom>>::Out,
        <In::Width as Outer<P::Left, P::Right>>::Out,
    >: Shape,
{
    type Output = D3<
        In::Channels,
        <In::Height as Outer<P::Top, P::Bottom>>::Out,
        <In::Width as Outer<P::Left, P::Right>>::Out,
    >;
    type Weights = NoWeights;
    type Head = AnyHead;

    const CHECK: Check = Check::that(
        P::OK,
        "the argument `padding` of {layer} must be `1`, `[2, 3]` or `[top, bottom, left, right]`",
        &[],
    )
    .and(image::expected(
        In::DIMS,
        const { &image::one_channel::<In>() },
    ));
    const BY_ROW: bool = true;

    #[inline(always)]
    fn forward<I: Isa>(_: I, _: &NoWeights, x: Rows<T>, mut y: RowsMut<T>) {
        let (line, wide) = (lines::<In>(), lines::<<Self as Layer<T, In>>::Output>());
        let (top, left) = (P::Top::USIZE, P::Left::USIZE * In::Channels::USIZE);
        for (x, y) in x.iter().zip(y.iter_mut()) {
            y.fill(T::zero());
            for (x, y) in x
                .chunks_exact(line)
                .zip(y[top * wide..].chunks_exact_mut(wide))
            {
                y[left..left + line].copy_from_slice(x);
            }
        }
    }

    #[inline(always)]
    fn backward<I: Isa>(_: I, _: &NoWeights, pass: Backward<T>) {
        let Some(mut dx) = pass.dx else { return };
        let (line, wide) = (lines::<In>(), lines::<<Self as Layer<T, In>>::Output>());
        let (top, left) = (P::Top::USIZE, P::Left::USIZE * In::Channels::USIZE);
        for (dy, dx) in pass.dy.as_rows().iter().zip(dx.iter_mut()) {
            for (dx, dy) in dx
                .chunks_exact_mut(line)
                .zip(dy[top * wide..].chunks_exact(wide))
            {
                dx.copy_from_slice(&dy[left..left + line]);
            }
        }
    }

    fn onnx(_: &NoWeights, graph: &mut Graph) -> Result<()> {
        let [top, bottom, left, right] = P::SIDES.map(|side| side as i64);
        let pads = graph.integers("pads", &[0, 0, top, left, 0, 0, bottom, right]);
        graph.apply("Pad", &[pads], &[]);
        Ok(())
    }
}

/// How many numbers a line of an image takes.
pub const fn lines<S: Shape>() -> usize {
    S::Width::USIZE * S::Channels::USIZE
}

#[cfg(test)]
pub fn samples() {
    use crate::contract::contract;
    contract!([3, 2, 4] => [3, 4, 6] { ZeroPadding2D });
    contract!([2, 2, 3] => [2, 6, 5] { ZeroPadding2D([2, 1]) });
    contract!([2, 2, 3] => [2, 5, 5] { ZeroPadding2D(padding = [1, 2, 0, 2]) });
}
