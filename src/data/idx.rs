//! IDX files: the format of MNIST, Fashion-MNIST and their kin, plain or gzipped.
//!
//! Four bytes say what follows: two zeros, the type of the elements (8: unsigned bytes, the one that
//! is read here) and the number of dimensions. Then come the dimensions, each a big-endian number of
//! four bytes, and then the elements, the last dimension running fastest. A file is gzipped if it
//! begins as gzip files do, whatever its name.
//!
//! Files are checked to the last byte: a type other than unsigned bytes, dimensions that are zero or
//! whose product overflows, bytes that are missing or left over, and damaged gzip data are errors.

use std::io::Read;
use std::path::Path;

use super::Nested;
use super::source::{Source, open};
use crate::Result;
use crate::error::malformed;

/// Reads a file of unsigned bytes with any number of dimensions: the elements, one after another,
/// and the dimensions, whose product is the number of elements.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) if the file can not be read, and
/// [`Error::Malformed`](crate::Error::Malformed) if it is not a whole IDX file of unsigned bytes.
///
/// ```
/// # let path = std::env::temp_dir().join(format!("plywood-idx-{}", std::process::id()));
/// // Two images of 1 x 3 pixels.
/// std::fs::write(&path, b"\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x03abcdef")?;
/// let (images, dims) = plywood::data::idx::read_images(&path)?;
/// assert_eq!(dims, [2, 1, 3]);
/// assert_eq!(images, b"abcdef");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_images(path: impl AsRef<Path>) -> Result<(Vec<u8>, Vec<usize>)> {
    let path = path.as_ref();
    parse(path, open(path)?)
}

/// Reads a file of labels: unsigned bytes with one dimension.
///
/// # Errors
/// Those of [`read_images`], and [`Error::Malformed`](crate::Error::Malformed) if the file has more
/// than one dimension.
///
/// ```
/// # let path = std::env::temp_dir().join(format!("plywood-idx1-{}", std::process::id()));
/// std::fs::write(&path, [0, 0, 8, 1, 0, 0, 0, 2, 9, 3])?;
/// assert_eq!(plywood::data::idx::read_labels(&path)?, [9, 3]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_labels(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    read(path)
}

/// Reads a file of samples whose shape is known: `read::<[[u8; 28]; 28]>(path)`.
///
/// # Errors
/// Those of [`read_images`], and [`Error::Malformed`](crate::Error::Malformed) if the dimensions
/// after the first, which counts the samples, are not those of `A`.
///
/// ```
/// # let path = std::env::temp_dir().join(format!("plywood-idx2-{}", std::process::id()));
/// std::fs::write(&path, b"\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x03abcdef")?;
/// let images = plywood::data::idx::read::<[[u8; 3]; 1]>(&path)?;
/// assert_eq!(images, [[*b"abc"], [*b"def"]]);
///
/// let error = plywood::data::idx::read::<[[u8; 28]; 28]>(&path).unwrap_err();
/// assert!(error.to_string().ends_with("dimensions: expected n x 28 x 28, found 2 x 1 x 3"));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read<A: Nested<Element = u8>>(path: impl AsRef<Path>) -> Result<Vec<A>> {
    let path = path.as_ref();
    let (data, _) = parse_if(path, open(path)?, |dims| {
        if dims.iter().skip(1).copied().eq(A::dims()) {
            return Ok(());
        }
        let expected = A::dims().fold("n".into(), |text, dim| format!("{text} x {dim}"));
        Err(malformed(path, "dimensions", expected, product(dims)))
    })?;
    Ok(bytemuck::allocation::pod_collect_to_vec(&data))
}

