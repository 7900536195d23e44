//! The header of a safetensors file, read strictly, by the compiler as well as at run time.
//!
//! It is an object of JSON whose members are tensors,
//! `"dense/kernel":{"dtype":"F32","shape":[784,128],"data_offsets":[0,401408]}`, and at most one
//! `__metadata__`, an object of strings. Nothing else is let through, so there is no tree to build: a
//! [`Header`] gives one tensor after another, as places in the text.

use super::fault::Fault;

/// The names of tensors are at most this long.
pub(crate) const LONGEST_NAME: usize = 256;
/// A tensor has at most so many dimensions.
const MOST_DIMENSIONS: usize = 8;
/// The member that is not a tensor.
const METADATA: &[u8] = b"__metadata__";
/// What Plywood writes into it: the version of its own part ...
pub(crate) const FORMAT: &str = "plywood.format";
pub(crate) const VERSION: &str = "1";
/// ... and the CRC-32 of all numbers in the order of the network, in eight hexadecimal digits. They come
/// together, so that a change of either name does not go unnoticed.
pub(crate) const CHECKSUM: &str = "plywood.crc32";

/// A part of the header.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Its text. (A span of another header is an empty one.)
    pub(crate) const fn of(self, header: &[u8]) -> &[u8] {
        match header.split_at_checked(self.end as usize) {
            Some((start, _)) => match start.split_at_checked(self.start as usize) {
                Some((_, text)) => text,
                None => &[],
            },
            None => &[],
        }
    }
}

/// A tensor as the header tells of it.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    /// What stands between the quotation marks.
    pub(crate) name: Span,
    pub(crate) dtype: Span,
    /// With its brackets.
    pub(crate) shape: Span,
    /// Where its numbers begin and end, counted from the end of the header.
    pub(crate) begin: usize,
    pub(crate) end: usize,
    /// Whether it is one of the network.
    pub(crate) taken: bool,
}

impl Found {
    /// A tensor to be found.
    pub(crate) const NONE: Found = {
        let nothing = Span { start: 0, end: 0 };
        Found {
            name: nothing,
            dtype: nothing,
            shape: nothing,
            begin: 0,
            end: 0,
            taken: false,
        }
    };
}

/// `?` for constants.
macro_rules! attempt {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(fault) => return Err(fault),
        }
    };
}
pub(crate) use attempt;

/// A header on its way through the reader.
#[derive(Clone, Copy)]
pub(crate) struct Header<'a> {
    text: &'a [u8],
    rest: &'a [u8],
    begun: bool,
    has_metadata: bool,
    /// Whether the metadata has the version of Plywood's part.
    is_ours: bool,
    /// The checksum of all numbers, once the header is read.
    pub(crate) checksum: Option<u32>,
}

impl<'a> Header<'a> {
    pub(crate) const fn new(text: &'a [u8]) -> Result<Self, Fault> {
        if let Err(error) = core::str::from_utf8(text) {
            let at = error.valid_up_to();
            return Err(Fault::Syntax {
                at,
                expected: "text in UTF-8",
            });
        }
        if text.len() > u32::MAX as usize {
            return Err(Fault::Syntax {
                at: u32::MAX as usize,
                expected: "the end",
            });
        }
        Ok(Self {
            text,
            rest: text,
            begun: false,
            has_metadata: false,
            is_ours: false,
            checksum: None,
        })
    }

    /// The next tensor; none after the last one.
    pub(crate) const fn next(&mut self) -> Result<Option<Found>, Fault> {
        loop {
            if !self.begun {
                self.begun = true;
                attempt!(self.expect(b'{', "`{`"));
                if self.take(b'}') {
                    return self.end();
                }
            } else if !self.take(b',') {
                attempt!(self.expect(b'}', "`,` or `}`"));
                return self.end();
            }
            let start = self.at();
            let name = attempt!(self.plain_string());
            attempt!(self.expect(b':', "`:`"));
            if !same(name.of(self.text), METADATA) {
                if name.of(self.text).len() > LONGEST_NAME {
                    let expected = "a name of at most 256 bytes";
                    return Err(Fault::Syntax {
                        at: start,
                        expected,
                    });
                }
                let tensor = attempt!(self.tensor(name));
                return Ok(Some(tensor));
            }
            if self.has_metadata {
                let expected = "`__metadata__` once";
                return Err(Fault::Syntax {
                    at: start,
                    expected,
                });
            }
            self.has_metadata = true;
            attempt!(self.metadata());
        }
    }

