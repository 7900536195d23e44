//! Whatever the file of a checkpoint holds, `fit` goes on from it as it should, or gives an error that
//! names the file, the place, what was expected and what was found, and the model stays as it is. Never
//! a panic, and never more memory than twice the file.
#![cfg(feature = "std")]
#![allow(unsafe_code)] // for the allocator that counts

mod memory;

use memory::peak;
use plywood::layer::{Visitor, Weights};
use plywood::prelude::*;
use plywood::training::{Callback, StateReader, StateWriter};
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder for the files of one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("checkpoint-{test}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

const X: [[f32; 3]; 5] = [
    [0.1, -0.2, 0.3],
    [0.5, 0.0, 1.0],
    [0.9, 0.1, -0.4],
    [-1.0, 0.2, 0.0],
    [0.0; 3],
];
const Y: [[f32; 1]; 5] = [[1.0], [0.0], [1.0], [0.0], [1.0]];

/// The settings of all fits here, with the checkpoint in this file.
fn settings<'a>(path: &Path) -> Fit<'a, [f32; 3], [f32; 1]> {
    let backup = BackupAndRestore::new(path)
        .every_steps(2)
        .delete_checkpoint(false);
    Fit::new()
        .epochs(2)
        .batch_size(2)
        .callback(backup)
        .verbose(Verbose::Silent)
}

fn early<'a>(path: &Path) -> Fit<'a, [f32; 3], [f32; 1]> {
    let early = EarlyStopping::new()
        .monitor("loss")
        .restore_best_weights(true);
    settings(path)
        .callback(early)
        .on_epoch_end(|end| match end.epoch {
            2 => Err(Error::Empty { what: "the rest" }),
            _ => Ok(()),
        })
}

sequential! { struct Small: [3] => [1] { Dense(2, tanh), Dense(1, sigmoid) } }

/// Fits the model of the files, without the closure that ends it.
fn fit(path: &Path) -> plywood::Result<History> {
    let mut model = Small::new(1);
    let before = model.get_weights();
    let mut training = model.compile(Sgd::new(0.1).momentum(0.9), BinaryCrossentropy);
    let early = EarlyStopping::new()
        .monitor("loss")
        .restore_best_weights(true);
    let result = training.fit(&X, &Y, settings(path).callback(early));
    if result.is_err() {
        assert_eq!(model.get_weights(), before);
    }
    result
}

/// A checkpoint in the middle of the second epoch.
fn whole(path: &Path) -> Vec<u8> {
    let mut model = Small::new(1);
    let mut training = model.compile(Sgd::new(0.1).momentum(0.9), BinaryCrossentropy);
    training.fit(&X, &Y, early(path)).unwrap_err();
    let file = fs::read(path).unwrap();
    assert!(fit(path).is_ok());
    file
}

/// Asserts that a file is refused with its name, and without taking much memory.
fn refuse(path: &Path, file: &[u8], base: usize) -> String {
    fs::write(path, file).unwrap();
    let (result, memory) = peak(|| fit(path));
    let error = result.expect_err("a malformed checkpoint");
    assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
    let text = error.to_string();
    let words = text
        .strip_prefix(&format!("{}: ", path.display()))
        .expect(&text);
    assert!(
        words.contains(": expected ") && words.contains(", found "),
        "{text}"
    );
    let memory = memory.saturating_sub(base);
    assert!(
        memory <= 2 * file.len(),
        "{words}: {memory} bytes for {}",
        file.len()
    );
    words.to_string()
}

/// The memory of a fit that refuses a file without looking at it.
fn base(path: &Path) -> usize {
    fs::write(path, "").unwrap();
    peak(|| fit(path).map_err(|error| error.to_string())).1
}

#[test]
fn every_cut_and_every_flipped_bit_is_noticed() {
    let folder = folder("flips");
    let path = folder.join("run");
    let mut file = whole(&path);
    println!("{} bytes", file.len());
    assert!((900..1500).contains(&file.len()), "{} bytes", file.len());
    let base = base(&path);
    for len in 0..file.len() {
        refuse(&path, &file[..len], base);
    }
    for bit in 0..8 * file.len() {
        file[bit / 8] ^= 1 << (bit % 8);
        refuse(&path, &file, base);
        file[bit / 8] ^= 1 << (bit % 8);
    }
    fs::write(&path, &file).unwrap();
    fit(&path).unwrap();
    fs::remove_dir_all(folder).unwrap();
}

/// A value as it lies in a checkpoint.
#[derive(Clone, Debug)]
enum Value {
    Whole(u64),
    Number(f64),
    List(Vec<f64>),
    Text(String),
    State(Vec<Value>),
}
use Value::{List, Number, State, Text, Whole};

fn values(mut bytes: &[u8]) -> Vec<Value> {
    fn take<'a>(bytes: &mut &'a [u8], len: usize) -> &'a [u8] {
        let (taken, rest) = bytes.split_at(len);
        *bytes = rest;
        taken
    }
    let mut list = Vec::new();
    while !bytes.is_empty() {
        let mark = take(&mut bytes, 1)[0];
        let word: [u8; 8] = take(&mut bytes, 8).try_into().unwrap();
        let len = u64::from_le_bytes(word) as usize;
        list.push(match mark {
            1 => Whole(u64::from_le_bytes(word)),
            2 => Number(f64::from_le_bytes(word)),
            3 => List(
                take(&mut bytes, 8 * len)
                    .chunks(8)
                    .map(|x| f64::from_le_bytes(x.try_into().unwrap()))
                    .collect(),
            ),
            4 => Text(String::from_utf8(take(&mut bytes, len).to_vec()).unwrap()),
            5 => State(values(take(&mut bytes, len))),
            _ => panic!("mark {mark}"),
        });
    }
    list
}