/// Reads from anything: [`read_images`] of the bytes that `file` gives. `path` is for errors.
///
/// # Errors
/// Those of [`read_images`].
///
/// ```
/// let bytes = [0, 0, 8, 1, 0, 0, 0, 2, 9, 3];
/// let (labels, dims) = plywood::data::idx::parse("labels", &bytes[..])?;
/// assert_eq!((labels, dims), (vec![9, 3], vec![2]));
///
/// let error = plywood::data::idx::parse("labels", &bytes[..9]).unwrap_err();
/// assert_eq!(error.to_string(), "labels: data: expected 2 bytes, found 1");
/// # Ok::<(), plywood::Error>(())
/// ```
pub fn parse(path: impl AsRef<Path>, file: impl Read) -> Result<(Vec<u8>, Vec<usize>)> {
    parse_if(path.as_ref(), file, |_| Ok(()))
}

/// The same, of a file whose dimensions are right: what `check` refuses is not read, nor unpacked.
fn parse_if(
    path: &Path,
    file: impl Read,
    check: impl FnOnce(&[usize]) -> Result<()>,
) -> Result<(Vec<u8>, Vec<usize>)> {
    let mut source = Source::new(path, file)?;
    let dims = read_dims(&mut source)?;
    check(&dims)?;
    let mut len = 1_usize;
    for &dim in &dims {
        len = len.checked_mul(dim).ok_or_else(|| {
            let expected = format!("a product of at most {}", usize::MAX);
            malformed(path, "dimensions", expected, product(&dims))
        })?;
    }
    let data = source.read_up_to(len)?;
    if data.len() < len {
        let expected = match *dims {
            [_] => format!("{len} bytes"),
            _ => format!("{len} bytes ({})", product(&dims)),
        };
        return Err(malformed(path, "data", expected, data.len()));
    }
    if !source.is_at_end()? {
        let expected = format!("nothing after {len} bytes");
        return Err(malformed(path, "data", expected, "more of them"));
    }
    Ok((data, dims))
}

/// Reads and checks everything before the elements.
fn read_dims(source: &mut Source) -> Result<Vec<usize>> {
    let path = source.path;
    let magic = source.read_up_to(4)?;
    let &[zero, null, element, rank] = magic.as_slice() else {
        return Err(malformed(path, "magic number", "4 bytes", magic.len()));
    };
    if (zero, null) != (0, 0) {
        let found = format!("{zero:#04x} {null:#04x}");
        return Err(malformed(
            path,
            "magic number",
            "two zero bytes first",
            found,
        ));
    }
    if element != 0x08 {
        return Err(malformed(
            path,
            "type of the elements",
            "0x08 (unsigned byte)",
            format!("{element:#04x} ({})", type_name(element)),
        ));
    }
    if rank == 0 {
        return Err(malformed(path, "number of dimensions", "1 to 255", 0));
    }
    let expected = 4 * usize::from(rank);
    let header = source.read_up_to(expected)?;
    if header.len() < expected {
        let found = header.len();
        return Err(malformed(
            path,
            "dimensions",
            format!("{expected} bytes"),
            found,
        ));
    }
    let (numbers, _) = header.as_chunks();
    let mut dims = Vec::with_capacity(numbers.len());
    for (i, &number) in numbers.iter().enumerate() {
        let dim = u32::from_be_bytes(number) as usize;
        if dim == 0 {
            let place = format!("dimension {} of {rank}", i + 1);
            return Err(malformed(path, place, "at least 1", 0));
        }
        dims.push(dim);
    }
    Ok(dims)
}

fn type_name(element: u8) -> &'static str {
    match element {
        0x09 => "signed byte, which is not supported",
        0x0b => "short, which is not supported",
        0x0c => "int, which is not supported",
        0x0d => "float, which is not supported",
        0x0e => "double, which is not supported",
        _ => "not a type of IDX",
    }
}

/// The dimensions in words; of very many, the first ones.
fn product(dims: &[usize]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = dims.iter().take(SHOWN).map(usize::to_string).collect();
    let more = if dims.len() > SHOWN { " x ..." } else { "" };
    shown.join(" x ") + more
}
