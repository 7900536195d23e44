//! Weights as safetensors: eight bytes with the length of the header, the [header](super::header), and
//! the numbers.

use super::fault::Fault;
use super::header::{self, CHECKSUM, FORMAT, Found, VERSION};
use super::numbers;
use super::source::Source;
use super::stored::Stored;
use super::tree::Matching;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Entry, Visitor, Weights};
use crate::shape::Text;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// The name that the format has for a type of numbers.
pub(crate) const fn dtype<T>() -> &'static str {
    match size_of::<T>() {
        4 => "F32",
        _ => "F64",
    }
}

/// Where the numbers begin, in bytes, is a multiple of this.
const ALIGNMENT: usize = 64;

/// Hands the bytes of a file to `put`, one piece after another.
pub(crate) fn write<T: Element, W: Weights<T>, E>(
    weights: &W,
    put: &mut dyn FnMut(&[u8]) -> core::result::Result<(), E>,
) -> core::result::Result<(), E> {
    struct Put<'a, E> {
        put: &'a mut dyn FnMut(&[u8]) -> core::result::Result<(), E>,
        result: core::result::Result<(), E>,
    }
    impl<T: Element, E> Visitor<T> for Put<'_, E> {
        fn tensor(&mut self, _: &'static str, dims: &[usize], data: &[T]) {
            if self.result.is_ok() {
                self.result = numbers::show(dims, data, &mut *self.put);
            }
        }
    }
    let header = describe::<T, W>(checksum(weights));
    put(&(header.len() as u64).to_le_bytes())?;
    put(header.as_bytes())?;
    let mut visitor = Put {
        put,
        result: Ok(()),
    };
    weights.visit(&mut visitor);
    visitor.result
}

/// The CRC-32 of all numbers.
fn checksum<T: Element, W: Weights<T>>(weights: &W) -> u32 {
    struct Sum(crc32fast::Hasher);
    impl<T: Element> Visitor<T> for Sum {
        fn tensor(&mut self, _: &'static str, dims: &[usize], data: &[T]) {
            let Ok(()) = numbers::show(dims, data, |bytes| {
                self.0.update(bytes);
                Ok::<(), core::convert::Infallible>(())
            });
        }
    }
    let mut sum = Sum(crc32fast::Hasher::new());
    weights.visit(&mut sum);
    sum.0.finalize()
}

/// The header of the file that holds these weights.
fn describe<T: Element, W: Weights<T>>(checksum: u32) -> String {
    /// Adds the members of some tensors, each with a comma before it.
    fn add(
        text: &mut String,
        path: &str,
        entries: &[Entry],
        number: (&str, usize),
        at: &mut usize,
    ) {
        for entry in entries {
            match *entry {
                Entry::Tensor { name, dims } => {
                    let bytes = dims.iter().product::<usize>() * number.1;
                    if bytes == 0 {
                        continue;
                    }
                    let (begin, end, dtype) = (*at, *at + bytes, number.0);
                    *at = end;
                    *text += &format!(
                        ",\"{path}{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{dims:?},\
                         \"data_offsets\":[{begin},{end}]}}"
                    );
                }
                Entry::Layer { name, entries } => {
                    add(text, &format!("{path}{name}/"), entries, number, at);
                }
            }
        }
    }
    let mut text = format!(
        "{{\"__metadata__\":{{\"{FORMAT}\":\"{VERSION}\",\"{CHECKSUM}\":\"{checksum:08x}\"}}"
    );
    let number = (dtype::<T>(), size_of::<T>());
    add(&mut text, "", W::ENTRIES, number, &mut 0);
    text.push('}');
    while !(text.len() + 8).is_multiple_of(ALIGNMENT) {
        text.push(' ');
    }
    text
}

/// Reads weights; they are unchanged if this fails.
pub(crate) fn read<T: Element, W: Weights<T>>(
    weights: &mut W,
    mut source: impl Source,
) -> Result<()> {
    let mut length = [0; 8];
    let len = source.left();
    let Some(after) = len.checked_sub(8) else {
        return source.refuse("length of the header", "8 bytes", len);
    };
    source.read(&mut length)?;
    let length = u64::from_le_bytes(length);
    // A network has so many tensors, with names so long.
    let most = after.min(LEAST_HEADER + PER_TENSOR * count(W::ENTRIES));
    if length > most {
        let expected = format!("at most {most}");
        return source.refuse("length of the header", expected, length);
    }
    let mut header = vec![0; length as usize];
    source.read(&mut header)?;
    let len = usize::try_from(source.left()).unwrap_or(usize::MAX);
    let (begins, checksum) = match places::<T, W>(&header, len) {
        Ok(places) => places,
        Err(fault) => {
            let words = fault.words(&header, W::ENTRIES, dtype::<T>());
            let [place, expected, found] =
                [&words.place, &words.expected, &words.found].map(Text::as_str);
            return source.refuse(place, expected, found);
        }
    };
    drop(header);
    // From here on the length is that of the network.
    let mut numbers = vec![T::zero(); len / size_of::<T>()];
    source.read(bytemuck::cast_slice_mut(&mut numbers))?;
    let stored = Stored::new(bytemuck::cast_slice(&numbers), &begins);
    if let Some(checksum) = checksum {
        let found = stored.checksum(weights);
        if found != checksum {
            let (expected, found) = (format!("{checksum:08x}"), format!("{found:08x}"));
            return source.refuse("checksum", expected, found);
        }
    }
    stored.give(weights);
    Ok(())
}

/// A header may have so many bytes ...
const LEAST_HEADER: u64 = 1 << 16;
/// ... and so many for each tensor.
const PER_TENSOR: u64 = 1 << 10;

fn count(entries: &[Entry]) -> u64 {
    let count = |entry: &Entry| match entry {
        Entry::Tensor { .. } => 1,
        Entry::Layer { entries, .. } => count(entries),
    };
    entries.iter().map(count).sum()
}

/// Where the network's tensors begin, and the checksum, if there is one.
fn places<T: Element, W: Weights<T>>(
    header: &[u8],
    bytes: usize,
) -> core::result::Result<(Vec<usize>, Option<u32>), Fault> {
    let mut found = vec![Found::NONE; header::count(header)?];
    let checksum = header::list(header, &mut found)?;
    let mut begins = vec![0; count(W::ENTRIES) as usize];
    let matching = Matching::new(header, &mut found, dtype::<T>(), size_of::<T>());
    matching.run(W::ENTRIES, &mut begins, bytes)?;
    Ok((begins, checksum))
}