fn bytes(values: &[Value]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut add = |mark: u8, word: u64, rest: &[u8]| {
        all.push(mark);
        all.extend(word.to_le_bytes());
        all.extend(rest);
    };
    for value in values {
        match value {
            Whole(x) => add(1, *x, &[]),
            Number(x) => add(2, x.to_bits(), &[]),
            List(list) => {
                let rest: Vec<u8> = list.iter().flat_map(|x| x.to_le_bytes()).collect();
                add(3, list.len() as u64, &rest);
            }
            Text(text) => add(4, text.len() as u64, text.as_bytes()),
            State(values) => add(5, bytes(values).len() as u64, &bytes(values)),
        }
    }
    all
}

/// A checkpoint in parts.
#[derive(Clone)]
struct Parts {
    text: String,
    values: Vec<Value>,
    weights: Vec<u8>,
    state: Vec<u8>,
}

fn word(file: &[u8], at: usize) -> usize {
    u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize
}

impl Parts {
    fn of(file: &[u8]) -> Self {
        let mut at = 64;
        let [text, values_, weights, state] = [16, 24, 32, 40].map(|place| {
            let part = &file[at..at + word(file, place)];
            at = (at + part.len()).next_multiple_of(64);
            part.to_vec()
        });
        Self {
            text: String::from_utf8(text).unwrap(),
            values: values(&values_),
            weights,
            state,
        }
    }

    fn raw(&self) -> [Vec<u8>; 4] {
        [
            self.text.clone().into_bytes(),
            bytes(&self.values),
            self.weights.clone(),
            self.state.clone(),
        ]
    }
}

/// A file of these parts, with the right lengths and checksums.
fn file([text, values, weights, state]: [Vec<u8>; 4]) -> Vec<u8> {
    let mut header = b"\x89PLYCKP\n\x01\0\0\0\x04\x03\x02\x01".to_vec();
    for part in [&text, &values, &weights, &state] {
        header.extend((part.len() as u64).to_le_bytes());
    }
    let line = |mut part: Vec<u8>| {
        part.resize(part.len().next_multiple_of(64), 0);
        part
    };
    let rest = [line(values), line(weights), state].concat();
    let mut file = [header, vec![0; 16], line(text), rest].concat();
    seal(&mut file);
    file
}

/// Writes the right checksums.
fn seal(file: &mut [u8]) {
    let text = word(file, 16);
    let head = crc32(&[&file[..48], &file[64..64 + text]]);
    let rest = crc32(&[&file[64 + text.next_multiple_of(64)..]]);
    file[48..52].copy_from_slice(&head.to_le_bytes());
    file[52..56].copy_from_slice(&rest.to_le_bytes());
}

