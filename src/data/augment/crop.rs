//! Parts of images.

use super::{Augment, Image};
use crate::kernels::Element;
use crate::random::Stream;

/// Cuts a part of `HEIGHT` rows and `WIDTH` columns out of an image, from any place as likely as from
/// another: Keras' `RandomCrop`. A part that is larger than the image does not compile.
///
/// ```
/// use plywood::data::augment::{Augment, RandomCrop};
/// let part: [[f32; 2]; 1] = RandomCrop::<1, 2>.apply(&[[1.0, 2.0, 3.0]], 42, 1, 0);
/// assert!(part == [[1.0, 2.0]] || part == [[2.0, 3.0]]);
/// ```
///
/// ```compile_fail
/// use plywood::data::augment::{Augment, RandomCrop};
/// RandomCrop::<2, 2>.apply(&[[1.0, 2.0, 3.0]], 42, 1, 0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomCrop<const HEIGHT: usize, const WIDTH: usize>;

/// Copies a part of every plane.
fn crop<X: Image, P: Image<Number = X::Number>>(image: &X, part: &mut P, random: &mut Stream) {
    const {
        assert!(
            P::HEIGHT <= X::HEIGHT && P::WIDTH <= X::WIDTH,
            "the part that `RandomCrop` is to cut out is larger than the image"
        );
    }
    let top = random.below(X::HEIGHT - P::HEIGHT + 1);
    let left = random.below(X::WIDTH - P::WIDTH + 1);
    let planes = image.pixels().chunks_exact(X::HEIGHT * X::WIDTH);
    let parts = part.pixels_mut().chunks_exact_mut(P::HEIGHT * P::WIDTH);
    for (plane, part) in planes.zip(parts) {
        let rows = plane.chunks_exact(X::WIDTH).skip(top);
        for (row, part) in rows.zip(part.chunks_exact_mut(P::WIDTH)) {
            for (pixel, part) in row.iter().skip(left).zip(part) {
                *part = *pixel;
            }
        }
    }
}

impl<T: Element, const W: usize, const H: usize, const HEIGHT: usize, const WIDTH: usize>
    Augment<[[T; W]; H]> for RandomCrop<HEIGHT, WIDTH>
{
    type Output = [[T; WIDTH]; HEIGHT];

    fn augment(&self, image: &[[T; W]; H], out: &mut Self::Output, random: &mut Stream) {
        crop(image, out, random);
    }
}

impl<T, const W: usize, const H: usize, const C: usize, const HEIGHT: usize, const WIDTH: usize>
    Augment<[[[T; W]; H]; C]> for RandomCrop<HEIGHT, WIDTH>
where
    T: Element,
{
    type Output = [[[T; WIDTH]; HEIGHT]; C];

    fn augment(&self, image: &[[[T; W]; H]; C], out: &mut Self::Output, random: &mut Stream) {
        crop(image, out, random);
    }
}
