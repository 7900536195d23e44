//! The bytes of a checkpoint.
//!
//! ```text
//! 0   89 50 4c 59 43 4b 50 0a   the magic: "\x89PLYCKP\n"
//! 8   u32 version, 1 | u32 the order of bytes, 0x01020304
//! 16  u64 lengths in bytes, one after another: text, values, weights, state
//! 48  u32 checksum of bytes 0 to 48 and the text | u32 checksum of everything behind the text
//! 56  zeros
//! 64  the text: what a training must be like to go on from here
//!     values, each with a mark of its kind
//!     weights, as they lie in memory
//!     state of the optimiser, likewise
//! ```
//!
//! All numbers are little-endian; each of the four parts begins at a multiple of 64 bytes, zeros lying
//! between them, and the file ends with the last one. The checksums are CRC-32, which notices every
//! change of up to 32 bits in a row.

use super::description;
use super::values::shortened;
use crate::error::{Error, Result, malformed};
use crate::files::replace;
use bytemuck::Pod;
use std::borrow::Cow;
use std::format;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::path::Path;
use std::vec::Vec;

const MAGIC: [u8; 8] = *b"\x89PLYCKP\n";
const VERSION: u32 = 1;
const ORDER: u32 = 0x0102_0304;
/// The bytes of the header, and what parts begin at multiples of.
const LINE: usize = 64;
/// The header up to its checksums.
const SUMMED: usize = 48;
/// The longest text.
const MOST_TEXT: usize = 1 << 20;

/// The most bytes of values beside so many bytes of weights: a long history, and some callbacks that
/// keep all weights.
fn most_values(weights: usize) -> usize {
    (1 << 26) + 8 * weights
}

/// Numbers as little-endian bytes.
pub(super) fn little_endian<T: Pod>(numbers: &[T]) -> Cow<'_, [u8]> {
    let bytes: &[u8] = bytemuck::cast_slice(numbers);
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytes);
    }
    let mut bytes = bytes.to_vec();
    turn::<T>(&mut bytes);
    Cow::Owned(bytes)
}

/// Numbers from little-endian bytes.
pub(super) fn numbers<T: Pod>(bytes: &[u8]) -> Vec<T> {
    let mut numbers = std::vec![T::zeroed(); bytes.len() / size_of::<T>()];
    let place: &mut [u8] = bytemuck::cast_slice_mut(&mut numbers);
    for (place, &byte) in place.iter_mut().zip(bytes) {
        *place = byte;
    }
    if cfg!(target_endian = "big") {
        turn::<T>(place);
    }
    numbers
}

fn turn<T>(bytes: &mut [u8]) {
    for number in bytes.chunks_exact_mut(size_of::<T>()) {
        number.reverse();
    }
}

/// The zeros behind a part of so many bytes.
fn gap(len: usize) -> &'static [u8] {
    const ZEROS: [u8; LINE] = [0; LINE];
    let gap = len.next_multiple_of(LINE) - len;
    ZEROS.get(..gap).unwrap_or_default()
}

/// Writes a checkpoint in place of the file, all or nothing. `values` are in two pieces.
pub(super) fn write(
    path: &Path,
    text: &str,
    values: [&[u8]; 2],
    numbers: [&[u8]; 2],
) -> Result<()> {
    let ([moment, epoch], [weights, state]) = (values, numbers);
    let len = moment.len() + epoch.len();
    let most = most_values(weights.len());
    if len > most {
        return Err(Error::BadArgument {
            name: "the size of history and callbacks' states in a checkpoint",
            expected: "what its reader takes, 64 MiB and eight times the weights",
            found: format!("{len} bytes"),
        });
    }
    let behind = [moment, epoch, gap(len), weights, gap(weights.len()), state];
    // (Nothing lies behind the last part.)
    let mut rest = crc32fast::Hasher::new();
    behind.iter().for_each(|part| rest.update(part));

    let mut header = Vec::with_capacity(LINE);
    header.extend_from_slice(&MAGIC);
    header.extend_from_slice(&VERSION.to_le_bytes());
    header.extend_from_slice(&ORDER.to_le_bytes());
    for len in [text.len(), len, weights.len(), state.len()] {
        header.extend_from_slice(&(len as u64).to_le_bytes());
    }
    let head = head_checksum(&header, text.as_bytes());
    header.extend_from_slice(&head.to_le_bytes());
    header.extend_from_slice(&rest.finalize().to_le_bytes());
    header.resize(LINE, 0);
    replace(path, |file| {
        file.write_all(&header)?;
        file.write_all(text.as_bytes())?;
        file.write_all(gap(text.len()))?;
        behind.iter().try_for_each(|part| file.write_all(part))
    })
}

fn head_checksum(summed: &[u8], text: &[u8]) -> u32 {
    let mut head = crc32fast::Hasher::new();
    head.update(summed);
    head.update(text);
    head.finalize()
}

/// The parts of a checkpoint behind its text.
pub(super) struct Content {
    bytes: Vec<u8>,
    values: Range<usize>,
    weights: Range<usize>,
    state: Range<usize>,
    /// Where they begin in the file.
    pub(super) at: usize,
}

impl Content {
    pub(super) fn values(&self) -> &[u8] {
        self.bytes.get(self.values.clone()).unwrap_or_default()
    }
    pub(super) fn weights(&self) -> &[u8] {
        self.bytes.get(self.weights.clone()).unwrap_or_default()
    }
    pub(super) fn state(&self) -> &[u8] {
        self.bytes.get(self.state.clone()).unwrap_or_default()
    }
}

