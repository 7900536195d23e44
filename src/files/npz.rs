//! Weights as numpy's `.npz`: a zip archive with an `.npy` file for each tensor, as it is or deflated.

use super::npy;
use super::numbers;
use super::source::Source;
use super::stored::Stored;
use super::tree;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Visitor, Weights};
use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveWriter, ZipSliceArchive};
use std::boxed::Box;
use std::format;
use std::io::{self, Read, Write};
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

/// Besides the numbers a file may have so many bytes ...
const LEAST: u64 = 1 << 16;
/// ... and so many for each tensor.
const PER_TENSOR: u64 = 1 << 11;

/// Behind its data a member may have as many bytes, which repeat the checksum and the lengths.
const DESCRIPTOR: u64 = 24;

/// Writes an archive.
pub(super) fn write<T: Element, W: Weights<T>>(
    weights: &W,
    file: &mut dyn Write,
) -> io::Result<()> {
    struct Put<'a, 'f> {
        archive: ZipArchiveWriter<&'f mut dyn Write>,
        names: vec::IntoIter<tree::Named>,
        result: &'a mut io::Result<()>,
    }
    impl Put<'_, '_> {
        fn put<T: Element>(&mut self, dims: &[usize], data: &[T]) -> io::Result<()> {
            let name = self.names.next().map(|tensor| tensor.name);
            let name = name.unwrap_or_default() + ".npy";
            let (mut entry, config) = self
                .archive
                .new_file(name.as_str())
                .start()
                .map_err(other)?;
            let mut writer = config.wrap(&mut entry);
            writer.write_all(&npy::write::<T>(dims))?;
            numbers::show(dims, data, |bytes| writer.write_all(bytes))?;
            let (_, descriptor) = writer.finish().map_err(other)?;
            entry.finish(descriptor).map_err(other)?;
            Ok(())
        }
    }
    impl<T: Element> Visitor<T> for Put<'_, '_> {
        fn tensor(&mut self, _: &'static str, dims: &[usize], data: &[T]) {
            if self.result.is_ok() {
                *self.result = self.put(dims, data);
            }
        }
    }
    let mut result = Ok(());
    let mut put = Put {
        archive: ZipArchiveWriter::new(file),
        names: tree::list(W::ENTRIES).into_iter(),
        result: &mut result,
    };
    weights.visit(&mut put);
    let finished = put.archive.finish().map(drop).map_err(other);
    result.and(finished)
}

fn other(error: rawzip::Error) -> io::Error {
    io::Error::other(error)
}

/// Reads weights; they are unchanged if this fails.
pub(super) fn read<T: Element, W: Weights<T>>(
    weights: &mut W,
    mut source: impl Source,
) -> Result<()> {
    let tensors = tree::list(W::ENTRIES);
    let count = tensors.iter().map(tree::Named::len).sum::<usize>();
    let most = LEAST + PER_TENSOR * tensors.len() as u64 + (count * size_of::<T>()) as u64;
    let len = source.left();
    if len > most {
        return source.refuse("length", format!("at most {most} bytes"), len);
    }
    let mut file = vec![0; len as usize];
    source.read(&mut file)?;
    let archive = match ZipArchive::from_slice(file.as_slice()) {
        Ok(archive) => archive,
        Err(error) => return source.refuse("zip", "a whole zip archive", error),
    };
    let found = match directory(&archive, &tensors) {
        Ok(found) => found,
        Err([place, expected, found]) => return source.refuse(place, expected, found),
    };
    // All tensors are there. Now memory is taken for them, which is that of the network.
    let mut numbers = vec![T::zero(); count];
    let mut begins = Vec::with_capacity(tensors.len());
    let mut rest = numbers.as_mut_slice();
    let mut begin = 0;
    for (tensor, found) in tensors.iter().zip(found) {
        let (mine, others) = rest.split_at_mut(tensor.len());
        rest = others;
        begins.push(begin * size_of::<T>());
        begin += mine.len();
        if let Err([place, expected, found]) = member(&archive, found, tensor, mine) {
            let place = format!("tensor `{}`, {place}", tensor.name);
            return source.refuse(place, expected, found);
        }
    }
    Stored::new(bytemuck::cast_slice(&numbers), &begins).give(weights);
    Ok(())
}

type Fault = [String; 3];
type Archive<'a> = ZipSliceArchive<&'a [u8]>;
type Wayfinder = (rawzip::ZipArchiveEntryWayfinder, CompressionMethod);

fn fault<T>(
    place: impl ToString,
    expected: impl ToString,
    found: impl ToString,
) -> core::result::Result<T, Fault> {
    Err([place.to_string(), expected.to_string(), found.to_string()])
}

