//! Class numbers to one-hot vectors.

use alloc::vec::Vec;

use num_traits::One;

use super::Nested;
use crate::{Error, Result};

/// Class numbers to one-hot vectors: `out[i][labels[i]] = 1`, and 0 elsewhere.
///
/// The number of classes is that of the result's type, or is stated: `to_categorical::<10>(&labels)`.
/// The labels are `u8`, `u16`, `u32` or `usize`. For vectors of `f64` see [`one_hot`].
///
/// # Errors
/// [`Error::LabelOutOfRange`] names the first label that is not below `N`.
///
/// ```
/// use plywood::data::to_categorical;
///
/// let labels: Vec<u8> = vec![2, 0];
/// let y: Vec<[f32; 3]> = to_categorical(&labels)?;
/// assert_eq!(y, [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
///
/// let error = to_categorical::<2>(&labels).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "label 0 (counted from 0) is 2, but must be below 2, the number of classes"
/// );
/// # Ok::<(), plywood::Error>(())
/// ```
pub fn to_categorical<const N: usize>(labels: &[impl Label]) -> Result<Vec<[f32; N]>> {
    one_hot(labels)
}

/// [`to_categorical`] for vectors of `f32` or of `f64`.
///
/// # Errors
/// [`Error::LabelOutOfRange`] names the first label that is not below `N`.
///
/// ```
/// let y: Vec<[f64; 3]> = plywood::data::one_hot(&[1u8])?;
/// assert_eq!(y, [[0.0, 1.0, 0.0]]);
/// # Ok::<(), plywood::Error>(())
/// ```
pub fn one_hot<T: Nested + One, const N: usize>(labels: &[impl Label]) -> Result<Vec<[T; N]>> {
    let mut vectors: Vec<[T; N]> = bytemuck::zeroed_vec(labels.len());
    for (index, (label, vector)) in labels.iter().zip(&mut vectors).enumerate() {
        let label = label.class();
        *vector.get_mut(label).ok_or(Error::LabelOutOfRange {
            index,
            label,
            classes: N,
        })? = T::one();
    }
    Ok(vectors)
}

/// A class number: `u8`, `u16`, `u32` or `usize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a class number: use `u8`, `u16`, `u32` or `usize`"
)]
pub trait Label: Copy + Send + Sync + 'static + private::Sealed {
    /// The class, counted from 0.
    fn class(self) -> usize;
}

macro_rules! labels {
    ($($label:ty)*) => {$(
        impl private::Sealed for $label {}
        #[diagnostic::do_not_recommend]
        impl Label for $label {
            #[inline(always)]
            fn class(self) -> usize {
                self as usize
            }
        }
    )*};
}

labels!(u8 u16 u32 usize);

mod private {
    pub trait Sealed {}
}
