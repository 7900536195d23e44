//! The tensors of a network, by their names: `encoder/dense/kernel`.

use super::fault::Fault;
use super::header::{Found, Span, attempt, get_mut, has_dims, same};
use crate::layer::Entry;
use crate::shape::Text;

/// A name and those around it.
#[derive(Clone, Copy)]
struct Path<'a> {
    name: &'static str,
    outer: Option<&'a Path<'a>>,
}

impl Path<'_> {
    const fn write(&self, text: Text) -> Text {
        match self.outer {
            Some(outer) => outer.write(text).str("/").str(self.name),
            None => text.str(self.name),
        }
    }

    /// Whether this is the whole name.
    const fn is(&self, name: &[u8]) -> bool {
        let own = self.name.as_bytes();
        let Some(start) = name.len().checked_sub(own.len()) else {
            return false;
        };
        let Some((before, last)) = name.split_at_checked(start) else {
            return false;
        };
        match (self.outer, before.split_last()) {
            (None, None) => same(last, own),
            (Some(outer), Some((b'/', before))) => same(last, own) && outer.is(before),
            _ => false,
        }
    }
}

const fn numbers(dims: &[usize]) -> usize {
    let (mut product, mut rest) = (1, dims);
    while let Some((dim, more)) = rest.split_first() {
        product *= *dim;
        rest = more;
    }
    product
}

/// "tensor `encoder/dense/kernel`" and its dimensions, of the tensor with this number.
pub(crate) const fn describe(entries: &'static [Entry], tensor: usize) -> (Text, &'static [usize]) {
    let mut left = tensor;
    match search(entries, None, &mut left) {
        Some(found) => found,
        None => (Text::new(), &[]),
    }
}

/// The tensor before which there are so many.
const fn search(
    mut entries: &'static [Entry],
    outer: Option<&Path<'_>>,
    left: &mut usize,
) -> Option<(Text, &'static [usize])> {
    while let Some((entry, more)) = entries.split_first() {
        entries = more;
        match *entry {
            Entry::Tensor { dims, .. } if numbers(dims) == 0 => {}
            Entry::Tensor { name, dims } if *left == 0 => {
                let text = Text::new().str("tensor `");
                return Some((Path { name, outer }.write(text).str("`"), dims));
            }
            Entry::Tensor { .. } => *left -= 1,
            Entry::Layer { name, entries } => {
                let found = search(entries, Some(&Path { name, outer }), left);
                if found.is_some() {
                    return found;
                }
            }
        }
    }
    None
}

/// The tensors of a network, looked for among those of a header.
pub(crate) struct Matching<'a> {
    /// The text of the header.
    pub(crate) header: &'a [u8],
    /// What it has to say.
    pub(crate) found: &'a mut [Found],
    /// The type of the numbers, and how many bytes one takes.
    pub(crate) dtype: &'a str,
    pub(crate) size: usize,
    /// How many tensors of the network were found.
    matched: usize,
    /// Where the next one is likely to be.
    next: usize,
}

impl<'a> Matching<'a> {
    /// For tensors whose numbers take `size` bytes each, as `dtype` says.
    pub(crate) const fn new(
        header: &'a [u8],
        found: &'a mut [Found],
        dtype: &'a str,
        size: usize,
    ) -> Self {
        Matching {
            header,
            found,
            dtype,
            size,
            matched: 0,
            next: 0,
        }
    }

    /// Finds each tensor of the network, notes in `begins` where it begins, in the network's order, and
    /// checks that there is nothing else: the numbers of the tensors, which take `bytes` bytes, lie one
    /// after another without a gap.
    pub(crate) const fn run(
        mut self,
        entries: &'static [Entry],
        begins: &mut [usize],
        bytes: usize,
    ) -> Result<(), Fault> {
        attempt!(self.layer(entries, None, begins));
        if let Some(name) = self.unknown() {
            return Err(match self.is_twice(name) {
                true => Fault::Duplicate { name },
                false => Fault::Unknown { name },
            });
        }
        self.cover(bytes)
    }

