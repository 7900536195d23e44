//! The header of an `.npy` file: what numpy says about one array.
//!
//! A magic number, a version, the length of the header, and a dictionary of Python,
//! `{'descr': '<f4', 'fortran_order': False, 'shape': (784, 128), }`, with spaces up to a multiple of 64.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const MAGIC: &[u8] = b"\x93NUMPY";
/// Before the length: the magic number and the version.
pub(super) const START: usize = 8;
/// A header is at most this long: it has one type and one shape.
const LONGEST: usize = 4096;

/// How many bytes after the start have the length, and the length that they have.
pub(super) fn length_bytes(start: &[u8]) -> Result<usize, [String; 3]> {
    let refuse = |place: &str, expected: &str, found: String| {
        Err([place.to_string(), expected.to_string(), found])
    };
    match start.split_last_chunk() {
        Some((magic, &[major, minor])) if magic == MAGIC => match (major, minor) {
            (1, 0) => Ok(2),
            (2 | 3, 0) => Ok(4),
            _ => refuse("version", "1.0, 2.0 or 3.0", format!("{major}.{minor}")),
        },
        _ => refuse("magic number", "that of npy", format!("{start:02x?}")),
    }
}

/// The length of the header from its bytes.
pub(super) fn length(bytes: &[u8]) -> Result<usize, [String; 3]> {
    let place = bytes.iter().rev();
    let length = place.fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
    if length > LONGEST {
        let expected = format!("at most {LONGEST}");
        return Err(["length of the header".into(), expected, length.to_string()]);
    }
    Ok(length)
}

/// The type of numbers, as numpy calls it.
pub(super) fn descr<T>() -> &'static str {
    match size_of::<T>() {
        4 => "<f4",
        _ => "<f8",
    }
}

/// `(784, 128)`; one dimension is `(128,)`.
fn tuple(dims: &[usize]) -> String {
    match dims {
        [dim] => format!("({dim},)"),
        _ => {
            let dims: Vec<String> = dims.iter().map(usize::to_string).collect();
            format!("({})", dims.join(", "))
        }
    }
}

/// Everything before the numbers of an array.
pub(super) fn write<T>(dims: &[usize]) -> Vec<u8> {
    let mut text = format!(
        "{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}",
        descr::<T>(),
        tuple(dims)
    );
    // The line end is the last byte.
    while !(START + 2 + text.len() + 1).is_multiple_of(64) {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

/// Whether the header is that of numbers `T` in an array of these dimensions; else what of it is not.
pub(super) fn check<T>(header: &[u8], dims: &[usize]) -> Result<(), [String; 3]> {
    let mut parser = Parser { header, at: 0 };
    let (mut has_descr, mut has_order, mut has_shape) = (false, false, false);
    parser.expect("{")?;
    for _ in 0..3 {
        let key = parser.string()?;
        parser.expect(":")?;
        match key {
            "descr" if !has_descr => {
                has_descr = true;
                let found = parser.string()?;
                if found != descr::<T>() {
                    let order = match found.as_bytes() {
                        [b'>', ..] => " (big-endian)",
                        _ => "",
                    };
                    let found = format!("`{}`{order}", shorten(found));
                    return Err(["type".into(), format!("`{}`", descr::<T>()), found]);
                }
            }
            "fortran_order" if !has_order => {
                has_order = true;
                if parser.take("True") && dims.len() > 1 {
                    let expected = "rows one after another (`'fortran_order': False`)";
                    return Err(["order".into(), expected.into(), "columns".into()]);
                }
                if !parser.ends_with("True") {
                    parser.expect("False")?;
                }
            }
            "shape" if !has_shape => {
                has_shape = true;
                let found = parser.tuple()?;
                if found != dims {
                    return Err(["shape".into(), tuple(dims), tuple(&found)]);
                }
            }
            _ => return Err(parser.fault("`descr`, `fortran_order` and `shape`, each once")),
        }
        if !parser.take(",") {
            break;
        }
    }
    parser.expect("}")?;
    if !(has_descr && has_order && has_shape) {
        return Err(parser.fault("`descr`, `fortran_order` and `shape`, each once"));
    }
    parser.skip();
    match parser.rest() {
        [] => Ok(()),
        _ => Err(parser.fault("nothing but spaces")),
    }
}

/// The beginning of a text that may be long.
fn shorten(text: &str) -> String {
    text.chars().take(16).collect()
}

struct Parser<'a> {
    header: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a [u8] {
        self.header.get(self.at..).unwrap_or_default()
    }

    fn fault(&self, expected: &str) -> [String; 3] {
        let found = match self.rest() {
            [] => "the end".to_string(),
            [byte @ b' '..=b'~', ..] => format!("`{}`", char::from(*byte)),
            [byte, ..] => format!("byte {byte}"),
        };
        [format!("header, byte {}", self.at), expected.into(), found]
    }

    fn skip(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', ..] = self.rest() {
            self.at += 1;
        }
    }

    fn take(&mut self, text: &str) -> bool {
        self.skip();
        let is_next = self.rest().starts_with(text.as_bytes());
        if is_next {
            self.at += text.len();
        }
        is_next
    }

    /// Whether this was taken last.
    fn ends_with(&self, text: &str) -> bool {
        let taken = self.header.get(..self.at).unwrap_or_default();
        taken.ends_with(text.as_bytes())
    }

    fn expect(&mut self, text: &str) -> Result<(), [String; 3]> {
        match self.take(text) {
            true => Ok(()),
            false => Err(self.fault(&format!("`{text}`"))),
        }
    }

    /// A string in quotation marks of either kind, without escapes.
    fn string(&mut self) -> Result<&'a str, [String; 3]> {
        let mark = if self.take("\"") { b'"' } else { b'\'' };
        if mark == b'\'' {
            self.expect("'")?;
        }
        let rest = self.rest();
        let end = rest.iter().position(|&byte| byte == mark || byte == b'\\');
        let text = end.and_then(|end| rest.get(..end));
        let Some(text) = text.and_then(|text| core::str::from_utf8(text).ok()) else {
            return Err(self.fault("a string"));
        };
        self.at += text.len();
        self.expect(if mark == b'"' { "\"" } else { "'" })?;
        Ok(text)
    }

    /// `(2, 3)`, `(2,)`
    fn tuple(&mut self) -> Result<Vec<usize>, [String; 3]> {
        let mut dims = Vec::new();
        self.expect("(")?;
        while !self.take(")") {
            let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit());
            let digits = self.rest().get(..digits.count()).unwrap_or_default();
            let number = core::str::from_utf8(digits).ok();
            let Some(dim) = number.and_then(|number| number.parse().ok()) else {
                return Err(self.fault("a whole number"));
            };
            self.at += digits.len();
            dims.push(dim);
            if !self.take(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(dims)
    }
}
