//! Images that are a little different in every epoch.
//!
//! An image is a plain array `[[T; W]; H]`, or `[[[T; W]; H]; C]` with C channels, of which all are
//! treated alike. What happens to it is drawn from one stream of random numbers for each (seed, epoch,
//! index of the image), so that it depends on nothing else: not on threads, nor on the other images.
//!
//! | augmentation | does |
//! | --- | --- |
//! | [`RandomFlip`] | mirrors |
//! | [`RandomTranslation`] | shifts |
//! | [`RandomRotation`] | turns about the centre |
//! | [`RandomCrop`] | cuts out a part of a fixed size |
//!
//! Names, arguments and defaults are those of Keras' layers. A tuple of augmentations is one, too: it
//! does one after another. [`Augmented`] feeds data in memory to
//! [`fit_stream`](crate::training::Training::fit_stream), in a new order and augmented anew in each
//! epoch, while the training goes on:
//!
//! ```
//! use plywood::data::augment::{Augmented, RandomFlip, RandomTranslation};
//! use plywood::prelude::*;
//! sequential! {
//!     struct Net: [8, 8] => [2] { Flatten, Dense(8, relu), Dense(2, softmax) }
//! }
//! let x = vec![[[0.5; 8]; 8]; 100];
//! let y = vec![1u8; 100];
//! let mut model = Net::new(1);
//! let mut training = model.compile(Sgd::new(0.1), SparseCategoricalCrossentropy);
//!
//! let augment = (RandomFlip::horizontal(), RandomTranslation::new(0.1, 0.1)?);
//! let settings = Fit::new().epochs(3).verbose(Verbose::Silent);
//! training.fit_stream(Augmented::new(&x, &y, augment, 42)?, settings)?;
//! # Ok::<(), plywood::Error>(())
//! ```
//!
//! Before samples from elsewhere it is a `map`:
//!
//! ```
//! use plywood::data::augment::{Augment, RandomFlip};
//! let flip = RandomFlip::horizontal();
//! # let samples = [([[0.0f32, 1.0]], 1u8)].into_iter();
//! let samples = samples.enumerate().map(|(i, (image, label))| (flip.apply(&image, 42, 1, i), label));
//! # let (image, label) = samples.last().unwrap();
//! # assert!(image == [[0.0, 1.0]] || image == [[1.0, 0.0]]);
//! ```

mod augmented;
mod crop;
mod factor;
mod flip;
mod image;
mod resample;
mod rotation;
mod translation;
mod tuples;

pub use augmented::Augmented;
pub use crop::RandomCrop;
pub use factor::Factor;
pub use flip::RandomFlip;
pub use image::Image;
pub use resample::{FillMode, Interpolation};
pub use rotation::RandomRotation;
pub use translation::RandomTranslation;

use crate::random::{Stream, mix};
use bytemuck::{Pod, Zeroable};

/// Something that changes an image at random.
///
/// ```
/// use plywood::data::augment::Augment;
/// use plywood::random::Stream;
///
/// /// Makes an image of one row darker or brighter.
/// struct Brightness(f32);
/// impl<const W: usize> Augment<[[f32; W]; 1]> for Brightness {
///     type Output = [[f32; W]; 1];
///     fn augment(&self, image: &[[f32; W]; 1], out: &mut [[f32; W]; 1], random: &mut Stream) {
///         let factor = 1.0 + self.0 * (2.0 * random.uniform() as f32 - 1.0);
///         for (out, pixel) in out[0].iter_mut().zip(image[0]) {
///             *out = factor * pixel;
///         }
///     }
/// }
/// assert_eq!(Brightness(0.0).apply(&[[1.0, 2.0]], 1, 1, 0), [[1.0, 2.0]]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not augment `{X}`",
    note = "images are arrays `[[T; W]; H]` or `[[[T; W]; H]; C]` of `f32` or `f64`"
)]
pub trait Augment<X> {
    /// What an image becomes.
    type Output: Pod;

    /// Writes the changed image to `out`, all of it. What is random comes from `random`.
    fn augment(&self, image: &X, out: &mut Self::Output, random: &mut Stream);

    /// Image number `index` as it is in an epoch.
    fn apply(&self, image: &X, seed: u64, epoch: usize, index: usize) -> Self::Output {
        let mut out = Self::Output::zeroed();
        self.augment(image, &mut out, &mut stream(seed, epoch, index));
        out
    }
}

/// The random numbers of an image in an epoch.
fn stream(seed: u64, epoch: usize, index: usize) -> Stream {
    /// Sets them apart from those of other purposes with the same seed.
    const AUGMENT: u64 = 4;
    Stream::new(mix(mix(mix(seed, AUGMENT), epoch as u64), index as u64))
}
