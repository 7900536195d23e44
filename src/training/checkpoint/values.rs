//! Single values in a checkpoint, each with a mark of its kind.

use crate::error::{Error, Result};
use crate::training::SavedWeights;
use std::borrow::ToOwned;
use std::format;
use std::path::Path;
use std::string::String;
use std::vec::Vec;

const U64: u8 = 1;
const F64: u8 = 2;
const F64S: u8 = 3;
const TEXT: u8 = 4;
const STATE: u8 = 5;

/// What kind of value a mark announces.
fn kind(mark: u8) -> &'static str {
    match mark {
        U64 => "a whole number",
        F64 => "a number",
        F64S => "a list of numbers",
        TEXT => "a text",
        STATE => "a state",
        _ => "something unknown",
    }
}

/// Takes what a callback knows into a checkpoint, see [`Callback::save_state`].
///
/// [`Callback::save_state`]: crate::training::Callback::save_state
#[derive(Debug, Default)]
pub struct StateWriter {
    pub(super) bytes: Vec<u8>,
}

impl StateWriter {
    fn value(&mut self, mark: u8, bytes: &[u8]) {
        self.bytes.push(mark);
        self.bytes.extend_from_slice(bytes);
    }

    /// A whole number.
    pub fn u64(&mut self, x: u64) {
        self.value(U64, &x.to_le_bytes());
    }

    /// A number, bit for bit.
    pub fn f64(&mut self, x: f64) {
        self.value(F64, &x.to_le_bytes());
    }

    /// Some numbers, bit for bit.
    pub fn f64s(&mut self, list: &[f64]) {
        self.value(F64S, &(list.len() as u64).to_le_bytes());
        for x in list {
            self.bytes.extend_from_slice(&x.to_le_bytes());
        }
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.value(TEXT, &(text.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// All weights of the model, or none.
    pub fn weights(&mut self, weights: Option<&SavedWeights>) {
        self.f64s(weights.map_or(&[], SavedWeights::numbers));
    }

    /// Whatever `write` writes.
    pub(super) fn state(&mut self, write: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.value(STATE, &[0; 8]);
        let start = self.bytes.len();
        write(self)?;
        let len = (self.bytes.len() - start) as u64;
        if let Some(place) = self.bytes.get_mut(start - 8..start) {
            place.copy_from_slice(&len.to_le_bytes());
        }
        Ok(())
    }
}

/// Gives a callback what it has written, in the same order, see [`Callback::load_state`].
///
/// All methods give [`Error::Malformed`] if something else comes.
///
/// [`Callback::load_state`]: crate::training::Callback::load_state
#[derive(Clone, Debug)]
pub struct StateReader<'a> {
    pub(super) path: &'a Path,
    /// What is left.
    pub(super) bytes: &'a [u8],
    /// Where that begins in the file.
    pub(super) at: usize,
    /// Whose values they are.
    pub(super) owner: &'a str,
    /// How many numbers the weights of the model are.
    pub(super) weights: usize,
}

impl<'a> StateReader<'a> {
    /// The error of a value that cannot be: the one read last.
    pub fn refuse(&self, expected: &str, found: &str) -> Error {
        Error::Malformed {
            path: self.path.into(),
            place: format!("{}, before byte {}", self.owner, self.at),
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }

    fn take(&mut self, len: u64, what: &str) -> Result<&'a [u8]> {
        let taken = usize::try_from(len)
            .ok()
            .and_then(|len| self.bytes.split_at_checked(len));
        let Some((taken, rest)) = taken else {
            let left = self.bytes.len();
            return Err(self.refuse(what, &format!("only {left} bytes of {len}")));
        };
        self.bytes = rest;
        self.at += taken.len();
        Ok(taken)
    }

    fn word(&mut self, what: &str) -> Result<[u8; 8]> {
        let word = self.take(8, what)?;
        Ok(word.try_into().unwrap_or_default())
    }

    fn mark(&mut self, mark: u8) -> Result<&'static str> {
        let expected = kind(mark);
        match self.take(1, expected)? {
            &[found] if found == mark => Ok(expected),
            found => Err(self.refuse(expected, kind(found.first().copied().unwrap_or(0)))),
        }
    }

    /// The length of what follows, in bytes.
    fn len(&mut self, mark: u8, each: u64) -> Result<(u64, &'static str)> {
        let what = self.mark(mark)?;
        let count = u64::from_le_bytes(self.word(what)?);
        match count.checked_mul(each) {
            Some(len) => Ok((len, what)),
            None => Err(self.refuse(what, &format!("one of {count}"))),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// See above.
    pub fn u64(&mut self) -> Result<u64> {
        let what = self.mark(U64)?;
        self.word(what).map(u64::from_le_bytes)
    }

    /// A whole number that counts something here.
    ///
    /// # Errors
    /// See above.
    pub fn count(&mut self) -> Result<usize> {
        let found = self.u64()?;
        usize::try_from(found)
            .map_err(|_| self.refuse("a number that fits this machine", &format!("{found}")))
    }

    /// A number.
    ///
    /// # Errors
    /// See above.
    pub fn f64(&mut self) -> Result<f64> {
        let what = self.mark(F64)?;
        self.word(what).map(f64::from_le_bytes)
    }

    /// Some numbers.
    ///
    /// # Errors
    /// See above.
    pub fn f64s(&mut self) -> Result<Vec<f64>> {
        let (len, what) = self.len(F64S, 8)?;
        let bytes = self.take(len, what)?;
        let (words, _) = bytes.as_chunks::<8>();
        Ok(words.iter().map(|&word| f64::from_le_bytes(word)).collect())
    }

    /// A text.
    ///
    /// # Errors
    /// See above.
    pub fn text(&mut self) -> Result<&'a str> {
        let (len, what) = self.len(TEXT, 1)?;
        let bytes = self.take(len, what)?;
        core::str::from_utf8(bytes).map_err(|error| self.refuse(what, &format!("{error}")))
    }

    /// All weights of the model, or none.
    ///
    /// # Errors
    /// See above.
    pub fn weights(&mut self) -> Result<Option<SavedWeights>> {
        let numbers = self.f64s()?;
        let (expected, found) = (self.weights, numbers.len());
        if found == 0 {
            return Ok(None);
        }
        if found != expected {
            let text = |count| format!("{count} weights");
            return Err(self.refuse(&text(expected), &text(found)));
        }
        Ok(Some(SavedWeights::of(numbers)))
    }

    /// What [`StateWriter::state`] has written.
    pub(super) fn state(&mut self, owner: &'a str) -> Result<Self> {
        let (len, what) = self.len(STATE, 1)?;
        let at = self.at;
        let bytes = self.take(len, what)?;
        Ok(Self {
            bytes,
            at,
            owner,
            ..*self
        })
    }

    /// Whether everything has been read.
    pub(super) fn end(&self) -> Result<()> {
        match self.bytes.len() {
            0 => Ok(()),
            left => Err(self.refuse("nothing more", &format!("{left} more bytes"))),
        }
    }
}

/// A text that is not too long to be read.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
