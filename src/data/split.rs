//! A random share of the samples, set aside for the test.

use alloc::{format, vec::Vec};

use rand::{Rng, SeedableRng, rngs::Xoshiro256PlusPlus};

use crate::{Error, Result};

/// The two parts that [`train_test_split`] makes. `x_train[i]` belongs to `y_train[i]`, and
/// `x_test[i]` to `y_test[i]`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainTestSplit<X, Y> {
    /// The inputs to train on.
    pub x_train: Vec<X>,
    /// Their targets.
    pub y_train: Vec<Y>,
    /// The inputs to test on.
    pub x_test: Vec<X>,
    /// Their targets.
    pub y_test: Vec<Y>,
}

/// Shuffles samples and sets a share of them aside for the test.
///
/// Of `n` samples, `n * test_share` go to the test, rounded to the nearest whole number (half up);
/// the others are to train on. Every sample is in exactly one part, and either part is in random
/// order. The same seed gives the same split on every machine.
///
/// # Errors
/// - [`Error::LengthMismatch`] if `x` and `y` differ in length,
/// - [`Error::Empty`] if there are no samples,
/// - [`Error::BadArgument`] if `test_share` is not between 0 and 1, or leaves a part empty.
///
/// ```
/// use plywood::data::train_test_split;
///
/// let x = [[0.0], [0.1], [0.2], [0.3], [0.4]];
/// let y = [0, 1, 2, 3, 4];
/// let split = train_test_split(&x, &y, 0.4, 42)?;
/// assert_eq!((split.x_train.len(), split.x_test.len()), (3, 2));
/// for (x, y) in split.x_test.iter().zip(split.y_test) {
///     assert_eq!(*x, [y as f64 / 10.0]);
/// }
/// # Ok::<(), plywood::Error>(())
/// ```
pub fn train_test_split<X: Clone, Y: Clone>(
    x: &[X],
    y: &[Y],
    test_share: f64,
    seed: u64,
) -> Result<TrainTestSplit<X, Y>> {
    if x.len() != y.len() {
        return Err(Error::LengthMismatch {
            left: "x",
            left_len: x.len(),
            right: "y",
            right_len: y.len(),
        });
    }
    if x.is_empty() {
        return Err(Error::Empty { what: "x" });
    }
    // Not a number becomes 0, and what is too large the largest number.
    let test = (x.len() as f64 * test_share + 0.5) as usize;
    if test == 0 || test >= x.len() {
        return Err(Error::BadArgument {
            name: "test_share",
            expected: "above 0 and below 1, with at least one sample in either part",
            found: format!("{test_share} (of {} samples)", x.len()),
        });
    }
    let order = shuffled(x.len(), seed);
    let (test, train) = order.split_at(test);
    Ok(TrainTestSplit {
        x_train: pick(x, train),
        y_train: pick(y, train),
        x_test: pick(x, test),
        y_test: pick(y, test),
    })
}

/// The numbers below `n` in random order, by Fisher and Yates.
fn shuffled(n: usize, seed: u64) -> Vec<usize> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        // The upper half of a product of 128 bits maps 64 random bits to 0..=last.
        let choices = last as u128 + 1;
        let other = (u128::from(rng.next_u64()) * choices) >> 64;
        order.swap(last, other as usize);
    }
    order
}

/// The samples at these places. Plain arrays are copied from slice to vector, so that a big one never
/// lies on the stack.
fn pick<T: Clone>(samples: &[T], places: &[usize]) -> Vec<T> {
    let mut picked = Vec::with_capacity(places.len());
    for sample in places.iter().filter_map(|&place| samples.get(place)) {
        picked.extend_from_slice(core::slice::from_ref(sample));
    }
    picked
}
