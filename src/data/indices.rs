//! Whole numbers to the numbers of a model.

use alloc::vec::Vec;

use super::Label;
use crate::kernels::Element;
use crate::{Error, Result};

/// Up to here `f32` holds every whole number.
const MOST: usize = 1 << 24;

/// Numbers of words, or of anything else that is counted, as the numbers of a model: what
/// [`Embedding`](crate::layers::Embedding) takes.
///
/// The sequences hold `u8`, `u16`, `u32` or `usize`, all below `limit`, the `input_dim` of the layer. The
/// result's type says whether they become `f32` or `f64`.
///
/// # Errors
/// [`Error::IndexOutOfRange`] names the first number that is not below `limit` (or 2^24, up to which
/// `f32` holds every whole number).
///
/// ```
/// use plywood::data::indices;
///
/// let texts: Vec<[u32; 3]> = vec![[4, 0, 7], [1, 9, 2]];
/// let x: Vec<[f32; 3]> = indices(&texts, 10)?;
/// assert_eq!(x, [[4.0, 0.0, 7.0], [1.0, 9.0, 2.0]]);
///
/// let error = indices::<f32, _, 3>(&texts, 8).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "number 1 of sample 1 of sequences (counted from 0) is 9, but must be a whole number from 0 to 7"
/// );
/// # Ok::<(), plywood::Error>(())
/// ```
pub fn indices<T: Element, L: Label, const N: usize>(
    sequences: &[[L; N]],
    limit: usize,
) -> Result<Vec<[T; N]>> {
    let limit = limit.min(MOST);
    let mut numbers: Vec<[T; N]> = bytemuck::zeroed_vec(sequences.len());
    for (sample, (from, to)) in sequences.iter().zip(&mut numbers).enumerate() {
        for (place, (from, to)) in from.iter().zip(to).enumerate() {
            let index = from.class();
            if index >= limit {
                return Err(Error::IndexOutOfRange {
                    what: "sequences",
                    sample,
                    place,
                    found: index as f64,
                    limit,
                });
            }
            *to = T::of(index as f64);
        }
    }
    Ok(numbers)
}