/// Where each tensor of the network is in the archive, which has nothing else.
fn directory(
    archive: &Archive<'_>,
    tensors: &[tree::Named],
) -> core::result::Result<Vec<Wayfinder>, Fault> {
    let zip = |error: rawzip::Error| ["zip".into(), "a sound directory".into(), error.to_string()];
    let mut found: Vec<Option<Wayfinder>> = vec![None; tensors.len()];
    let mut unknown = None;
    let mut count = 0_u64;
    // Where what was seen of the archive ends: members lie in the order of the directory.
    let mut end = 0_u64;
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().map_err(zip)? {
        count += 1;
        let path = entry.file_path();
        let name = path.as_bytes().strip_suffix(b".npy");
        let place = String::from_utf8_lossy(path.as_bytes());
        let place: String = place.chars().take(256).collect();
        let at = entry.local_header_offset();
        if at < end || at > end + DESCRIPTOR {
            return fault(place, format!("a place at byte {end}"), at);
        }
        let local = archive.get_entry(entry.wayfinder()).map_err(zip)?;
        let header = local.local_header();
        if header.file_path().as_bytes() != path.as_bytes() {
            let expected = "the same name before the data";
            return fault(place, expected, "another one");
        }
        if entry.flags().is_encrypted() || header.flags().is_encrypted() {
            return fault(place, "numbers without a password", "encrypted ones");
        }
        end = local.compressed_data_range().1;
        match tensors
            .iter()
            .zip(&mut found)
            .find(|(tensor, _)| Some(tensor.name.as_bytes()) == name)
        {
            Some((_, Some(_))) => return fault(place, "each tensor once", "it twice"),
            Some((_, slot)) => *slot = Some((entry.wayfinder(), entry.compression_method())),
            None => unknown = unknown.or(Some(place)),
        }
    }
    for (tensor, found) in tensors.iter().zip(&found) {
        if found.is_none() {
            let found = match unknown {
                Some(name) => format!("none of this name, but an unknown `{name}`"),
                None => "none of this name".into(),
            };
            let place = format!("tensor `{}`", tensor.name);
            return fault(place, format!("shape {:?}", tensor.dims), found);
        }
    }
    if let Some(name) = unknown {
        let expected = "no tensor that the network does not have";
        return fault(name, expected, "one");
    }
    if count != archive.entries_hint() {
        return fault("zip", format!("{} members", archive.entries_hint()), count);
    }
    let (len, last) = (archive.get_ref().len() as u64, archive.end_offset());
    let behind = len - last + archive.comment().as_bytes().len() as u64;
    if behind > 0 {
        let found = format!("{behind} bytes");
        return fault("zip", "nothing behind the directory", found);
    }
    Ok(found.into_iter().flatten().collect())
}

/// Reads one tensor.
fn member<T: Element>(
    archive: &Archive<'_>,
    (wayfinder, method): Wayfinder,
    tensor: &tree::Named,
    numbers: &mut [T],
) -> core::result::Result<(), Fault> {
    let zip = |error: rawzip::Error| ["zip".into(), "a sound member".into(), error.to_string()];
    let entry = archive.get_entry(wayfinder).map_err(zip)?;
    let reader: Box<dyn Read + '_> = match method {
        CompressionMethod::STORE => Box::new(entry.data()),
        CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(entry.data())),
        _ => {
            let found = format!("{method:?}");
            return fault("compression", "stored or deflated", found);
        }
    };
    let mut reader = entry.verifying_reader(reader);
    let mut fill = |place: &str, buffer: &mut [u8]| {
        let read = reader.read_exact(buffer);
        let expected = || format!("{} bytes", buffer.len());
        read.map_err(|error| [place.to_string(), expected(), error.to_string()])
    };
    let mut start = [0; npy::START];
    fill("magic number", &mut start)?;
    let mut length = [0; 4];
    let length = length
        .get_mut(..npy::length_bytes(&start)?)
        .unwrap_or_default();
    fill("length of the header", length)?;
    let mut header = vec![0; npy::length(length)?];
    fill("header", &mut header)?;
    npy::check::<T>(&header, tensor.dims)?;
    fill("numbers", bytemuck::cast_slice_mut(numbers))?;
    // The end, where length and checksum are compared.
    match reader.read(&mut [0]) {
        Ok(0) => Ok(()),
        Ok(_) => fault("numbers", format!("{} of them", numbers.len()), "more"),
        Err(error) => fault("numbers", "a right checksum and length", error),
    }
}