    const fn end(&mut self) -> Result<Option<Found>, Fault> {
        if self.peek().is_some() {
            return Err(self.fault("nothing but spaces behind the last `}`"));
        }
        if self.is_ours != self.checksum.is_some() {
            return Err(
                self.fault("`plywood.format` and `plywood.crc32` in `__metadata__`, or neither")
            );
        }
        Ok(None)
    }

    /// `{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}`, in any order.
    const fn tensor(&mut self, name: Span) -> Result<Found, Fault> {
        const MEMBERS: &str = "`dtype`, `shape` and `data_offsets`, each once";
        let (mut dtype, mut shape, mut offsets) = (None, None, None);
        attempt!(self.expect(b'{', "`{`"));
        let mut members = 0;
        while members < 3 {
            if members > 0 {
                attempt!(self.expect(b',', "`,`"));
            }
            members += 1;
            let at = self.at();
            let key = attempt!(self.plain_string());
            attempt!(self.expect(b':', "`:`"));
            let key = key.of(self.text);
            if dtype.is_none() && same(key, b"dtype") {
                dtype = Some(attempt!(self.plain_string()));
            } else if shape.is_none() && same(key, b"shape") {
                shape = Some(attempt!(self.shape()));
            } else if offsets.is_none() && same(key, b"data_offsets") {
                attempt!(self.expect(b'[', "`[`"));
                let begin = attempt!(self.number());
                attempt!(self.expect(b',', "`,`"));
                let end = attempt!(self.number());
                attempt!(self.expect(b']', "`]`"));
                offsets = Some((begin, end));
            } else {
                return Err(Fault::Syntax {
                    at,
                    expected: MEMBERS,
                });
            }
        }
        attempt!(self.expect(b'}', "`}`"));
        match (dtype, shape, offsets) {
            (Some(dtype), Some(shape), Some((begin, end))) => Ok(Found {
                name,
                dtype,
                shape,
                begin,
                end,
                taken: false,
            }),
            _ => Err(self.fault(MEMBERS)),
        }
    }

    /// `[2,3]`
    const fn shape(&mut self) -> Result<Span, Fault> {
        attempt!(self.expect(b'[', "`[`"));
        let start = self.at() - 1;
        let mut count = 0;
        if !self.take(b']') {
            loop {
                attempt!(self.number());
                count += 1;
                if count > MOST_DIMENSIONS {
                    return Err(self.fault("at most 8 dimensions"));
                }
                if self.take(b']') {
                    break;
                }
                attempt!(self.expect(b',', "`,` or `]`"));
            }
        }
        Ok(self.span(start, self.at()))
    }

