//! What can be wrong with a header, and the words for it.

use super::header::Span;
use super::tree;
use crate::layer::Entry;
use crate::shape::Text;

/// What is wrong with a header, or with what it says.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// The text is not what it has to be from this byte on.
    Syntax { at: usize, expected: &'static str },
    /// The network's tensor of this number is not there; one that is unknown may be.
    Missing {
        tensor: usize,
        unknown: Option<Span>,
    },
    /// It has another type or shape.
    Different {
        tensor: usize,
        dtype: Span,
        shape: Span,
    },
    /// Its numbers do not take as many bytes as they must.
    Size {
        name: Span,
        bytes: usize,
        begin: usize,
        end: usize,
    },
    /// The network has no such tensor.
    Unknown { name: Span },
    /// A name is there twice.
    Duplicate { name: Span },
    /// No tensor begins at this byte of the numbers.
    Gap { at: usize },
    /// The numbers have another length.
    Length { expected: usize, found: usize },
}

/// A fault in words.
pub(crate) struct Words {
    pub(crate) place: Text,
    pub(crate) expected: Text,
    pub(crate) found: Text,
}

const fn text(text: &str) -> Text {
    Text::new().str(text)
}

impl Fault {
    /// The fault in words, for a header and the network that it should belong to.
    pub(crate) const fn words(
        self,
        header: &[u8],
        entries: &'static [Entry],
        dtype: &str,
    ) -> Words {
        let describe = match self {
            Fault::Missing { tensor, .. } | Fault::Different { tensor, .. } => tensor,
            _ => 0,
        };
        let (tensor, dims) = tree::describe(entries, describe);
        let wanted = text(dtype).str(" of shape ").shape(dims);
        match self {
            Fault::Syntax { at, expected } => Words {
                place: text("header, byte ").number(at),
                expected: text(expected),
                found: match header.split_at_checked(at) {
                    Some((_, [byte @ b' '..=b'~', ..])) => text("`").bytes(&[*byte]).str("`"),
                    Some((_, [byte, ..])) => text("byte ").number(*byte as usize),
                    _ => text("the end"),
                },
            },
            Fault::Missing { unknown, .. } => Words {
                place: tensor,
                expected: wanted,
                found: match unknown {
                    Some(name) => text("none of this name, but an unknown `")
                        .bytes(name.of(header))
                        .str("`"),
                    None => text("none of this name"),
                },
            },
            Fault::Different { dtype, shape, .. } => Words {
                place: tensor,
                expected: wanted,
                found: Text::new()
                    .bytes(dtype.of(header))
                    .str(" of shape ")
                    .spaced(shape.of(header)),
            },
            Fault::Size {
                name,
                bytes,
                begin,
                end,
            } => Words {
                place: text("`data_offsets` of tensor `")
                    .bytes(name.of(header))
                    .str("`"),
                expected: text("two numbers that are ").number(bytes).str(" apart"),
                found: text("").number(begin).str(" and ").number(end),
            },
            Fault::Unknown { name } => Words {
                place: text("tensor `").bytes(name.of(header)).str("`"),
                expected: text("no tensor that the network does not have"),
                found: text("one"),
            },
            Fault::Duplicate { name } => Words {
                place: text("tensor `").bytes(name.of(header)).str("`"),
                expected: text("each tensor once"),
                found: text("it twice"),
            },
            Fault::Gap { at } => Words {
                place: text("`data_offsets`"),
                expected: text("a tensor that begins at ").number(at),
                found: text("none: a gap, or tensors that overlap"),
            },
            Fault::Length { expected, found } => Words {
                place: text("numbers"),
                expected: text("").number(expected).str(" bytes"),
                found: text("").number(found),
            },
        }
    }
}
