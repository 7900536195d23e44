//! Whatever a file of weights holds, the model gets exactly its own tensors, or an error says where the
//! file is wrong, and the model is what it was. Never a panic, and never more memory than twice the file.
#![cfg(feature = "std")]
#![allow(unsafe_code)] // for the allocator that counts

mod memory;

use memory::peak;
use plywood::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// What an error takes: a path and some words.
const WORDS: usize = 1024;

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("malformed-{test}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

sequential! {
    struct Net: [2] => [1] { Dense(3, tanh), Dense(1) }
}

sequential! {
    /// Its file has about 1 KB.
    struct Kilobyte: [8] => [4] { Dense(10, tanh), Dense(4) }
}

/// A change that nobody notices must be one that changes nothing.
fn read_changed(bytes: &[u8], read: impl Fn(&mut Kilobyte, &[u8]) -> plywood::Result<()>) -> bool {
    let mut model = Kilobyte::new(2);
    let before = model.get_weights();
    let (result, peak) = peak(|| read(&mut model, bytes));
    assert!(peak <= 2 * bytes.len() + WORDS, "{peak} bytes");
    match result {
        Ok(()) => {
            assert_eq!(model.get_weights(), Kilobyte::new(1).get_weights());
            true
        }
        Err(error) => {
            assert_eq!(model.get_weights(), before);
            let text = error.to_string();
            assert!(
                text.contains(": expected ") && text.contains(", found "),
                "{text}"
            );
            false
        }
    }
}

#[test]
fn every_cut_and_every_changed_bit_of_safetensors_is_noticed() {
    let read = |model: &mut Kilobyte, bytes: &[u8]| model.weights_from_bytes(bytes);
    let good = Kilobyte::new(1).weights_to_bytes();
    assert!((900..1200).contains(&good.len()), "{}", good.len());
    assert!(read_changed(&good, read));
    for end in 0..good.len() {
        assert!(!read_changed(&good[..end], read), "the first {end} bytes");
    }
    let mut bytes = good;
    for bit in 0..8 * bytes.len() {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(!read_changed(&bytes, read), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

/// A safetensors file.
fn file(header: impl AsRef<[u8]>, data: usize) -> Vec<u8> {
    let header = header.as_ref();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(vec![0; data]);
    file
}

const GOOD: &str = concat!(
    r#"{"dense/kernel":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#,
    r#""dense/bias":{"dtype":"F32","shape":[3],"data_offsets":[24,36]},"#,
    r#""dense_1/kernel":{"dtype":"F32","shape":[3,1],"data_offsets":[36,48]},"#,
    r#""dense_1/bias":{"dtype":"F32","shape":[1],"data_offsets":[48,52]}}"#,
);

/// The good header with one change.
fn with(from: &str, to: &str) -> Vec<u8> {
    assert!(GOOD.contains(from), "{from}");
    file(GOOD.replacen(from, to, 1), 52)
}

/// The good header with metadata.
fn metadata(text: &str) -> Vec<u8> {
    file(
        GOOD.replacen('{', &format!("{{\"__metadata__\":{text},"), 1),
        52,
    )
}

fn claims(length: u64, rest: &[u8]) -> Vec<u8> {
    [&length.to_le_bytes(), rest].concat()
}

fn safetensors() -> Vec<(&'static str, Vec<u8>, String)> {
    let good = file(GOOD, 52);
    let first =
        |found: &str| format!("tensor `dense/kernel`: expected F32 of shape [2, 3], found {found}");
    let byte = |at: usize, expected: &str, found: &str| {
        format!("header, byte {at}: expected {expected}, found {found}")
    };
    let members = "`dtype`, `shape` and `data_offsets`, each once";
    let offsets = |name: &str, apart: usize, found: &str| {
        format!(
            "`data_offsets` of tensor `{name}`: expected two numbers that are {apart} apart, found {found}"
        )
    };
    let gap = |at: usize| {
        format!(
            "`data_offsets`: expected a tensor that begins at {at}, found none: a gap, or tensors that \
             overlap"
        )
    };
    let long = "n".repeat(257);
    let swapped: Vec<u8> = (good.len() as u64 - 60)
        .to_be_bytes()
        .iter()
        .chain(&good[8..])
        .copied()
        .collect();
    #[rustfmt::skip]
    let cases = vec![
        ("empty", vec![], "length of the header: expected 8 bytes, found 0".into()),
        ("seven bytes", vec![0; 7], "length of the header: expected 8 bytes, found 7".into()),
        ("no header", vec![0; 8], byte(0, "`{`", "the end")),
        ("claims one byte more", claims(1, b""), "length of the header: expected at most 0, found 1".into()),
        ("claims 16 EiB", claims(u64::MAX, b"{}"), "length of the header: expected at most 2, found 18446744073709551615".into()),
        ("big-endian length", swapped, "length of the header: expected at most 320, found 864972603431845888".into()),
        ("a pickle", b"\x80\x02}q\x00X\x06\x00\x00\x00weightq\x01".to_vec(), "length of the header: expected at most 10, found 1785608787526272".into()),
        ("a zip", b"PK\x03\x04\x14\x00\x00\x00\x08\x00".to_vec(), "length of the header: expected at most 2, found 85966670672".into()),
        ("HDF5", b"\x89HDF\r\n\x1a\n\x00\x00".to_vec(), "length of the header: expected at most 2, found 727905341903489161".into()),
        ("a header of 100 KB", file(format!("{{}}{}", " ".repeat(100_000)), 0), "length of the header: expected at most 69632, found 100002".into()),
        ("no tensors", file("{}", 0), first("none of this name")),
        ("no tensors but numbers", file("{}", 52), first("none of this name")),
        ("only metadata", file(r#"{"__metadata__":{}}"#, 0), first("none of this name")),
        ("an array", file("[]", 0), byte(0, "`{`", "`[`")),
        ("a space before", file(" 1", 0), byte(1, "`{`", "`1`")),
        ("deep nesting", file("[".repeat(60_000), 0), byte(0, "`{`", "`[`")),
        ("deep nesting of objects", file(r#"{"a":"#.repeat(10_000), 0), byte(6, members, "`\"`")),
        ("text behind", file(format!("{GOOD}x"), 52), byte(GOOD.len(), "nothing but spaces behind the last `}`", "`x`")),
        ("two headers", file(format!("{GOOD}{GOOD}"), 52), byte(GOOD.len(), "nothing but spaces behind the last `}`", "`{`")),
        ("zeros behind", file(format!("{GOOD}\0"), 52), byte(GOOD.len(), "nothing but spaces behind the last `}`", "byte 0")),
        ("a comma at the end", file(GOOD.replace("}}", "},}"), 52), byte(GOOD.len(), "a string", "`}`")),
        ("no comma", with(",\"dense/bias", "\"dense/bias"), byte(67, "`,` or `}`", "`\"`")),
        ("not UTF-8", file(b"{\"\xff\xfe\":", 0), byte(2, "text in UTF-8", "byte 255")),
        ("half a letter", file(&"{\"\u{e4}".as_bytes()[..3], 0), byte(2, "text in UTF-8", "byte 195")),
        ("a line end in a name", with("dense/kernel", "dense\n/kernel"), byte(7, "the end of a string", "byte 10")),
        ("an escape in a name", with("dense/kernel", r"dense\/kernel"), byte(7, r"no `\` in this string", r"`\`")),
        ("a name without an end", file("{\"dense", 0), byte(7, "the end of a string", "the end")),
        ("a long name", with("dense/kernel", &long), byte(1, "a name of at most 256 bytes", "`\"`")),
        ("an empty name", with("dense/kernel", ""), first("none of this name, but an unknown ``")),
        ("another name", with("dense/kernel", "dense.weight"), first("none of this name, but an unknown `dense.weight`")),
        ("a longer name", with("dense/kernel", "x/dense/kernel"), first("none of this name, but an unknown `x/dense/kernel`")),
        ("a shorter name", with("dense/kernel", "kernel"), first("none of this name, but an unknown `kernel`")),
        ("only a slash before it", with("dense/kernel", "/dense/kernel"), first("none of this name, but an unknown `/dense/kernel`")),
        ("a reserved name", with("dense/kernel", "__metadata__"), byte(39, "a string", "`[`")),
        ("a name twice", file(GOOD.replacen('{', r#"{"dense/bias":{"dtype":"F32","shape":[3],"data_offsets":[24,36]},"#, 1), 52), "tensor `dense/bias`: expected each tensor once, found it twice".into()),
        ("one tensor too many", file(GOOD.replacen('{', r#"{"more":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"#, 1), 52), "tensor `more`: expected no tensor that the network does not have, found one".into()),
        ("64 KB of tensors as short as they can be", file(format!("{{{}}}", vec![r#""":{"dtype":"","shape":[],"data_offsets":[0,0]}"#; 1360].join(",")), 0), first("none of this name, but an unknown ``")),
        ("a thousand empty ones", file(format!("{{{}{}", (0..1000).map(|i| format!(r#""{i}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}},"#)).collect::<String>(), &GOOD[1..]), 52), "tensor `0`: expected no tensor that the network does not have, found one".into()),
        ("another type", with("F32", "F16"), first("F16 of shape [2, 3]")),
        ("small letters", with("F32", "f32"), first("f32 of shape [2, 3]")),
        ("no type", with("F32", ""), first(" of shape [2, 3]")),
        ("a type as long as a book", with("F32", &"F".repeat(9000)), first(&"F".repeat(512))),
        ("a number as the type", with(r#""F32""#, "32"), byte(25, "a string", "`3`")),
        ("a shape turned", with("[2,3]", "[3,2]"), first("F32 of shape [3, 2]")),
        ("a shape of one dimension", with("[2,3]", "[6]"), first("F32 of shape [6]")),
        ("a shape with a 1", with("[2,3]", "[1,2,3]"), first("F32 of shape [1, 2, 3]")),
        ("no dimensions", with("[2,3]", "[]"), first("F32 of shape []")),
        ("a dimension of 0", with("[2,3]", "[2,0]"), first("F32 of shape [2, 0]")),
        ("a shape that wraps to 6", with("[2,3]", "[9223372036854775809,6]"), first("F32 of shape [9223372036854775809, 6]")),
        ("nine dimensions", with("[2,3]", "[2,3,1,1,1,1,1,1,1]"), byte(57, "at most 8 dimensions", "`]`")),
        ("a negative dimension", with("[2,3]", "[-2,-3]"), byte(40, "a whole number", "`-`")),
        ("a fraction", with("[2,3]", "[2.0,3]"), byte(41, "`,` or `]`", "`.`")),
        ("an exponent", with("[2,3]", "[2e0,3]"), byte(41, "`,` or `]`", "`e`")),
        ("a leading zero", with("[2,3]", "[02,3]"), byte(41, "a number without leading zeros", "`2`")),
        ("a number of 30 digits", with("[2,3]", "[100000000000000000000000000000,3]"), byte(60, "a number that fits into memory", "`0`")),
        ("a shape without an end", file(&GOOD[..42], 0), byte(42, "a whole number", "the end")),
        ("a word as the shape", with("[2,3]", r#""[2,3]""#), byte(39, "`[`", "`\"`")),
        ("offsets backwards", with("[0,24]", "[24,0]"), offsets("dense/kernel", 24, "24 and 0")),
        ("too few bytes", with("[0,24]", "[0,20]"), offsets("dense/kernel", 24, "0 and 20")),
        ("too many bytes", with("[0,24]", "[0,28]"), offsets("dense/kernel", 24, "0 and 28")),
        ("offsets at the end of the world", with("[0,24]", "[18446744073709551591,18446744073709551615]"), gap(0)),
        ("one offset", with("[0,24]", "[0]"), byte(62, "`,`", "`]`")),
        ("three offsets", with("[0,24]", "[0,24,0]"), byte(65, "`]`", "`,`")),
        ("two tensors in one place", with("[24,36]", "[36,48]"), gap(24)),
        ("tensors that overlap", with("[24,36]", "[20,32]"), gap(24)),
        ("a gap at the beginning", file(GOOD.replace("[0,24]", "[4,28]").replace("[24,36]", "[28,40]").replace("[36,48]", "[40,52]").replace("[48,52]", "[52,56]"), 56), gap(0)),
        ("a gap at the end", with("[48,52]", "[52,56]"), gap(48)),
        ("numbers missing", file(GOOD, 0), "numbers: expected 52 bytes, found 0".into()),
        ("the last byte missing", file(GOOD, 51), "numbers: expected 52 bytes, found 51".into()),
        ("one byte too many", file(GOOD, 53), "numbers: expected 52 bytes, found 53".into()),
        ("twice in one file", [good.clone(), good].concat(), "numbers: expected 52 bytes, found 380".into()),
        ("a member twice", with(r#""dtype":"F32""#, r#""dtype":"F32","dtype":"F32""#), byte(31, members, "`\"`")),
        ("an unknown member", with(r#""dtype":"F32""#, r#""dtype":"F32","order":"C""#), byte(31, members, "`\"`")),
        ("a member missing", with(r#""dtype":"F32","#, ""), byte(52, "`,`", "`}`")),
        ("a tensor that is a number", with(r#"{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}"#, "1"), byte(16, "`{`", "`1`")),
        ("metadata of numbers", metadata(r#"{"a":1}"#), byte(21, "a string", "`1`")),
        ("metadata in metadata", metadata(r#"{"a":{"b":"c"}}"#), byte(21, "a string", "`{`")),
        ("metadata twice", file(GOOD.replacen('{', r#"{"__metadata__":{},"__metadata__":{},"#, 1), 52), byte(19, "`__metadata__` once", "`\"`")),
        ("a wrong escape in metadata", metadata(r#"{"a":"\x"}"#), byte(23, "an escape of JSON", "`x`")),
        ("a cut escape in metadata", metadata(r#"{"a":"\u12"}"#), byte(26, "a hexadecimal digit", "`\"`")),
        ("a format of the future", metadata(r#"{"plywood.format":"2","plywood.crc32":"00000000"}"#), byte(34, "version 1 of `plywood.format`, once", "`\"`")),
        ("a format without a checksum", metadata(r#"{"plywood.format":"1"}"#), byte(306, "`plywood.format` and `plywood.crc32` in `__metadata__`, or neither", "the end")),
        ("a checksum without a format", metadata(r#"{"plywood.crc32":"00000000"}"#), byte(312, "`plywood.format` and `plywood.crc32` in `__metadata__`, or neither", "the end")),
        ("a short checksum", metadata(r#"{"plywood.crc32":"0"}"#), byte(33, "a checksum of eight hexadecimal digits, once", "`\"`")),
        ("a checksum in capitals", metadata(r#"{"plywood.crc32":"ABCDEFAB"}"#), byte(33, "a checksum of eight hexadecimal digits, once", "`\"`")),
        ("a wrong checksum", metadata(r#"{"plywood.format":"1","plywood.crc32":"00000000"}"#), "checksum: expected 00000000, found cc2b0fb0".into()),
    ];
    cases
}

/// Writes each file and reads it: the error is `<path>: <text>`, and the model is what it was.
fn refuse(folder: &Path, extension: &str, cases: Vec<(&str, Vec<u8>, String)>, allowance: usize) {
    assert!(cases.len() >= 40, "{} cases", cases.len());
    let mut model = Net::new(1);
    let before = model.get_weights();
    let mut wrong = 0;
    for (name, bytes, text) in cases {
        let path = folder.join(name).with_extension(extension);
        fs::write(&path, &bytes).unwrap();
        let (result, peak) = peak(|| model.load_weights(&path));
        let found = result.err().map(|error| error.to_string());
        let expected = format!("{}: {text}", path.display());
        // An error of the zip reader or of the system ends in its own words.
        let same = match text.is_empty() || text.ends_with(' ') {
            true => found
                .as_ref()
                .is_some_and(|found| found.starts_with(&expected)),
            false => found.as_ref() == Some(&expected),
        };
        if !same {
            println!("{name}:\n  expected {expected}\n  found    {found:?}");
            wrong += 1;
        }
        assert!(
            peak <= 2 * bytes.len() + WORDS + allowance,
            "{name}: {peak} bytes"
        );
        if model.get_weights() != before {
            println!("{name}: the model has changed");
            model.set_weights(&before).unwrap();
            wrong += 1;
        }
    }
    assert_eq!(wrong, 0);
}

#[test]
fn safetensors_files() {
    refuse(&folder("safetensors"), "safetensors", safetensors(), 0);
}

#[test]
fn numbers_are_not_judged() {
    let mut bytes = file(GOOD, 52);
    let len = bytes.len();
    bytes[len - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    bytes[len - 8..len - 4].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    let mut model = Net::new(1);
    model.weights_from_bytes(&bytes).unwrap();
    let weights = model.get_weights();
    assert!(weights[3].values[0].is_nan());
    assert_eq!(weights[2].values[2], f32::NEG_INFINITY);
}

#[cfg(feature = "npz")]
mod npz {
    use super::*;
    use flate2::{Compression, write::DeflateEncoder};
    use std::io::Write;

    /// What unpacking takes, whatever the file is.
    const INFLATE: usize = 1 << 17;

    /// A member of an archive, as its headers tell of it and as it is.
    #[derive(Clone)]
    struct Member {
        name: Vec<u8>,
        method: u16,
        crc: u32,
        size: u32,
        data: Vec<u8>,
    }

    impl Member {
        fn new(name: &str, data: Vec<u8>) -> Self {
            Member {
                name: name.into(),
                method: 0,
                crc: crc32fast::hash(&data),
                size: data.len() as u32,
                data,
            }
        }

        fn deflated(mut self) -> Self {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&self.data).unwrap();
            self.data = encoder.finish().unwrap();
            self.method = 8;
            self
        }

        /// What the header before the data and the one in the directory have in common.
        fn common(&self) -> Vec<u8> {
            let mut bytes = vec![20, 0, 0, 0];
            bytes.extend(self.method.to_le_bytes());
            bytes.extend([0, 0, 0x21, 0]);
            bytes.extend(self.crc.to_le_bytes());
            bytes.extend((self.data.len() as u32).to_le_bytes());
            bytes.extend(self.size.to_le_bytes());
            bytes.extend((self.name.len() as u16).to_le_bytes());
            bytes.extend([0, 0]);
            bytes
        }
    }

    /// An archive; `place` may change where the directory says that a member is.
    fn archive_at(members: &[Member], place: impl Fn(usize, u32) -> u32) -> Vec<u8> {
        let (mut file, mut directory) = (Vec::new(), Vec::new());
        for (i, member) in members.iter().enumerate() {
            let offset = place(i, file.len() as u32);
            file.extend(b"PK\x03\x04");
            file.extend(member.common());
            file.extend(&member.name);
            file.extend(&member.data);
            directory.extend(b"PK\x01\x02\x14\0");
            directory.extend(member.common());
            directory.extend([0; 10]);
            directory.extend(offset.to_le_bytes());
            directory.extend(&member.name);
        }
        let count = (members.len() as u16).to_le_bytes();
        let (at, len) = (file.len() as u32, directory.len() as u32);
        file.extend(directory);
        file.extend(b"PK\x05\x06\0\0\0\0");
        file.extend([count, count].concat());
        file.extend(len.to_le_bytes());
        file.extend(at.to_le_bytes());
        file.extend([0, 0]);
        file
    }

    fn archive(members: &[Member]) -> Vec<u8> {
        archive_at(members, |_, offset| offset)
    }

    const HEADER: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

    fn npy(header: impl AsRef<[u8]>, numbers: usize) -> Vec<u8> {
        let header = header.as_ref();
        let mut file = b"\x93NUMPY\x01\0".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header);
        file.extend(vec![0; numbers]);
        file
    }

    fn members() -> [Member; 4] {
        let shaped = |shape, count| npy(HEADER.replace("(2, 3)", shape), count);
        [
            Member::new("dense/kernel.npy", npy(HEADER, 24)),
            Member::new("dense/bias.npy", shaped("(3,)", 12)),
            Member::new("dense_1/kernel.npy", shaped("(3, 1)", 12)),
            Member::new("dense_1/bias.npy", shaped("(1,)", 4)),
        ]
    }

    /// The good archive with another first member.
    fn first(change: impl FnOnce(&mut Member)) -> Vec<u8> {
        let mut members = members();
        change(&mut members[0]);
        archive(&members)
    }

    /// ... with this data.
    fn holds(data: Vec<u8>) -> Vec<u8> {
        first(|member| *member = Member::new("dense/kernel.npy", data))
    }

    fn with(from: &str, to: &str) -> Vec<u8> {
        assert!(HEADER.contains(from), "{from}");
        holds(npy(HEADER.replacen(from, to, 1), 24))
    }

    fn named(name: &[u8]) -> Vec<u8> {
        first(|member| member.name = name.to_vec())
    }

    fn cases() -> Vec<(&'static str, Vec<u8>, String)> {
        let good = archive(&members());
        let whole = || String::from("zip: expected a whole zip archive, found ");
        let sound = || String::from("zip: expected a sound directory, found ");
        let kernel = |text: &str| format!("tensor `dense/kernel`, {text}");
        let missing =
            |text: &str| format!("tensor `dense/kernel`: expected shape [2, 3], found {text}");
        let byte = |at: usize, text: &str| kernel(&format!("header, byte {at}: expected {text}"));
        let keys = "`descr`, `fortran_order` and `shape`, each once, found ";
        let more = |member: Member| archive(&[members().to_vec(), vec![member]].concat());
        let change = |at: usize, byte: u8| {
            let mut file = good.clone();
            let at = if at < 1000 {
                at
            } else {
                file.len() - (usize::MAX - at)
            };
            file[at] = byte;
            file
        };
        let end = |back: usize| usize::MAX - back;
        #[rustfmt::skip]
        let cases = vec![
            ("empty", vec![], whole()),
            ("a text", b"dense/kernel".to_vec(), whole()),
            ("a safetensors file", file(GOOD, 52), whole()),
            ("one npy", npy(HEADER, 24), whole()),
            ("half an archive", good[..good.len() / 2].to_vec(), whole()),
            ("the last byte missing", good[..good.len() - 1].to_vec(), "zip: expected ".into()),
            ("no members", archive(&[]), missing("none of this name")),
            ("a byte behind", [&good[..], b"x"].concat(), "zip: expected nothing behind the directory, found 1 bytes".into()),
            ("a comment", { let mut file = change(end(2), 3); file.extend(b"hey"); file }, "zip: expected nothing behind the directory, found 3 bytes".into()),
            ("a program before", [&[0; 100][..], &good].concat(), "".into()),
            ("100 KB", vec![0; 100_000], "length: expected at most ".into()),
            ("five members told of", { let mut file = change(end(12), 5); let at = file.len() - 14; file[at] = 5; file }, "zip: expected ".into()),
            ("no directory", change(end(6), 0xff), "zip: expected ".into()),
            ("a member missing", archive(&members()[1..]), missing("none of this name")),
            ("a member twice", more(members()[0].clone()), "dense/kernel.npy: expected each tensor once, found it twice".into()),
            ("an unknown member", more(Member::new("more.npy", npy(HEADER, 24))), "more.npy: expected no tensor that the network does not have, found one".into()),
            ("a folder", more(Member::new("dense/", vec![])), "dense/: expected no tensor that the network does not have, found one".into()),
            ("another name", named(b"kernel.npy"), missing("none of this name, but an unknown `kernel.npy`")),
            ("no ending", named(b"dense/kernel"), missing("none of this name, but an unknown `dense/kernel`")),
            ("an ending in capitals", named(b"dense/kernel.NPY"), missing("none of this name, but an unknown `dense/kernel.NPY`")),
            ("a way out", named(b"../dense/kernel.npy"), missing("none of this name, but an unknown `../dense/kernel.npy`")),
            ("an absolute name", named(b"/dense/kernel.npy"), missing("none of this name, but an unknown `/dense/kernel.npy`")),
            ("a name not in UTF-8", named(b"\xff.npy"), missing("none of this name, but an unknown `\u{fffd}.npy`")),
            ("a long name", named(&[b'n'; 20_000]), missing(&format!("none of this name, but an unknown `{}`", "n".repeat(256)))),
            ("no name", named(b""), missing("none of this name, but an unknown ``")),
            ("another name before the data", change(30, b'x'), "dense/kernel.npy: expected the same name before the data, found another one".into()),
            ("all in one place", archive_at(&members(), |_, _| 0), "".into()),
            ("backwards", archive_at(&members(), |i, offset| if i == 1 { 0 } else { offset }), "dense/bias.npy: expected a place at byte ".into()),
            ("a place far away", archive_at(&members(), |_, _| u32::MAX - 1), "".into()),
            ("no header before the data", change(0, 0), sound()),
            ("bzip2", first(|member| member.method = 12), kernel("compression: expected stored or deflated, found ")),
            ("encrypted", change(6, 1), "".into()),
            ("method 99", first(|member| member.method = 99), kernel("compression: expected stored or deflated, found ")),
            ("not deflated", first(|member| member.method = 8), kernel("")),
            ("a wrong checksum", first(|member| member.crc ^= 1), kernel("numbers: expected 24 bytes, found Invalid checksum: ")),
            ("a wrong length", first(|member| member.size += 1), kernel("numbers: expected a right checksum and length, found ")),
            ("a length of 4 GiB", first(|member| member.size = u32::MAX - 1), kernel("numbers: expected a right checksum and length, found ")),
            ("a bomb", archive(&[vec![Member::new("dense/kernel.npy", npy(HEADER, 2_000_000)).deflated()], members()[1..].to_vec()].concat()), kernel("numbers: expected 6 of them, found more")),
            ("a bomb in the header", holds(npy(" ".repeat(60_000), 24)), kernel("length of the header: expected at most 4096, found 60000")),
            ("an empty member", holds(vec![]), kernel("magic number: expected 8 bytes, found ")),
            ("another magic number", holds(b"\x93NUMPX\x01\0".to_vec()), kernel("magic number: expected that of npy, found ")),
            ("a pickle", holds(b"\x80\x04\x95\0\0\0\0\0\0\0".to_vec()), kernel("magic number: expected that of npy, found ")),
            ("version 4", holds(b"\x93NUMPY\x04\0".to_vec()), kernel("version: expected 1.0, 2.0 or 3.0, found 4.0")),
            ("version 1.1", holds(b"\x93NUMPY\x01\x01".to_vec()), kernel("version: expected 1.0, 2.0 or 3.0, found 1.1")),
            ("no length", holds(b"\x93NUMPY\x01\0".to_vec()), kernel("length of the header: expected 2 bytes, found ")),
            ("a long header", holds(b"\x93NUMPY\x02\0\xff\xff\xff\xff".to_vec()), kernel("length of the header: expected at most 4096, found 4294967295")),
            ("a cut header", holds(npy(HEADER, 0)[..40].to_vec()), kernel("header: expected 60 bytes, found ")),
            ("an empty header", holds(npy("", 24)), byte(0, "`{`, found the end")),
            ("a list", with("{'", "['"), byte(0, "`{`, found `[`")),
            ("deep nesting", holds(npy("{".repeat(4000), 24)), byte(1, "`'`, found `{`")),
            ("text behind", with("}", "}x"), byte(59, "nothing but spaces, found `x`")),
            ("a member of the header missing", with("'descr': '<f4', ", ""), byte(42, "")),
            ("one twice", with("'shape': (2, 3)", "'descr': '<f4'"), byte(49, keys)),
            ("an unknown one", with("shape", "order"), byte(49, keys)),
            ("f64", with("<f4", "<f8"), kernel("type: expected `<f4`, found `<f8`")),
            ("f16", with("<f4", "<f2"), kernel("type: expected `<f4`, found `<f2`")),
            ("integers", with("<f4", "<i4"), kernel("type: expected `<f4`, found `<i4`")),
            ("objects", with("<f4", "|O"), kernel("type: expected `<f4`, found `|O`")),
            ("big-endian", with("<f4", ">f4"), kernel("type: expected `<f4`, found `>f4` (big-endian)")),
            ("a long type", with("<f4", &"f".repeat(3000)), kernel("type: expected `<f4`, found `ffffffffffffffff`")),
            ("records", with("'<f4'", "[('a', '<f4')]"), byte(10, "`'`, found `[`")),
            ("columns first", with("False", "True"), kernel("order: expected rows one after another (`'fortran_order': False`), found columns")),
            ("neither true nor false", with("False", "Maybe"), byte(34, "`False`, found `M`")),
            ("a shape turned", with("(2, 3)", "(3, 2)"), kernel("shape: expected (2, 3), found (3, 2)")),
            ("a flat shape", with("(2, 3)", "(6,)"), kernel("shape: expected (2, 3), found (6,)")),
            ("no shape", with("(2, 3)", "()"), kernel("shape: expected (2, 3), found ()")),
            ("three dimensions", with("(2, 3)", "(1, 2, 3)"), kernel("shape: expected (2, 3), found (1, 2, 3)")),
            ("a negative dimension", with("(2, 3)", "(-2, -3)"), byte(51, "a whole number, found `-`")),
            ("a huge dimension", with("(2, 3)", "(18446744073709551616, 3)"), byte(51, "a whole number, found `1`")),
            ("a number as the shape", with("(2, 3)", "6"), byte(50, "`(`, found `6`")),
            ("not UTF-8", holds(npy(b"{'\xff': 1}", 24)), byte(2, "a string, found byte 255")),
            ("numbers missing", holds(npy(HEADER, 23)), kernel("numbers: expected 24 bytes, found ")),
            ("one byte too many", holds(npy(HEADER, 25)), kernel("numbers: expected 6 of them, found more")),
        ];
        cases
    }

    #[test]
    fn npz_files() {
        refuse(&folder("npz"), "npz", cases(), INFLATE);
        // What all of them were made from is right.
        let path = folder("npz").join("good.npz");
        let deflated: Vec<Member> = members().map(Member::deflated).into();
        for file in [archive(&members()), archive(&deflated)] {
            fs::write(&path, file).unwrap();
            let mut model = Net::new(1);
            model.load_weights(&path).unwrap();
            assert!(
                model
                    .get_weights()
                    .iter()
                    .all(|w| w.values.iter().all(|&x| x == 0.0))
            );
        }
    }

    #[test]
    fn every_cut_is_noticed_and_every_changed_bit_that_changes_something() {
        let path = folder("npz-bits").join("net.npz");
        let read = |model: &mut Kilobyte, bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            model.load_weights(&path)
        };
        let mut model = Kilobyte::new(1);
        model.save_weights(&path).unwrap();
        let good = fs::read(&path).unwrap();
        assert!(read(&mut model, &good).is_ok());
        let attempt = |bytes: &[u8]| {
            let mut model = Kilobyte::new(2);
            let before = model.get_weights();
            fs::write(&path, bytes).unwrap();
            let (result, peak) = peak(|| model.load_weights(&path));
            assert!(peak <= 2 * bytes.len() + WORDS + INFLATE, "{peak} bytes");
            let unchanged = if result.is_err() {
                before
            } else {
                Kilobyte::new(1).get_weights()
            };
            assert_eq!(model.get_weights(), unchanged);
            result.is_ok()
        };
        for end in 0..good.len() {
            assert!(!attempt(&good[..end]), "the first {end} bytes");
        }
        let mut bytes = good;
        let mut unnoticed = 0;
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            // Dates, rights and versions mean nothing here.
            unnoticed += usize::from(attempt(&bytes));
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(unnoticed < 8 * 4 * 64, "{unnoticed} bits");
    }
}