    /// `{"key":"value"}`
    const fn metadata(&mut self) -> Result<(), Fault> {
        attempt!(self.expect(b'{', "`{`"));
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let key = attempt!(self.string(true));
            attempt!(self.expect(b':', "`:`"));
            self.skip();
            let at = self.at();
            let value = attempt!(self.string(true)).of(self.text);
            let key = key.of(self.text);
            if same(key, FORMAT.as_bytes()) {
                if self.is_ours || !same(value, VERSION.as_bytes()) {
                    let expected = "version 1 of `plywood.format`, once";
                    return Err(Fault::Syntax { at, expected });
                }
                self.is_ours = true;
            } else if same(key, CHECKSUM.as_bytes()) {
                match hexadecimal(value) {
                    Some(checksum) if self.checksum.is_none() => self.checksum = Some(checksum),
                    _ => {
                        let expected = "a checksum of eight hexadecimal digits, once";
                        return Err(Fault::Syntax { at, expected });
                    }
                }
            }
            if !self.take(b',') {
                return self.expect(b'}', "`,` or `}`");
            }
        }
    }

    /// How much of the header is read.
    const fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    const fn span(&self, start: usize, end: usize) -> Span {
        Span {
            start: start as u32,
            end: end as u32,
        }
    }

    const fn fault(&self, expected: &'static str) -> Fault {
        Fault::Syntax {
            at: self.at(),
            expected,
        }
    }

    const fn next_byte(&mut self) -> Option<u8> {
        match self.rest.split_first() {
            Some((&byte, rest)) => {
                self.rest = rest;
                Some(byte)
            }
            None => None,
        }
    }

    const fn skip(&mut self) {
        while let Some((b' ' | b'\t' | b'\n' | b'\r', rest)) = self.rest.split_first() {
            self.rest = rest;
        }
    }

    /// The next byte that is not a space.
    const fn peek(&mut self) -> Option<u8> {
        self.skip();
        match self.rest.first() {
            Some(&byte) => Some(byte),
            None => None,
        }
    }

    /// Goes on behind this byte, if it is the next one.
    const fn take(&mut self, byte: u8) -> bool {
        match self.peek() {
            Some(next) if next == byte => {
                self.next_byte();
                true
            }
            _ => false,
        }
    }

    const fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Fault> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.fault(expected))
        }
    }

    /// A string in which every letter stands for itself.
    const fn plain_string(&mut self) -> Result<Span, Fault> {
        self.string(false)
    }

    /// A string, with escapes or not; the span has them as they are.
    const fn string(&mut self, escapes: bool) -> Result<Span, Fault> {
        attempt!(self.expect(b'"', "a string"));
        let start = self.at();
        loop {
            match self.rest.first() {
                Some(b'"') => {
                    let end = self.at();
                    self.next_byte();
                    return Ok(self.span(start, end));
                }
                Some(b'\\') if escapes => attempt!(self.escape()),
                Some(b'\\') => return Err(self.fault("no `\\` in this string")),
                Some(0..b' ') | None => return Err(self.fault("the end of a string")),
                Some(_) => {
                    self.next_byte();
                }
            }
        }
    }

    const fn escape(&mut self) -> Result<(), Fault> {
        self.next_byte();
        let mut digits = match self.rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
            Some(b'u') => 4,
            _ => return Err(self.fault("an escape of JSON")),
        };
        self.next_byte();
        while digits > 0 {
            match self.rest.first() {
                Some(b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.next_byte(),
                _ => return Err(self.fault("a hexadecimal digit")),
            };
            digits -= 1;
        }
        Ok(())
    }

    /// A whole number, without sign, point, exponent or leading zeros.
    const fn number(&mut self) -> Result<usize, Fault> {
        let first = self.peek();
        let Some(b'0'..=b'9') = first else {
            return Err(self.fault("a whole number"));
        };
        let start = self.at();
        let mut number = 0_usize;
        while let Some(&digit @ b'0'..=b'9') = self.rest.first() {
            if matches!(first, Some(b'0')) && self.at() > start {
                return Err(self.fault("a number without leading zeros"));
            }
            number = match number.checked_mul(10) {
                Some(tens) => match tens.checked_add((digit - b'0') as usize) {
                    Some(number) => number,
                    None => return Err(self.fault("a number that fits into memory")),
                },
                None => return Err(self.fault("a number that fits into memory")),
            };
            self.next_byte();
        }
        Ok(number)
    }
}

/// How many tensors there are.
pub(crate) const fn count(header: &[u8]) -> Result<usize, Fault> {
    let mut header = attempt!(Header::new(header));
    let mut count = 0;
    while attempt!(header.next()).is_some() {
        count += 1;
    }
    Ok(count)
}

/// Lists the tensors, as many as there is room for; the checksum, if there is one.
pub(crate) const fn list(header: &[u8], found: &mut [Found]) -> Result<Option<u32>, Fault> {
    let mut header = attempt!(Header::new(header));
    let mut index = 0;
    while let Some(tensor) = attempt!(header.next()) {
        if let Some(place) = get_mut(found, index) {
            *place = tensor;
        }
        index += 1;
    }
    Ok(header.checksum)
}

/// `list.get_mut(index)`, for constants.
pub(crate) const fn get_mut<T>(list: &mut [T], index: usize) -> Option<&mut T> {
    match list.split_at_mut_checked(index) {
        Some((_, rest)) => rest.first_mut(),
        None => None,
    }
}

/// Whether a shape in the text of a header has these dimensions.
pub(crate) const fn has_dims(shape: &[u8], mut dims: &[usize]) -> bool {
    let Ok(mut header) = Header::new(shape) else {
        return false;
    };
    header.take(b'[');
    while let Ok(number) = header.number() {
        match dims.split_first() {
            Some((&dim, rest)) if dim == number => dims = rest,
            _ => return false,
        }
        header.take(b',');
    }
    dims.is_empty()
}

/// Whether two texts are the same.
pub(crate) const fn same(mut a: &[u8], mut b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // From the end: names begin alike.
    while let (Some((x, more)), Some((y, rest))) = (a.split_last(), b.split_last()) {
        if *x != *y {
            return false;
        }
        (a, b) = (more, rest);
    }
    true
}

const fn hexadecimal(mut text: &[u8]) -> Option<u32> {
    if text.len() != 8 {
        return None;
    }
    let mut number = 0;
    while let Some((&digit, rest)) = text.split_first() {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        number = number << 4 | digit as u32;
        text = rest;
    }
    Some(number)
}
