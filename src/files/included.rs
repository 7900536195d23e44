//! Weights inside the program.

use super::fault::Fault;
use super::header::{self, Found};
use super::safetensors::dtype;
use super::stored::Stored;
use super::tree::Matching;
use crate::cast::zeroed_box;
use crate::layer::{Model, Weights};
use crate::shape::{Text, panic_with};
use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

/// The weights of a model `M` that are part of the program: what
/// [`include_weights!`](crate::include_weights) gives.
pub struct IncludedWeights<M> {
    numbers: &'static [u8],
    begins: &'static [usize],
    model: PhantomData<fn() -> M>,
}

impl<M: Model> IncludedWeights<M> {
    /// A new model with these weights.
    pub fn model(&self) -> Box<M> {
        let mut model = zeroed_box::<M>();
        self.copy_to(&mut model);
        model
    }

    /// Sets the weights of a model.
    pub fn copy_to(&self, model: &mut M) {
        Stored::new(self.numbers, self.begins).give(model);
    }
}

impl<M> Clone for IncludedWeights<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for IncludedWeights<M> {}

impl<M: Model> fmt::Debug for IncludedWeights<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IncludedWeights<{}>", M::NAME)
    }
}

/// The weights of a model from a safetensors file, as part of the program: an [`IncludedWeights`].
///
/// The path is a string literal, relative to the file in which it stands, as with `include_bytes!`. The
/// compiler reads the header of the file: if a name, a type or a shape is not the model's, the program
/// does not compile. Nothing is left to be parsed or to go wrong when it runs; the numbers are copied to
/// where the model has them. (They are not looked at, so a checksum is not compared: `load_weights`
/// does that.)
///
/// It costs the compiler what `include_bytes!` does: for a file of 50 MB some seconds, and with
/// optimisations about 1 GB of memory.
///
/// ```
/// use plywood::files::IncludedWeights;
/// use plywood::prelude::*;
///
/// sequential! {
///     /// Exclusive or.
///     pub struct Net: [2] => [1] { Dense(3, tanh), Dense(1) }
/// }
///
/// // As a static it is checked by `cargo check`, too.
/// static WEIGHTS: IncludedWeights<Net> = plywood::include_weights!("../../tests/files/net.safetensors");
///
/// let mut model = WEIGHTS.model();
/// let y = model.predict(&[0.0, 1.0]);
///
/// // In a function its type follows from what is done with it.
/// let model: Box<Net> = plywood::include_weights!("../../tests/files/net.safetensors").model();
/// assert_eq!(model.predict(&[0.0, 1.0]), y);
/// ```
///
/// ```text
/// error[E0080]: evaluation panicked: net.safetensors: tensor `dense/kernel`: expected F32 of shape [2, 4], found F32 of shape [2, 3]
/// ```
#[macro_export]
macro_rules! include_weights {
    ($path:expr $(,)?) => {
        const {
            const FILE: &[u8] = ::core::include_bytes!($path);
            const COUNT: usize = $crate::__private::count_tensors($path, FILE);
            &$crate::__private::Included::<_, COUNT>::new($path, FILE)
        }
        .weights()
    };
}

/// The weights of a model in a file with `N` tensors.
pub struct Included<M, const N: usize> {
    numbers: &'static [u8],
    begins: [usize; N],
    model: PhantomData<fn() -> M>,
}

impl<M: Model, const N: usize> Included<M, N> {
    /// Finds the tensors of the model in the file, or fails the constant in which it stands.
    #[track_caller]
    pub const fn new(path: &str, file: &'static [u8]) -> Self {
        let entries = <M as Weights<M::Element>>::ENTRIES;
        let dtype = dtype::<M::Element>();
        let (text, numbers) = split(path, file);
        let mut found = [Found::NONE; N];
        let mut begins = [0; N];
        let matched = match header::list(text, &mut found) {
            Ok(_) => Matching::new(text, &mut found, dtype, size_of::<M::Element>()).run(
                entries,
                &mut begins,
                numbers.len(),
            ),
            Err(fault) => Err(fault),
        };
        if let Err(fault) = matched {
            let words = fault.words(text, entries, dtype);
            fail(path, words.place, words.expected, words.found);
        }
        Self {
            numbers,
            begins,
            model: PhantomData,
        }
    }

    /// The same without the number of tensors.
    pub const fn weights(&'static self) -> IncludedWeights<M> {
        IncludedWeights {
            numbers: self.numbers,
            begins: &self.begins,
            model: PhantomData,
        }
    }
}

/// How many tensors are in a file; what is no safetensors file fails the constant.
#[track_caller]
pub const fn count_tensors(path: &str, file: &'static [u8]) -> usize {
    let (text, _) = split(path, file);
    match header::count(text) {
        Ok(count) => count,
        Err(fault) => {
            let words = Fault::words(fault, text, &[], "");
            fail(path, words.place, words.expected, words.found);
            0
        }
    }
}

/// The header and the numbers.
#[track_caller]
const fn split(path: &str, file: &'static [u8]) -> (&'static [u8], &'static [u8]) {
    let place = Text::new().str("length of the header");
    let Some((length, rest)) = file.split_first_chunk() else {
        let expected = Text::new().str("8 bytes");
        fail(path, place, expected, Text::new().number(file.len()));
        return (&[], &[]);
    };
    let length = u64::from_le_bytes(*length);
    if length > rest.len() as u64 {
        let expected = Text::new().str("at most ").number(rest.len());
        fail(path, place, expected, Text::new().number(length as usize));
    }
    rest.split_at(length as usize)
}

#[track_caller]
const fn fail(path: &str, place: Text, expected: Text, found: Text) {
    let text = Text::new().str(path).str(": ").str(place.as_str());
    let text = text.str(": expected ").str(expected.as_str());
    panic_with(text.str(", found ").str(found.as_str()))
}