fn crc32(parts: &[&[u8]]) -> u32 {
    let mut crc = !0u32;
    for &byte in parts.iter().copied().flatten() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[test]
fn a_file_made_here_is_a_checkpoint() {
    let folder = folder("made");
    let path = folder.join("run");
    let whole = whole(&path);
    assert_eq!(file(Parts::of(&whole).raw()), whole);
    fs::remove_dir_all(folder).unwrap();
}

/// What is refused, and in what words.
#[test]
fn malformed_files() {
    let folder = folder("malformed");
    let path = folder.join("run");
    let whole = whole(&path);
    let parts = Parts::of(&whole);
    let base = base(&path);
    let names = RefCell::new(Vec::new());
    let refused = |name: &'static str, file: Vec<u8>, words: &str| {
        let found = refuse(&path, &file, base);
        assert!(found.starts_with(words), "{name}: {found}");
        names.borrow_mut().push(name);
    };

    // The header.
    let bytes_at = |at: usize, bytes: &[u8]| {
        let mut file = whole.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    let sealed = |mut file: Vec<u8>| {
        seal(&mut file);
        file
    };
    refused("empty", vec![], "the header: expected 64 bytes, found 0");
    refused(
        "one byte",
        vec![0x89],
        "the header: expected 64 bytes, found 1",
    );
    refused(
        "no whole header",
        whole[..63].to_vec(),
        "the header: expected 64 bytes, found 63",
    );
    let magic = "the first 8 bytes: expected a checkpoint of Plywood, found \"";
    refused("a text", vec![b'a'; 200], &format!("{magic}aaaaaaaa\""));
    refused("zeros", vec![0; 200], magic);
    refused("a picture", bytes_at(0, b"\x89PNG\r\n\x1a\n"), magic);
    refused("line ends turned", bytes_at(0, b"\x89PLYCKP\r"), magic);
    refused(
        "version 0",
        bytes_at(8, &[0; 4]),
        "the version: expected 1, found 0",
    );
    refused(
        "version 2",
        bytes_at(8, &[2]),
        "the version: expected 1, found 2",
    );
    let order = "the order of bytes: expected 0x01020304, found 0x04030201";
    refused("big-endian", bytes_at(12, &[1, 2, 3, 4]), order);
    let length = "the length of the file: expected ";
    refused("a byte more", [&whole[..], &[0]].concat(), length);
    refused("a byte less", whole[..whole.len() - 1].to_vec(), length);
    refused("only a header", whole[..64].to_vec(), length);
    for (name, at) in [("text", 16), ("values", 24), ("weights", 32), ("state", 40)] {
        let _ = name;
        refused("one part longer", bytes_at(at, &[whole[at] ^ 0x80]), length);
        refused("one part endless", bytes_at(at, &[0xff; 8]), length);
        refused(
            "one part of half the memory",
            bytes_at(at + 7, &[0x7f]),
            length,
        );
    }
    refused("four endless parts", bytes_at(16, &[0xff; 32]), length);
    refused(
        "sums that overflow",
        bytes_at(16, &[[0, 0, 0, 0, 0, 0, 0, 0x80]; 4].concat()),
        length,
    );
    refused(
        "reserved bytes",
        bytes_at(63, &[1]),
        "the end of the header: expected zeros, found 0x01",
    );
    let head = "the checksum of header and text: expected ";
    refused(
        "another checksum of the head",
        bytes_at(48, &[whole[48] ^ 1]),
        head,
    );
    refused("another text", bytes_at(70, b"#"), head);
    let rest = "the checksum of the values: expected ";
    refused(
        "another checksum of the rest",
        bytes_at(52, &[whole[52] ^ 1]),
        rest,
    );
    refused(
        "another number",
        bytes_at(whole.len() - 1, &[whole[whole.len() - 1] ^ 1]),
        rest,
    );

    // Sound files of other things.
    let with = |change: &dyn Fn(&mut Parts)| {
        let mut parts = parts.clone();
        change(&mut parts);
        file(parts.raw())
    };
    let gap = 64 + parts.text.len();
    assert!(!gap.is_multiple_of(64));
    refused(
        "bytes behind the text",
        sealed(bytes_at(gap, &[7])),
        "behind the text: expected zeros, found 0x07",
    );
    let gap = gap.next_multiple_of(64) + bytes(&parts.values).len();
    assert!(!gap.is_multiple_of(64));
    refused(
        "bytes behind the values",
        sealed(bytes_at(gap, &[7])),
        "between the values: expected zeros, found 0x07",
    );
    let mut raw = parts.raw();
    raw[0][0] = 0xff;
    refused(
        "no UTF-8",
        file(raw),
        "the text: expected UTF-8, found invalid utf-8",
    );
    refused(
        "no text",
        with(&|parts| parts.text.clear()),
        "Plywood's version: expected ",
    );
    let long = with(&|parts| parts.text = "x".repeat((1 << 20) + 1));
    refused(
        "a long text",
        long,
        "the text: expected at most 1048576 bytes, found 1048577",
    );
    let text = |name, from: &str, to: &str, words: &str| {
        assert!(parts.text.contains(from), "{from} in\n{}", parts.text);
        refused(
            name,
            with(&|parts| parts.text = parts.text.replace(from, to)),
            words,
        );
    };
    let version = env!("CARGO_PKG_VERSION");
    text(
        "another Plywood",
        version,
        "9.9.9",
        &format!("Plywood's version: expected {version}, found 9.9.9"),
    );
    text(
        "other numbers",
        "numbers: f32",
        "numbers: f64",
        "the type of numbers: expected f32, found f64",
    );
    text(
        "another layer",
        "`dense`, Dense(2, Tanh",
        "`conv`, Conv1D(2, Relu",
        "layer 1: expected `dense`, Dense(2, Tanh",
    );
    text(
        "no second layer",
        "layer 2: ",
        "model: ",
        "layer 2: expected `dense_1`, Dense(1, Sigmoid",
    );
    text(
        "a third layer",
        "`dense/kernel`",
        "layer 3: x\n`dense/kernel`",
        "layer 3: expected none, found x",
    );
    text(
        "another tensor",
        "[3, 2]",
        "[3, 3]",
        "`dense/kernel`: expected [3, 2], found [3, 3]",
    );
    text(
        "another optimiser",
        "Sgd {",
        "Adam {",
        "the optimiser: expected Sgd, found Adam",
    );
    text(
        "another momentum",
        "momentum: 0.9,",
        "momentum: 0.8,",
        "the optimiser: expected momentum: 0.9, found momentum: 0.8",
    );
    text(
        "another loss",
        "BinaryCrossentropy",
        "Poisson",
        "the loss: expected BinaryCrossentropy, found Poisson",
    );
    text(
        "a metric",
        "the metrics: ",
        "the metrics: accuracy",
        "the metrics: expected , found accuracy",
    );
    text(
        "other data",
        "the data: 5",
        "the data: 6",
        "the data: expected 5 samples",
    );
    text(
        "another seed",
        "the seed: 0",
        "the seed: 1",
        "the seed: expected 0, found 1",
    );
    text(
        "a line more",
        "the seed: 0\n",
        "the seed: 0\nthe end: 1\n",
        "the end: expected none, found 1",
    );
    text(
        "a long line",
        "the seed: 0",
        &format!("the seed: {}", "9".repeat(5000)),
        "the seed: expected 0, found 999",
    );

    let weights = "the weights: expected 44 bytes, found ";
    refused(
        "a weight more",
        with(&|parts| parts.weights.extend([0; 4])),
        weights,
    );
    refused("no weights", with(&|parts| parts.weights.clear()), weights);
    let state = "the state of the optimiser: expected 44 bytes, found ";
    refused(
        "a slot more",
        with(&|parts| parts.state.extend([0; 4])),
        state,
    );
    refused("no slots", with(&|parts| parts.state.clear()), state);
    // 64 GiB of values, of which the disk has none.
    let mut endless = parts.raw();
    endless[1].clear();
    let mut endless = file(endless);
    endless[24..32].copy_from_slice(&(1u64 << 36).to_le_bytes());
    seal(&mut endless);
    fs::write(&path, &endless).unwrap();
    let sparse = fs::File::options().write(true).open(&path).unwrap();
    sparse.set_len(endless.len() as u64 + (1 << 36)).unwrap();
    let (result, memory) = peak(|| fit(&path).unwrap_err().to_string());
    assert!(
        result.contains(": the values: expected at most 67109216 bytes, found 68719476736"),
        "{result}"
    );
    assert!(
        memory.saturating_sub(base) <= 2 * whole.len(),
        "{memory} bytes"
    );
    names.borrow_mut().push("64 GiB of values");

    // Values that cannot be.
    let place = "the values, before byte ";
    let value = |name, index: usize, value: Value, words: &str| {
        let file = with(&|parts| parts.values[index] = value.clone());
        let found = refuse(&path, &file, base);
        assert!(
            found.starts_with(place) && found.ends_with(words),
            "{name}: {found}"
        );
        names.borrow_mut().push(name);
    };
    let nan = f64::NAN;
    value(
        "a number for a whole one",
        0,
        Number(0.0),
        ": expected a whole number, found a number",
    );
    value(
        "a text for a number",
        2,
        Text("".into()),
        ": expected a number, found a text",
    );
    value(
        "a list for a number",
        4,
        List(vec![]),
        ": expected a number, found a list of numbers",
    );
    value(
        "a state for a list",
        13,
        State(vec![]),
        ": expected a list of numbers, found a state",
    );
    value(
        "endless steps",
        3,
        Whole(u64::MAX),
        ": expected a number below 2^53, found 18446744073709551615",
    );
    value(
        "endless steps before",
        0,
        Whole(1 << 53),
        ": expected a number below 2^53, found 9007199254740992",
    );
    value(
        "steps before the beginning",
        0,
        Whole(5),
        ": expected at least 5, found 4",
    );
    value(
        "no rate",
        4,
        Number(nan),
        ": expected a learning rate, found NaN",
    );
    value(
        "a negative rate",
        4,
        Number(-1.0),
        ": expected a learning rate, found -1",
    );
    value(
        "endless epochs",
        5,
        Whole((1 << 53) - 1),
        ": expected a list of 9007199254740991, found a list of 1",
    );
    value(
        "no epochs",
        5,
        Whole(0),
        ": expected a list of 0, found a list of 1",
    );
    value("over or not", 7, Whole(2), ": expected 0 or 1, found 2");
    value("begun or not", 8, Whole(3), ": expected 0 or 1, found 3");
    value(
        "a step behind the last",
        9,
        Whole(3),
        ": expected a step below 3, found 3",
    );
    value(
        "other samples",
        11,
        Whole(3),
        ": expected the samples of 1 steps, found 3",
    );
    value(
        "a state of metrics",
        13,
        List(vec![0.0]),
        ": expected a list of 0, found a list of 1",
    );
    value(
        "losses of two epochs",
        14,
        List(vec![0.0; 2]),
        ": expected a list of 1, found a list of 2",
    );
    value(
        "losses of a validation",
        15,
        List(vec![0.0]),
        ": expected a list of 0, found a list of 1",
    );

    // Callbacks.
    let callback = "callback 1 of those that have a state: expected EarlyStopping, found ";
    let with_callback = |kind: &str, states: Vec<Value>| {
        with(&|parts| {
            let last = parts.values.len() - 2;
            parts.values[last] = Text(kind.into());
            parts.values[last + 1] = State(states.clone());
        })
    };
    refused(
        "no callback",
        with(&|parts| parts.values.truncate(18)),
        &format!("{callback}none"),
    );
    let other = with_callback("Other", vec![]);
    refused("another callback", other, &format!("{callback}Other"));
    let two = with(&|parts| parts.values.extend([Text("Late".into()), State(vec![])]));
    refused(
        "a second callback",
        two,
        "callback 2 of those that have a state: expected none, found Late",
    );
    let state = |name, states: Vec<Value>, words: &str| {
        let found = refuse(&path, &with_callback("EarlyStopping", states), base);
        let is_here = found.starts_with("EarlyStopping, before byte ");
        assert!(is_here && found.ends_with(words), "{name}: {found}");
        names.borrow_mut().push(name);
    };
    let best = || List(vec![0.5]);
    let list = |len| List(vec![0.0; len]);
    state(
        "no state",
        vec![],
        ": expected a list of numbers, found only 0 bytes of 1",
    );
    state(
        "two best values",
        vec![list(2)],
        ": expected the best value, found several",
    );
    state(
        "half a state",
        vec![best(), Whole(0)],
        ": expected a list of numbers, found only 0 bytes of 1",
    );
    state(
        "too few weights",
        vec![best(), Whole(0), list(10)],
        ": expected 11 weights, found 10 weights",
    );
    state(
        "too many weights",
        vec![best(), Whole(0), list(12)],
        ": expected 11 weights, found 12 weights",
    );
    state(
        "more than a state",
        vec![best(), Whole(0), list(0), Whole(1)],
        ": expected nothing more, found 9 more bytes",
    );

    // Lengths inside of values.
    let raw = |name, change: &dyn Fn(&mut Vec<u8>), words: &str| {
        let mut raw = parts.raw();
        change(&mut raw[1]);
        let found = refuse(&path, &file(raw), base);
        assert!(
            found.starts_with(place) && found.ends_with(words),
            "{name}: {found}"
        );
        names.borrow_mut().push(name);
    };
    raw(
        "no values",
        &|raw| raw.clear(),
        ": expected a whole number, found only 0 bytes of 1",
    );
    raw(
        "half a value",
        &|raw| raw.truncate(4),
        ": expected a whole number, found only 3 bytes of 8",
    );
    raw(
        "an unknown mark",
        &|raw| raw[0] = 77,
        ": expected a whole number, found something unknown",
    );
    let start = 13 * 9;
    let endless = ": expected a list of numbers, found one of 18446744073709551615";
    raw(
        "an endless list",
        &|raw| raw[start + 1..start + 9].fill(0xff),
        endless,
    );
    let long = format!("bytes of {}", 8u64 << 56);
    raw("a very long list", &|raw| raw[start + 8] = 1, &long);

    let names = names.into_inner();
    println!("{} files: {names:?}", names.len());
    assert!(names.len() >= 40);
    fs::remove_dir_all(folder).unwrap();
}

/// Callbacks count on from whatever number a file has, the last one too.
#[test]
fn counters_do_not_overflow() {
    let folder = folder("counters");
    let path = folder.join("run");
    let mut parts = Parts::of(&whole(&path));
    let last = parts.values.len() - 1;
    // No loss is better than the best one.
    let best = || List(vec![0.0]);
    let end = || Whole(u64::MAX);
    let mut write = |kind: &str, state: Vec<Value>| {
        parts.values[last - 1] = Text(kind.into());
        parts.values[last] = State(state);
        fs::write(&path, file(parts.raw())).unwrap();
    };
    write("EarlyStopping", vec![best(), end(), List(vec![])]);
    assert_eq!(fit(&path).unwrap().epochs(), 2);

    write("ReduceLrOnPlateau", vec![best(), end(), Whole(0)]);
    let mut model = Small::new(1);
    let mut training = model.compile(Sgd::new(0.1).momentum(0.9), BinaryCrossentropy);
    let reduce = ReduceLrOnPlateau::new().monitor("loss");
    let settings = settings(&path).callback(reduce);
    assert_eq!(training.fit(&X, &Y, settings).unwrap().epochs(), 2);
    fs::remove_dir_all(folder).unwrap();
}

/// What lies behind the numbers of a row must be zero.
#[test]
fn padding_is_zero() {
    let folder = folder("padding");
    let path = folder.join("run");
    sequential! { struct Three: [3] => [3] { Dense(3) } }
    let fit = |epochs| {
        let mut model = Three::new(1);
        let mut training = model.compile(Adam::new(0.1), MeanSquaredError);
        let backup = BackupAndRestore::new(&path).delete_checkpoint(false);
        let settings = Fit::new()
            .epochs(epochs)
            .callback(backup)
            .verbose(Verbose::Silent);
        training.fit(&X, &X, settings)
    };
    fit(1).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let state = word(&bytes, 40);
    let weights = (bytes.len() - state - word(&bytes, 32)) / 64 * 64;
    assert_eq!(bytes[weights + 12..weights + 16], [0; 4]);
    bytes[weights + 15] = 0x3f;
    seal(&mut bytes);
    fs::write(&path, &bytes).unwrap();
    let error = fit(2).unwrap_err().to_string();
    assert!(
        error.ends_with(": behind the rows of weights: expected zeros, found other numbers"),
        "{error}"
    );
    fs::remove_dir_all(folder).unwrap();
}

/// Nor do the best weights that a callback has kept bring anything else there.
#[test]
fn padding_of_kept_weights_is_zero() {
    struct Sum(f32);
    impl Visitor<f32> for Sum {
        fn tensor(&mut self, _: &'static str, _: &[usize], data: &[f32]) {
            self.0 += data.iter().sum::<f32>();
        }
    }
    let folder = folder("kept");
    let path = folder.join("run");
    sequential! { struct Three: [3] => [3] { Dense(3) } }
    let fit = |epochs| {
        let mut model = Three::new(1);
        let early = EarlyStopping::new()
            .monitor("loss")
            .restore_best_weights(true);
        let mut training = model.compile(Adam::new(0.1), MeanSquaredError);
        let backup = BackupAndRestore::new(&path).delete_checkpoint(false);
        let settings = Fit::new().epochs(epochs).verbose(Verbose::Silent);
        let settings = settings.callback(backup).callback(early);
        training.fit(&X, &X, settings).unwrap();
        model
    };
    fit(1);
    let mut parts = Parts::of(&fs::read(&path).unwrap());
    let last = parts.values.len() - 1;
    // No loss is better, so these weights come back: twelve numbers in four rows of three.
    let kept = vec![List(vec![0.0]), Whole(0), List(vec![1.0; 16])];
    parts.values[last] = State(kept);
    fs::write(&path, file(parts.raw())).unwrap();
    let mut sum = Sum(0.0);
    fit(2).visit(&mut sum);
    assert_eq!(sum.0, 12.0);
    fs::remove_dir_all(folder).unwrap();
}

/// Checkpoints of other trainings, by the types and settings themselves.
#[test]
fn other_trainings_are_refused() {
    let folder = folder("others");
    let path = folder.join("run");
    let words = |result: plywood::Result<History>| {
        let error = result.expect_err("another training").to_string();
        let prefix = format!("{}: ", path.display());
        error.strip_prefix(&prefix).expect(&error).to_string()
    };
    whole(&path);
    let here = fs::read(&path).unwrap();
    macro_rules! other {
        ($number:ty, [$($layers:tt)*], $words:expr) => {{
            sequential! { struct Net<T>: [3] => [1] { $($layers)* } }
            let mut model = Net::<$number>::new(1);
            let x = X.map(|x| x.map(<$number>::from));
            let y = Y.map(|y| y.map(<$number>::from));
            let mut training = model.compile(Sgd::new(0.1).momentum(0.9), BinaryCrossentropy);
            let backup = BackupAndRestore::new(&path);
            let settings = Fit::new().batch_size(2).callback(backup).verbose(Verbose::Silent);
            let found = words(training.fit(&x, &y, settings));
            assert!(found.starts_with($words), "{found}");
        }};
    }
    other!(
        f64,
        [Dense(2, tanh), Dense(1, sigmoid)],
        "the type of numbers: expected f64, found f32"
    );
    other!(
        f32,
        [Dense(2, relu), Dense(1, sigmoid)],
        "layer 1: expected `dense`, Dense(2, Relu, true, GlorotUniform, Zeros) => [2], 8 weights, found `dense`, Dense(2, Tanh"
    );
    other!(
        f32,
        [Dense(2, tanh), Dropout(0.5), Dense(1, sigmoid)],
        "layer 2: expected `dropout`, Dropout(0.5) => [2], 0 weights, found `dense_1`"
    );
    other!(f32, [hidden: Dense(2, tanh), Dense(1, sigmoid)], "layer 1: expected `hidden`, Dense");
    macro_rules! training {
        ($optimizer:expr, $loss:expr, |$fit:ident| $settings:expr, $words:expr) => {{
            let mut model = Small::new(1);
            let $fit = settings(&path);
            let found = words(model.compile($optimizer, $loss).fit(&X, &Y, $settings));
            assert!(found.starts_with($words), "{found}");
        }};
    }
    let sgd = || Sgd::new(0.1).momentum(0.9);
    training!(
        Adam::new(0.1),
        BinaryCrossentropy,
        |fit| fit,
        "the optimiser: expected Adam, found Sgd"
    );
    training!(
        sgd().nesterov(true),
        BinaryCrossentropy,
        |fit| fit,
        "the optimiser: expected nesterov: true, found nesterov: false"
    );
    training!(
        sgd().clipvalue(1.0),
        BinaryCrossentropy,
        |fit| fit,
        "the optimiser: expected clipvalue: Some(1.0), found clipvalue: None"
    );
    training!(
        Sgd::new(0.2).momentum(0.9),
        BinaryCrossentropy,
        |fit| fit,
        "the learning rate at the beginning: expected 0.2, found 0.1"
    );
    training!(
        sgd(),
        MeanSquaredError,
        |fit| fit,
        "the loss: expected MeanSquaredError, found BinaryCrossentropy"
    );
    training!(
        sgd(),
        BinaryCrossentropy,
        |fit| fit.batch_size(3),
        "the batch size: expected 3, found 2"
    );
    training!(
        sgd(),
        BinaryCrossentropy,
        |fit| fit.seed(9),
        "the seed: expected 9, found 0"
    );
    training!(
        sgd(),
        BinaryCrossentropy,
        |fit| fit.shuffle(false),
        "the order of the data: expected as it is, found shuffled"
    );
    training!(
        sgd(),
        BinaryCrossentropy,
        |fit| fit.validation_split(0.2),
        "the validation data: expected a share of 0.2, found none"
    );
    training!(
        sgd(),
        BinaryCrossentropy,
        |fit| fit.sample_weight(&[2.0; 5]),
        "the weights of samples: expected those with the checksum"
    );
    training!(
        sgd(),
        BinaryCrossentropy,
        |fit| fit.callback(ReduceLrOnPlateau::new()),
        "callback 1 of those that have a state: expected ReduceLrOnPlateau, found EarlyStopping"
    );

    // A training that has gone on by itself, and the complete checkpoint of another one.
    let mut model = Small::new(1);
    let mut training = model.compile(sgd(), BinaryCrossentropy);
    training.train_on_batch(&X, &Y).unwrap();
    let early = EarlyStopping::new().monitor("loss");
    let found = words(training.fit(&X, &Y, settings(&path).callback(early)));
    assert_eq!(
        found,
        "the number of steps before the first one of this fit: expected 1, found 0"
    );
    assert_eq!(
        fs::read(&path).unwrap(),
        here,
        "what is refused is not changed"
    );

    let mut model = Small::new(1);
    let mut training = model.compile(sgd(), BinaryCrossentropy);
    let backup = BackupAndRestore::new(&path);
    let twice = settings(&path).callback(backup);
    let error = training.fit(&X, &Y, twice).unwrap_err().to_string();
    assert_eq!(
        error,
        "the number of `BackupAndRestore`s is 2, but must be at most 1"
    );
    let backup = BackupAndRestore::new(&path).every_steps(0);
    let never = Fit::new().callback(backup).verbose(Verbose::Silent);
    let error = training.fit(&X, &Y, never).unwrap_err().to_string();
    assert_eq!(error, "every_steps is 0, but must be at least 1");
    let nowhere = Fit::new()
        .callback(BackupAndRestore::new(folder.join("no/folder/run")))
        .verbose(Verbose::Silent);
    let error = training.fit(&X, &Y, nowhere).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    fs::remove_dir_all(folder).unwrap();
}

/// A callback with every kind of value.
#[derive(Clone, Debug, PartialEq)]
struct Everything(u64, f64, Vec<f64>, String);

impl Callback for Everything {
    fn save_state(&self, state: &mut StateWriter) -> plywood::Result<()> {
        state.u64(self.0);
        state.f64(self.1);
        state.f64s(&self.2);
        state.text(&self.3);
        Ok(())
    }
    fn load_state(&mut self, state: &mut StateReader<'_>) -> plywood::Result<()> {
        assert_eq!(self.0, 0);
        let read = Everything(
            state.u64()?,
            state.f64()?,
            state.f64s()?,
            state.text()?.into(),
        );
        assert_eq!(
            read,
            Everything(7, -0.5, vec![1.0, f64::INFINITY], "a\n\u{e4}".into())
        );
        Err(state.refuse("a test", "its end"))
    }
}

#[test]
fn callbacks_get_what_they_have_written() {
    let folder = folder("callback");
    let path = folder.join("run");
    let fit = |callback: Everything| {
        let mut model = Small::new(1);
        let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
        training.fit(&X, &Y, settings(&path).callback(callback))
    };
    fit(Everything(
        7,
        -0.5,
        vec![1.0, f64::INFINITY],
        "a\n\u{e4}".into(),
    ))
    .unwrap();
    let error = fit(Everything(0, 0.0, vec![], String::new()))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(": Everything, before byte ")
            && error.ends_with(": expected a test, found its end"),
        "{error}"
    );
    fs::remove_dir_all(folder).unwrap();
}
