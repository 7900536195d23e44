//! Images outside and inside of a model.
//!
//! A user's array holds an image channel after channel, `[channels][height][width]`. Between layers the
//! channels of a pixel lie side by side, `[height][width][channels]`: there a convolution reads all
//! channels of neighbouring pixels in one run, and its vectors run along the filters. An image is turned
//! when it comes into a model, where a layer makes something else of it (`Flatten`, `Reshape`), and when
//! it leaves. All other shapes, and images of one channel or one pixel, are the same in both.

use crate::rows::padded;
use crate::shape::Shape;
use typenum::Unsigned;

/// Whether an image of these dimensions lies differently inside and outside.
#[inline(always)]
pub const fn differs(dims: &[usize]) -> bool {
    matches!(*dims, [channels, height, width] if channels > 1 && height * width > 1)
}

/// Copies a sample into a model.
#[inline(always)]
pub fn inward<S: Shape, T: Copy>(from: &[T], to: &mut [T]) {
    if const { differs(S::DIMS) } {
        let channels = S::Channels::USIZE;
        for (channel, from) in from.chunks_exact(S::SIZE / channels).enumerate() {
            for (to, &from) in to[channel..].iter_mut().step_by(channels).zip(from) {
                *to = from;
            }
        }
    } else {
        to.copy_from_slice(from);
    }
}

/// Copies a sample out of a model.
#[inline(always)]
pub fn outward<S: Shape, T: Copy>(from: &[T], to: &mut [T]) {
    if const { differs(S::DIMS) } {
        let channels = S::Channels::USIZE;
        for (channel, to) in to.chunks_exact_mut(S::SIZE / channels).enumerate() {
            for (to, &from) in to.iter_mut().zip(from[channel..].iter().step_by(channels)) {
                *to = from;
            }
        }
    } else {
        to.copy_from_slice(from);
    }
}

/// Whether items lie one after another in rows of their own and in the sample that is made of them, with no
/// padding in either.
pub const fn in_items<Whole: Shape, Item: Shape>() -> bool {
    !differs(Whole::DIMS)
        && !differs(Item::DIMS)
        && padded(Item::SIZE) == Item::SIZE
        && padded(Whole::SIZE) == Whole::SIZE
}

/// Copies an item out of a sample whose first dimension counts items, both as they lie inside.
#[inline(always)]
pub fn take_item<Whole: Shape, Item: Shape, T: Copy>(whole: &[T], index: usize, item: &mut [T]) {
    if const { differs(Whole::DIMS) } {
        // The items were taken for the channels of an image.
        let numbers = whole[index..].iter().step_by(Whole::Channels::USIZE);
        for (to, &from) in item.iter_mut().zip(numbers) {
            *to = from;
        }
    } else {
        inward::<Item, _>(&whole[index * Item::SIZE..][..Item::SIZE], item);
    }
}

/// Copies an item into such a sample.
#[inline(always)]
pub fn put_item<Whole: Shape, Item: Shape, T: Copy>(item: &[T], index: usize, whole: &mut [T]) {
    if const { differs(Whole::DIMS) } {
        let numbers = whole[index..].iter_mut().step_by(Whole::Channels::USIZE);
        for (to, &from) in numbers.zip(item) {
            *to = from;
        }
    } else {
        outward::<Item, _>(item, &mut whole[index * Item::SIZE..][..Item::SIZE]);
    }
}

/// Where the numbers of a sample lie inside, in the order in which they lie outside.
#[inline(always)]
pub fn places<S: Shape>() -> impl Iterator<Item = usize> {
    let channels = if const { differs(S::DIMS) } {
        S::Channels::USIZE
    } else {
        1
    };
    (0..channels).flat_map(move |channel| (channel..S::SIZE).step_by(channels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{D2, D3};
    use typenum::{U1, U2, U3, U4};

    #[test]
    fn the_channels_of_a_pixel_lie_side_by_side() {
        type Image = D3<U2, U1, U3>;
        let (mut inside, mut outside) = ([0; 6], [0; 6]);
        inward::<Image, _>(&[1, 2, 3, 10, 20, 30], &mut inside);
        assert_eq!(inside, [1, 10, 2, 20, 3, 30]);
        outward::<Image, _>(&inside, &mut outside);
        assert_eq!(outside, [1, 2, 3, 10, 20, 30]);
    }

    #[test]
    fn other_shapes_stay() {
        let mut inside = [0; 8];
        inward::<D2<U2, U4>, _>(&[1, 2, 3, 4, 5, 6, 7, 8], &mut inside);
        assert_eq!(inside, [1, 2, 3, 4, 5, 6, 7, 8]);
    }
}