/// Reads a checkpoint that belongs to this text, with so many bytes of weights and state; none if there
/// is no file. What the file says takes no more memory than the file is long, and nothing of its numbers
/// is read before it is known that they are as many as there should be.
pub(super) fn read(path: &Path, text: &str, expected: [usize; 2]) -> Result<Option<Content>> {
    let failed = |action| {
        move |source| Error::Io {
            path: path.into(),
            action,
            source,
        }
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open")(error)),
    };
    let found = file.metadata().map_err(failed("read"))?.len();
    if found < LINE as u64 {
        let (expected, found) = (format!("{LINE} bytes"), format!("{found}"));
        return Err(malformed(path, "the header", expected, found));
    }
    let mut header = [0; LINE];
    file.read_exact(&mut header).map_err(failed("read"))?;
    let header = Header::new(path, header)?;

    let total = header.total();
    if total != Some(found) {
        let expected = total.map_or("one that fits a file".into(), |total| {
            format!("{total} bytes")
        });
        return Err(malformed(path, "the length of the file", expected, found));
    }
    // From here on, all lengths add up to that of the file.
    let [own, values, weights, state] = header.lens.map(|len| len as usize);
    let limit = |place, found, most| {
        let expected = || format!("at most {most} bytes");
        (found <= most)
            .then_some(())
            .ok_or_else(|| malformed(path, place, expected(), found))
    };
    limit("the text", own, MOST_TEXT)?;
    let mut theirs = bytes(&mut file, own.next_multiple_of(LINE)).map_err(failed("read"))?;
    let gap = theirs.split_off(own);
    let sum = head_checksum(header.summed(), &theirs);
    checksum(path, "the checksum of header and text", header.head, sum)?;
    zeros(path, "behind the text", &gap)?;
    description::compare(path, text, &theirs)?;
    drop((theirs, gap));
    for (place, expected, found) in [
        ("the weights", expected[0], weights),
        ("the state of the optimiser", expected[1], state),
    ] {
        if expected != found {
            return Err(malformed(path, place, format!("{expected} bytes"), found));
        }
    }

    limit("the values", values, most_values(weights))?;

    let at = LINE + own.next_multiple_of(LINE);
    let bytes = bytes(&mut file, found as usize - at).map_err(failed("read"))?;
    let sum = crc32fast::hash(&bytes);
    checksum(path, "the checksum of the values", header.rest, sum)?;
    let first = values.next_multiple_of(LINE);
    let second = first + weights.next_multiple_of(LINE);
    let content = Content {
        values: 0..values,
        weights: first..first + weights,
        state: second..second + state,
        bytes,
        at,
    };
    for gap in [values..first, first + weights..second] {
        let gap = content.bytes.get(gap).unwrap_or_default();
        zeros(path, "between the values", gap)?;
    }
    Ok(Some(content))
}

/// So many bytes.
fn bytes(file: &mut File, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len)?;
    bytes.resize(len, 0);
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn checksum(path: &Path, place: &str, expected: u32, found: u32) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    let text = |sum| format!("{sum:08x}");
    Err(malformed(path, place, text(expected), text(found)))
}

fn zeros(path: &Path, place: &str, bytes: &[u8]) -> Result<()> {
    match bytes.iter().find(|&&byte| byte != 0) {
        None => Ok(()),
        Some(byte) => Err(malformed(path, place, "zeros", format!("{byte:#04x}"))),
    }
}

/// The fixed part of a checkpoint.
struct Header {
    bytes: [u8; LINE],
    /// Of text, values, weights and state.
    lens: [u64; 4],
    head: u32,
    rest: u32,
}

impl Header {
    fn new(path: &Path, bytes: [u8; LINE]) -> Result<Self> {
        let (words, _) = bytes.as_chunks::<8>();
        let [magic, numbers, a, b, c, d, sums, last] = *words else {
            return Err(malformed(path, "the header", "eight words", words.len()));
        };
        if magic != MAGIC {
            let found = shortened(&format!("{:?}", magic.escape_ascii().to_string()));
            let expected = "a checkpoint of Plywood";
            return Err(malformed(path, "the first 8 bytes", expected, found));
        }
        let [version, order] = halves(numbers);
        if version != VERSION {
            return Err(malformed(path, "the version", VERSION, version));
        }
        if order != ORDER {
            let text = |order| format!("{order:#010x}");
            return Err(malformed(
                path,
                "the order of bytes",
                text(ORDER),
                text(order),
            ));
        }
        zeros(path, "the end of the header", &last)?;
        let [head, rest] = halves(sums);
        Ok(Self {
            bytes,
            lens: [a, b, c, d].map(u64::from_le_bytes),
            head,
            rest,
        })
    }

    fn summed(&self) -> &[u8] {
        self.bytes.get(..SUMMED).unwrap_or_default()
    }

    /// The length of the whole file.
    fn total(&self) -> Option<u64> {
        let [text, values, weights, state] = self.lens;
        let line = LINE as u64;
        let mut total = line;
        for len in [text, values, weights] {
            total = total.checked_add(len.checked_next_multiple_of(line)?)?;
        }
        let total = total.checked_add(state)?;
        // (It must fit the memory, too.)
        usize::try_from(total).ok().map(|_| total)
    }
}

fn halves(word: [u8; 8]) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = word;
    [[a, b, c, d], [e, f, g, h]].map(u32::from_le_bytes)
}
