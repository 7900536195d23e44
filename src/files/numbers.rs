//! Numbers as the bytes of a file: little-endian, without padding.

use crate::kernels::Element;
use crate::rows::padded;

/// How many numbers of a tensor lie side by side, and how far apart such rows begin.
fn row(dims: &[usize]) -> (usize, usize) {
    let width = dims.last().copied().unwrap_or(1).max(1);
    (width, padded(width))
}

/// Shows the numbers of a tensor, as bytes.
pub(crate) fn show<T: Element, E>(
    dims: &[usize],
    data: &[T],
    mut see: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let (width, stride) = row(dims);
    if width == stride && cfg!(target_endian = "little") {
        return see(bytemuck::cast_slice(data));
    }
    for row in data.chunks_exact(stride) {
        let row = row.get(..width).unwrap_or_default();
        if cfg!(target_endian = "little") {
            see(bytemuck::cast_slice(row))?;
            continue;
        }
        for &number in row {
            let mut number = [number];
            turn(&mut number);
            see(bytemuck::cast_slice(&number))?;
        }
    }
    Ok(())
}

/// Sets the numbers of a tensor from their bytes.
pub(crate) fn set<T: Element>(dims: &[usize], data: &mut [T], bytes: &[u8]) {
    let (width, stride) = row(dims);
    // Rows without padding are one.
    let (width, stride) = match width == stride {
        true => (data.len().max(1), data.len().max(1)),
        false => (width, stride),
    };
    let rows = data.chunks_exact_mut(stride);
    for (row, bytes) in rows.zip(bytes.chunks_exact(width * size_of::<T>())) {
        let row = row.get_mut(..width).unwrap_or_default();
        bytemuck::cast_slice_mut(row).copy_from_slice(bytes);
        if cfg!(target_endian = "big") {
            turn(row);
        }
    }
}

/// Numbers of the other endianness.
fn turn<T: Element>(numbers: &mut [T]) {
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(numbers);
    bytes
        .chunks_exact_mut(size_of::<T>())
        .for_each(<[u8]>::reverse);
}
