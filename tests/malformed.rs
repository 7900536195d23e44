//! Whatever a file holds, its reader gives data of the stated shape, or an error that names the
//! file, the place, what was expected and what was found. Never a panic.
#![cfg(feature = "data")]
#![allow(unsafe_code)] // for the allocator that notes what is asked of it

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use plywood::data::csv::{self, Csv};
use plywood::data::idx;

thread_local!(static LARGEST: Cell<usize> = const { Cell::new(0) });

/// Notes the largest piece of memory that each thread asks for.
struct Noting;

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Noting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.set(LARGEST.get().max(layout.size()));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Noting = Noting;

/// The largest piece of memory that `work` asks for.
fn largest_request(work: impl FnOnce()) -> usize {
    LARGEST.set(0);
    work();
    LARGEST.get()
}

/// A folder for the files of one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("malformed-{test}"));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An IDX file: the dimensions as they are told, and the elements as they are.
fn idx_file(element: u8, dims: &[u32], data: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, element, dims.len() as u8];
    dims.iter().for_each(|dim| file.extend(dim.to_be_bytes()));
    file.extend(data);
    file
}

/// Writes the file and asserts that the error is `<path>: <text>`.
fn assert_refused<T>(
    path: &Path,
    bytes: &[u8],
    text: &str,
    read: impl FnOnce(&Path) -> plywood::Result<T>,
) {
    fs::write(path, bytes).unwrap();
    let error = read(path).err().map(|error| error.to_string());
    let expected = format!("{}: {text}", path.display());
    assert_eq!(error, Some(expected), "{}", path.display());
}