    const fn layer(
        &mut self,
        mut entries: &'static [Entry],
        outer: Option<&Path<'_>>,
        begins: &mut [usize],
    ) -> Result<(), Fault> {
        while let Some((entry, more)) = entries.split_first() {
            entries = more;
            match *entry {
                Entry::Tensor { name, dims } => {
                    if numbers(dims) > 0 {
                        attempt!(self.tensor(Path { name, outer }, dims, begins));
                    }
                }
                Entry::Layer { name, entries } => {
                    let path = Path { name, outer };
                    attempt!(self.layer(entries, Some(&path), begins));
                }
            }
        }
        Ok(())
    }

    const fn tensor(
        &mut self,
        path: Path<'_>,
        dims: &'static [usize],
        begins: &mut [usize],
    ) -> Result<(), Fault> {
        let tensor = self.matched;
        let (mut tried, count) = (0, self.found.len());
        while tried < count {
            let index = (self.next + tried) % count;
            tried += 1;
            let Some(found) = get_mut(self.found, index) else {
                break;
            };
            if found.taken || !path.is(found.name.of(self.header)) {
                continue;
            }
            let &mut Found {
                name,
                dtype,
                shape,
                begin,
                end,
                ..
            } = found;
            found.taken = true;
            (self.next, self.matched) = (index + 1, tensor + 1);
            if !same(dtype.of(self.header), self.dtype.as_bytes())
                || !has_dims(shape.of(self.header), dims)
            {
                return Err(Fault::Different {
                    tensor,
                    dtype,
                    shape,
                });
            }
            let bytes = numbers(dims) * self.size;
            if end < begin || end - begin != bytes {
                return Err(Fault::Size {
                    name,
                    bytes,
                    begin,
                    end,
                });
            }
            if let Some(place) = get_mut(begins, tensor) {
                *place = begin;
            }
            return Ok(());
        }
        Err(Fault::Missing {
            tensor,
            unknown: self.unknown(),
        })
    }

    /// The first tensor in the header that was not asked for.
    const fn unknown(&self) -> Option<Span> {
        let mut rest: &[Found] = self.found;
        while let Some((found, more)) = rest.split_first() {
            if !found.taken {
                return Some(found.name);
            }
            rest = more;
        }
        None
    }

    /// Whether there is a tensor of this name among those that were asked for.
    const fn is_twice(&self, name: Span) -> bool {
        let mut rest: &[Found] = self.found;
        while let Some((found, more)) = rest.split_first() {
            if found.taken && same(found.name.of(self.header), name.of(self.header)) {
                return true;
            }
            rest = more;
        }
        false
    }

    /// Whether the tensors lie one after another, and take all bytes.
    const fn cover(&mut self, bytes: usize) -> Result<(), Fault> {
        let count = self.found.len();
        let (mut at, mut next, mut covered) = (0, 0, 0);
        while covered < count {
            let mut tried = 0;
            loop {
                if tried == count {
                    return Err(Fault::Gap { at });
                }
                let index = (next + tried) % count;
                tried += 1;
                if let Some(found) = get_mut(self.found, index)
                    && found.begin == at
                {
                    (at, next) = (found.end, index + 1);
                    break;
                }
            }
            covered += 1;
        }
        if at != bytes {
            return Err(Fault::Length {
                expected: at,
                found: bytes,
            });
        }
        Ok(())
    }
}

/// A tensor of the network.
#[cfg(feature = "npz")]
pub(crate) struct Named {
    pub(crate) name: alloc::string::String,
    pub(crate) dims: &'static [usize],
}

#[cfg(feature = "npz")]
impl Named {
    /// How many numbers it has.
    pub(crate) fn len(&self) -> usize {
        numbers(self.dims)
    }
}

/// All tensors of the network.
#[cfg(feature = "npz")]
pub(crate) fn list(entries: &'static [Entry]) -> alloc::vec::Vec<Named> {
    fn add(list: &mut alloc::vec::Vec<Named>, path: &str, entries: &'static [Entry]) {
        for entry in entries {
            match *entry {
                Entry::Tensor { dims, .. } if numbers(dims) == 0 => {}
                Entry::Tensor { name, dims } => {
                    let name = [path, name].concat();
                    list.push(Named { name, dims });
                }
                Entry::Layer { name, entries } => {
                    add(list, &alloc::format!("{path}{name}/"), entries);
                }
            }
        }
    }
    let mut list = alloc::vec::Vec::new();
    add(&mut list, "", entries);
    list
}