#[test]
fn idx_files() {
    let good = idx_file(8, &[2, 3], b"abcdef");
    let packed = gzip(&good);
    let with = |mut bytes: Vec<u8>, at: usize, byte: u8| {
        bytes[at] = byte;
        bytes
    };
    let unsound = |found| format!("gzip: expected a whole and sound gzip file, found {found}");
    let checksum = unsound("corrupt gzip stream does not have a matching checksum");
    let header = unsound("invalid gzip header");
    let end = packed.len();
    #[rustfmt::skip]
    let cases: Vec<(&str, Vec<u8>, String)> = vec![
        ("empty", vec![], "magic number: expected 4 bytes, found 0".into()),
        ("one byte", vec![0], "magic number: expected 4 bytes, found 1".into()),
        ("three bytes", vec![0, 0, 8], "magic number: expected 4 bytes, found 3".into()),
        ("first byte not zero", with(good.clone(), 0, 1), "magic number: expected two zero bytes first, found 0x01 0x00".into()),
        ("second byte not zero", with(good.clone(), 1, 255), "magic number: expected two zero bytes first, found 0x00 0xff".into()),
        ("little-endian magic", vec![2, 8, 0, 0, 1, 0, 0, 0], "magic number: expected two zero bytes first, found 0x02 0x08".into()),
        ("a text", b"label,pixel".to_vec(), "magic number: expected two zero bytes first, found 0x6c 0x61".into()),
        ("a web page", b"<!DOCTYPE html>".to_vec(), "magic number: expected two zero bytes first, found 0x3c 0x21".into()),
        ("a PNG", b"\x89PNG\r\n".to_vec(), "magic number: expected two zero bytes first, found 0x89 0x50".into()),
        ("a ZIP", b"PK\x03\x04".to_vec(), "magic number: expected two zero bytes first, found 0x50 0x4b".into()),
        ("all zeros", vec![0; 100], "type of the elements: expected 0x08 (unsigned byte), found 0x00 (not a type of IDX)".into()),
        ("signed bytes", idx_file(0x09, &[1], b"a"), "type of the elements: expected 0x08 (unsigned byte), found 0x09 (signed byte, which is not supported)".into()),
        ("type 10", idx_file(0x0a, &[1], b"a"), "type of the elements: expected 0x08 (unsigned byte), found 0x0a (not a type of IDX)".into()),
        ("shorts", idx_file(0x0b, &[1], b"ab"), "type of the elements: expected 0x08 (unsigned byte), found 0x0b (short, which is not supported)".into()),
        ("ints", idx_file(0x0c, &[1], b"abcd"), "type of the elements: expected 0x08 (unsigned byte), found 0x0c (int, which is not supported)".into()),
        ("floats", idx_file(0x0d, &[1], b"abcd"), "type of the elements: expected 0x08 (unsigned byte), found 0x0d (float, which is not supported)".into()),
        ("doubles", idx_file(0x0e, &[1], b"abcdefgh"), "type of the elements: expected 0x08 (unsigned byte), found 0x0e (double, which is not supported)".into()),
        ("type 255", idx_file(0xff, &[1], b"a"), "type of the elements: expected 0x08 (unsigned byte), found 0xff (not a type of IDX)".into()),
        ("no dimensions", idx_file(8, &[], b""), "number of dimensions: expected 1 to 255, found 0".into()),
        ("no dimensions but data", idx_file(8, &[], b"a"), "number of dimensions: expected 1 to 255, found 0".into()),
        ("dimensions missing", vec![0, 0, 8, 1], "dimensions: expected 4 bytes, found 0".into()),
        ("dimension cut", vec![0, 0, 8, 1, 0, 0, 0], "dimensions: expected 4 bytes, found 3".into()),
        ("second dimension missing", vec![0, 0, 8, 2, 0, 0, 0, 1], "dimensions: expected 8 bytes, found 4".into()),
        ("255 dimensions missing", vec![0, 0, 8, 255], "dimensions: expected 1020 bytes, found 0".into()),
        ("one dimension, zero", idx_file(8, &[0], b""), "dimension 1 of 1: expected at least 1, found 0".into()),
        ("first dimension zero", idx_file(8, &[0, 3], b""), "dimension 1 of 2: expected at least 1, found 0".into()),
        ("last dimension zero", idx_file(8, &[2, 28, 0], b""), "dimension 3 of 3: expected at least 1, found 0".into()),
        ("zero hides overflow", idx_file(8, &[u32::MAX, u32::MAX, u32::MAX, 0], b""), "dimension 4 of 4: expected at least 1, found 0".into()),
        ("product overflows", idx_file(8, &[u32::MAX, u32::MAX, u32::MAX], b"a"), format!("dimensions: expected a product of at most {}, found 4294967295 x 4294967295 x 4294967295", usize::MAX)),
        ("product wraps to zero", idx_file(8, &[1 << 31, 1 << 31, 4], b""), format!("dimensions: expected a product of at most {}, found 2147483648 x 2147483648 x 4", usize::MAX)),
        ("255 large dimensions", idx_file(8, &[2; 255], b"a"), format!("dimensions: expected a product of at most {}, found 2 x 2 x 2 x 2 x 2 x 2 x 2 x 2 x ...", usize::MAX)),
        ("data missing", idx_file(8, &[2, 3], b""), "data: expected 6 bytes (2 x 3), found 0".into()),
        ("last byte missing", idx_file(8, &[2, 3], b"abcde"), "data: expected 6 bytes (2 x 3), found 5".into()),
        ("labels cut", idx_file(8, &[10], b"abc"), "data: expected 10 bytes, found 3".into()),
        ("claims 4 GiB", idx_file(8, &[u32::MAX], b"abc"), "data: expected 4294967295 bytes, found 3".into()),
        ("claims 16 EiB", idx_file(8, &[u32::MAX, u32::MAX], b"abc"), "data: expected 18446744065119617025 bytes (4294967295 x 4294967295), found 3".into()),
        ("one byte too many", idx_file(8, &[2, 3], b"abcdefg"), "data: expected nothing after 6 bytes, found more of them".into()),
        ("twice in one file", [good.clone(), good.clone()].concat(), "data: expected nothing after 6 bytes, found more of them".into()),
        ("a line end behind", idx_file(8, &[1], b"a\n"), "data: expected nothing after 1 bytes, found more of them".into()),
        ("gzip, first bytes only", vec![0x1f, 0x8b], unsound("unexpected end of file")),
        ("gzip, header cut", packed[..9].to_vec(), unsound("unexpected end of file")),
        ("gzip, no data", packed[..10].to_vec(), unsound("incomplete deflate stream")),
        ("gzip, checksum missing", packed[..end - 8].to_vec(), unsound("unexpected end of file")),
        ("gzip, length cut", packed[..end - 1].to_vec(), unsound("unexpected end of file")),
        ("gzip, unknown method", with(packed.clone(), 2, 7), header.clone()),
        ("gzip, checksum wrong", with(packed.clone(), end - 5, packed[end - 5] ^ 1), checksum.clone()),
        ("gzip, length wrong", with(packed.clone(), end - 1, 1), checksum),
        ("gzip, block type 3", with(packed.clone(), 10, 0xff), unsound("corrupt deflate stream")),
        ("gzip, a letter behind", [packed.clone(), b"x".to_vec()].concat(), unsound("unexpected end of file")),
        ("gzip, zeros behind", [packed.clone(), vec![0; 20]].concat(), header),
        ("gzip, in gzip", gzip(&packed), "magic number: expected two zero bytes first, found 0x1f 0x8b".into()),
        ("gzip, of nothing", gzip(b""), "magic number: expected 4 bytes, found 0".into()),
        ("gzip, of a text", gzip(b"hello"), "magic number: expected two zero bytes first, found 0x68 0x65".into()),
        ("gzip, of a cut file", gzip(&good[..good.len() - 1]), "data: expected 6 bytes (2 x 3), found 5".into()),
        ("gzip, of a longer file", gzip(&[good.clone(), vec![0]].concat()), "data: expected nothing after 6 bytes, found more of them".into()),
        ("gzip, bomb", gzip(&idx_file(8, &[6], &vec![0; 50 << 20])), "data: expected nothing after 6 bytes, found more of them".into()),
        ("gzip, two members too many", [packed.clone(), packed.clone()].concat(), "data: expected nothing after 6 bytes, found more of them".into()),
    ];
    assert!(cases.len() >= 40);
    let folder = folder("idx");
    for (name, bytes, text) in &cases {
        assert_refused(&folder.join(name), bytes, text, |path| {
            idx::read_images(path)
        });
    }

    let path = folder.join("typed");
    let images = idx_file(8, &[1, 2, 3], b"abcdef");
    assert_refused(
        &path,
        &images,
        "dimensions: expected n, found 1 x 2 x 3",
        |path| idx::read_labels(path),
    );
    assert_refused(
        &path,
        &images,
        "dimensions: expected n x 3 x 2, found 1 x 2 x 3",
        |path| idx::read::<[[u8; 2]; 3]>(path),
    );
    assert_refused(
        &path,
        &images,
        "dimensions: expected n x 6, found 1 x 2 x 3",
        |path| idx::read::<[u8; 6]>(path),
    );
    assert_refused(
        &path,
        &images,
        "dimensions: expected n x 0, found 1 x 2 x 3",
        |path| idx::read::<[u8; 0]>(path),
    );

    let error = idx::read_images(folder.join("no such file"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("no such file: cannot open: "), "{error}");
}

/// What a header claims takes no memory, and what is packed takes none beyond what the header claims.
#[test]
fn idx_memory() {
    let huge = idx_file(8, &[u32::MAX, u32::MAX], &[7; 1000]);
    let bomb = gzip(&idx_file(8, &[100], &vec![0; 50 << 20]));
    for file in [&huge, &gzip(&huge), &bomb] {
        let asked = largest_request(|| assert!(idx::parse("file", file.as_slice()).is_err()));
        assert!(asked <= 1 << 17, "{asked} bytes");
    }
    // Nor does what can not be a sample, even if it is there.
    let path = folder("idx-memory").join("other samples");
    fs::write(
        &path,
        gzip(&idx_file(8, &[1, 50 << 20], &vec![0; 50 << 20])),
    )
    .unwrap();
    let asked = largest_request(|| assert!(idx::read::<[[u8; 28]; 28]>(&path).is_err()));
    assert!(asked <= 1 << 17, "{asked} bytes");
    let cut = idx_file(8, &[1 << 30], &vec![7; 3 << 20]);
    let asked = largest_request(|| assert!(idx::parse("cut", cut.as_slice()).is_err()));
    assert!(asked <= 2 * cut.len(), "{asked} bytes");
    let whole = idx_file(8, &[3 << 20], &vec![7; 3 << 20]);
    let asked = largest_request(|| assert!(idx::parse("whole", whole.as_slice()).is_ok()));
    assert_eq!(asked, 3 << 20);
}

/// Every truncation and every single-bit flip of a file of about 1 KiB, plain and gzipped.
#[test]
fn idx_truncations_and_bit_flips() {
    let mut state = 1_u32;
    let data: Vec<u8> = (0..1008)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let plain = idx_file(8, &[4, 12, 21], &data);
    for file in [&plain, &gzip(&plain)] {
        for len in 0..file.len() {
            let cut = idx::parse("cut", &file[..len]);
            assert!(cut.is_err(), "{len} of {} bytes", file.len());
        }
        for bit in 0..8 * file.len() {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok((values, dims)) = idx::parse("flipped", flipped.as_slice()) {
                assert_eq!(
                    (values.len(), dims),
                    (data.len(), vec![4, 12, 21]),
                    "bit {bit}"
                );
                assert!(file == &plain || values == data, "bit {bit}");
            }
        }
    }
}

type CsvCase = (&'static str, Vec<u8>, fn() -> Csv, &'static str);

#[test]
fn csv_files() {
    let text = |text: &str| text.as_bytes().to_vec();
    let usual: fn() -> Csv = Csv::new;
    let bare: fn() -> Csv = || Csv::new().header(false);
    let any: fn() -> Csv = || Csv::new().allow_non_finite(true);
    let opening_quote = [b"a,b,c\n1,\"".to_vec(), b"2,3\n".repeat(2 << 20)].concat();
    let long_line = [b"a,b,c\n".to_vec(), b"1".repeat(5 << 20)].concat();
    #[rustfmt::skip]
    let cases: Vec<CsvCase> = vec![
        ("empty", vec![], usual, "end of file: expected a header, found nothing"),
        ("empty, no header", vec![], bare, "end of file: expected at least one row, found nothing"),
        ("empty lines", text("\n\n\r\n"), usual, "end of file: expected a header, found nothing"),
        ("only a header", text("a,b,c\n"), usual, "end of file: expected at least one row, found only the header"),
        ("header without line end", text("a,b,c"), usual, "end of file: expected at least one row, found only the header"),
        ("header and empty lines", text("a,b,c\n\n\n"), usual, "end of file: expected at least one row, found only the header"),
        ("only a byte order mark", text("\u{feff}"), usual, "end of file: expected a header, found nothing"),
        ("a word", text("a,b,c\n1,2,3\n4,five,6\n"), usual, r#"line 3, column 2 of 3 ("b"): expected a number, found "five""#),
        ("a word, no header", text("1,2,3\n4,5,six\n"), bare, r#"line 2, column 3 of 3: expected a number, found "six""#),
        ("an unexpected header", text("a,b,c\n1,2,3\n"), bare, r#"line 1, column 1 of 3: expected a number, found "a""#),
        ("empty cell", text("a,b,c\n1,,3\n"), usual, r#"line 2, column 2 of 3 ("b"): expected a number, found """#),
        ("spaces only", text("a,b,c\n1,   ,3\n"), usual, r#"line 2, column 2 of 3 ("b"): expected a number, found """#),
        ("quotes only", text("a,b,c\n1,\"\",3\n"), usual, r#"line 2, column 2 of 3 ("b"): expected a number, found """#),
        ("comma for a point", text("a,b,c\n1,\"2,5\",3\n"), usual, r#"line 2, column 2 of 3 ("b"): expected a number, found "2,5""#),
        ("two points", text("a,b,c\n1.2.3,2,3\n"), usual, r#"line 2, column 1 of 3 ("a"): expected a number, found "1.2.3""#),
        ("hexadecimal", text("a,b,c\n0x10,2,3\n"), usual, r#"line 2, column 1 of 3 ("a"): expected a number, found "0x10""#),
        ("thousands", text("a,b,c\n1_000,2,3\n"), usual, r#"line 2, column 1 of 3 ("a"): expected a number, found "1_000""#),
        ("a unit", text("a,b,c\n1kg,2,3\n"), usual, r#"line 2, column 1 of 3 ("a"): expected a number, found "1kg""#),
        ("two numbers", text("a,b,c\n1 2,2,3\n"), usual, r#"line 2, column 1 of 3 ("a"): expected a number, found "1 2""#),
        ("a sign", text("a,b,c\n-,2,3\n"), usual, r#"line 2, column 1 of 3 ("a"): expected a number, found "-""#),
        ("an exponent", text("a,b,c\n1e,2,3\n"), usual, r#"line 2, column 1 of 3 ("a"): expected a number, found "1e""#),
        ("a truth value", text("a,b,c\ntrue,2,3\n"), usual, r#"line 2, column 1 of 3 ("a"): expected a number, found "true""#),
        ("NA", text("a,b,c\n1,2,NA\n"), any, r#"line 2, column 3 of 3 ("c"): expected a number, found "NA""#),
        ("a zero byte", text("a,b,c\n1,2\0,3\n"), usual, r#"line 2, column 2 of 3 ("b"): expected a number, found "2\0""#),
        ("Arabic digits", text("a,b,c\n1,٢,3\n"), usual, r#"line 2, column 2 of 3 ("b"): expected a number, found "٢""#),
        ("a long cell", text(&format!("a,b,c\n1,{},3\n", "é".repeat(1000))), usual, r#"line 2, column 2 of 3 ("b"): expected a number, found "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"..."#),
        ("NaN", text("a,b,c\n1,2,NaN\n"), usual, r#"line 2, column 3 of 3 ("c"): expected a finite number, found "NaN""#),
        ("infinity", text("a,b,c\ninf,2,3\n"), usual, r#"line 2, column 1 of 3 ("a"): expected a finite number, found "inf""#),
        ("minus infinity", text("a,b,c\n-Infinity,2,3\n"), usual, r#"line 2, column 1 of 3 ("a"): expected a finite number, found "-Infinity""#),
        ("too large", text("a,b,c\n1e39,2,3\n"), usual, r#"line 2, column 1 of 3 ("a"): expected a number within the range of f32, found "1e39""#),
        ("too large, though infinity is allowed", text("a,b,c\n-1e999,2,3\n"), any, r#"line 2, column 1 of 3 ("a"): expected a number within the range of f32, found "-1e999""#),
        ("a cell missing", text("a,b,c\n1,2,3\n4,5\n"), usual, "line 3: expected 3 columns, as in the first line, found 2"),
        ("a cell too many", text("a,b,c\n1,2,3,4\n"), usual, "line 2: expected 3 columns, as in the first line, found 4"),
        ("a delimiter at the end", text("a,b,c\n1,2,3,\n"), usual, "line 2: expected 3 columns, as in the first line, found 4"),
        ("header longer", text("a,b,c,d\n1,2,3\n"), || Csv::new().features([0, 1]).targets(["c"]), "line 2: expected 4 columns, as in the first line, found 3"),
        ("a line of spaces", text("a,b,c\n1,2,3\n  \n"), usual, "line 3: expected 3 columns, as in the first line, found 1"),
        ("last line cut", text("a,b,c\n1,2,3\n4,"), usual, "line 3: expected 3 columns, as in the first line, found 2"),
        ("another delimiter", text("a;b;c\n1;2;3\n"), usual, "columns: expected columns for 2 features and 1 targets, found 1 columns"),
        ("too few columns", text("a,b\n1,2\n"), usual, "columns: expected columns for 2 features and 1 targets, found 2 columns"),
        ("too many columns", text("a,b,c,d\n1,2,3,4\n"), usual, "columns: expected columns for 2 features and 1 targets, found 4 columns"),
        ("no such column", text("a,b,c\n1,2,3\n"), || Csv::new().targets(["d"]), r#"header: expected one column "d", found "a, b, c""#),
        ("a column twice", text("a,b,b\n1,2,3\n"), || Csv::new().targets(["b"]), r#"header: expected one column "b", found more of them"#),
        ("case of names", text("a,b,C\n1,2,3\n"), || Csv::new().targets(["c"]), r#"header: expected one column "c", found "a, b, C""#),
        ("no such number", text("a,b,c\n1,2,3\n"), || Csv::new().targets([3]), "columns: expected a column with number 3 (counted from 0), found 3 columns"),
        ("Latin 1 in a cell", b"a,b,c\n1,2,3\n1,2\xe9,3\n".to_vec(), usual, "line 3, column 2: expected text in UTF-8, found other bytes"),
        ("Latin 1 in the header", b"a,b,caf\xe9\n1,2,3\n".to_vec(), usual, "line 1, column 3: expected text in UTF-8, found other bytes"),
        ("UTF-16", b"\xff\xfea\0,\0b\0\n\0".to_vec(), usual, "line 1, column 1: expected text in UTF-8, found other bytes"),
        ("gzip", gzip(b"a,b,c\n1,2,3\n"), usual, "line 1, column 1: expected text in UTF-8, found other bytes"),
        ("CRLF", text("a,b,c\r\n1,2,3\r\n4,x,6\r\n"), usual, r#"line 3, column 2 of 3 ("b"): expected a number, found "x""#),
        ("after empty lines", text("a,b,c\n\n\n1,2,3\n\n\n\n4,x,6\n"), usual, r#"line 8, column 2 of 3 ("b"): expected a number, found "x""#),
        ("after empty lines, CRLF", text("a,b,c\r\n\r\n\r\n1,2,x\r\n"), usual, r#"line 4, column 3 of 3 ("c"): expected a number, found "x""#),
        ("after a cell of two lines", text("a,\"b\nb\",c\n1,2,3\n4,\"5\n\",6\n7,8,x\n"), usual, r#"line 6, column 3 of 3 ("c"): expected a number, found "x""#),
        ("in a cell of two lines", text("a,b,c\n\n1,\"2\n3\",3\n"), usual, r#"line 3, column 2 of 3 ("b"): expected a number, found "2\n3""#),
        ("opening quote", text("a,b,c\n1,\"2,3\n4,5,6\n"), usual, "line 2: expected 3 columns, as in the first line, found 2"),
        ("opening quote in 8 MiB", opening_quote, usual, "line 2: expected a row of at most 4194304 bytes, found a longer one"),
        ("line of 5 MiB", long_line, usual, "line 2: expected a row of at most 4194304 bytes, found a longer one"),
        ("zeros", vec![0; 5 << 20], usual, "line 1: expected a row of at most 4194304 bytes, found a longer one"),
    ];
    assert!(cases.len() >= 40);
    let folder = folder("csv");
    for (name, bytes, options, text) in &cases {
        assert_refused(&folder.join(name), bytes, text, |path| {
            csv::read::<2, 1>(path, options())
        });
    }

    let error = csv::read::<2, 1>(folder.join("no such file"), Csv::new())
        .unwrap_err()
        .to_string();
    assert!(error.contains("no such file: cannot open: "), "{error}");
    let error = csv::read::<2, 1>(&folder, Csv::new())
        .unwrap_err()
        .to_string();
    assert!(error.contains("malformed-csv: cannot "), "{error}");
}

#[test]
fn csv_options() {
    let file = "a,b,c\n1,2,3\n";
    #[rustfmt::skip]
    let cases = [
        (Csv::new().delimiter(b'\n'), r"delimiter is '\n', but must be a character of ASCII, and neither a quote nor the end of a line"),
        (Csv::new().delimiter(b'"'), r#"delimiter is '"', but must be a character of ASCII, and neither a quote nor the end of a line"#),
        (Csv::new().delimiter(0xe9), "delimiter is 'é', but must be a character of ASCII, and neither a quote nor the end of a line"),
        (Csv::new().targets(["a", "b"]), "targets is 2 where 1 are read, but must be as many columns as are read"),
        (Csv::new().features(["a"]), "features is 1 where 2 are read, but must be as many columns as are read"),
        (Csv::new().features(["a", "a"]), r#"features and targets is column 1 of 3 ("a") twice, but must be columns that differ"#),
        (Csv::new().features([1, 2]), r#"features and targets is column 3 of 3 ("c") twice, but must be columns that differ"#),
        (Csv::new().header(false).targets(["c"]), r#"columns is "c", but must be given by numbers, as there is no header"#),
    ];
    for (options, text) in cases {
        let error = csv::parse::<2, 1>("file", file.as_bytes(), options).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
}

/// Every truncation and every single-bit flip of a file of about 1 KiB.
#[test]
fn csv_truncations_and_bit_flips() {
    let mut file = String::from("first,second,\"third\"\r\n");
    for i in 0..64 {
        file += &format!("{i}.5,-{i}e-1,\"{}\"\n", i * 7);
    }
    let file = file.into_bytes();
    for len in 0..file.len() {
        if let Ok((x, y)) = csv::parse::<2, 1>("cut", &file[..len], Csv::new()) {
            assert!(x.len() == y.len() && x.len() <= 64, "{len} bytes");
        }
    }
    for bit in 0..8 * file.len() {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok((x, y)) = csv::parse::<2, 1>("flipped", flipped.as_slice(), Csv::new()) {
            assert!(
                x.len() == y.len() && x.as_flattened().iter().all(|x| x.is_finite()),
                "bit {bit}"
            );
        }
    }
}
