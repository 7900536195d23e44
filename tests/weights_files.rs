//! What is saved is loaded, bit for bit; what does not belong to a network is refused, and changes
//! nothing.
#![cfg(feature = "std")]

use plywood::files::IncludedWeights;
use plywood::prelude::*;
use plywood::random::Stream;
use plywood::training::NamedWeight;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

sequential! {
    /// The kernels and statistics of images, lists of layers, and a row that needs padding.
    pub struct Images<T>: [3, 8, 8] => [5] {
        Normalization,
        Conv2D(4, 3, padding = same),
        BatchNormalization,
        PReLU,
        Residual([Conv2D(4, 1), LayerNormalization, Residual([Conv2D(4, 1)])]),
        DepthwiseConv2D(3),
        SeparableConv2D(6, 3),
        GroupNormalization(3),
        Conv2DTranspose(2, 3),
        Concatenate([Conv2D(1, 1)], [Conv2D(2, 1), RMSNormalization]),
        Flatten,
        Dense(17, tanh),
        Dense(5, softmax),
    }
}

sequential! {
    /// Signals and words, and a model as a layer.
    pub struct Signals<T>: [7] => [3] {
        Embedding(11, 4),
        Conv1D(5, 3),
        Add([Conv1D(5, 1)], [RMSNormalization]),
        Flatten,
        Head<T>,
    }
}

sequential! {
    pub struct Head<T>: [25] => [3] { Dense(1, use_bias = false), Dense(3) }
}

sequential! {
    struct Net: [2] => [1] { Dense(3, tanh), Dense(1) }
}

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("weights-{test}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Other numbers in each weight, among them those that are easily lost.
fn stir<T: plywood::math::Real>(weights: &mut [NamedWeight<T>]) {
    let mut random = Stream::new(5);
    let rare = [
        T::NAN,
        -T::INFINITY,
        -T::of(0.0),
        T::of(1e-310),
        T::of(1e-42),
    ];
    for weight in weights {
        weight.values.fill_with(|| T::of(random.uniform()));
        let count = weight.values.len().min(rare.len());
        weight.values[..count].copy_from_slice(&rare[..count]);
    }
}

fn bytes<T: plywood::math::Real>(weights: &[NamedWeight<T>]) -> Vec<(&str, &[usize], &[u8])> {
    let list = weights.iter();
    list.map(|w| (&*w.name, &*w.shape, bytemuck::cast_slice(&w.values)))
        .collect()
}

macro_rules! round_trip {
    ($test:ident, $($net:ty)*) => {
        #[test]
        fn $test() {
            let folder = folder(stringify!($test));
            $({
                let mut model = <$net>::new(1);
                let mut weights = model.get_weights();
                stir(&mut weights);
                model.set_weights(&weights).unwrap();
                let path = folder.join("net.safetensors");
                model.save_weights(&path).unwrap();
                let mut other = <$net>::new(2);
                other.load_weights(&path).unwrap();
                let found = other.get_weights();
                assert_eq!(bytes(&found), bytes(&weights));
                // The padding is zero again: else predictions would differ.
                let mut clean = <$net>::new(3);
                clean.set_weights(&<$net>::new(1).get_weights()).unwrap();
                other.weights_from_bytes(&clean.weights_to_bytes()).unwrap();
                let x = bytemuck::Zeroable::zeroed();
                assert_eq!(other.predict(&x), clean.predict(&x));
                // The same numbers are the same file.
                assert_eq!(fs::read(&path).unwrap(), model.weights_to_bytes());
            })*
        }
    };
}

round_trip!(images_come_back, Images<f32> Images<f64>);
round_trip!(signals_come_back, Signals<f32> Signals<f64> Net);

/// A safetensors file.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

#[test]
fn the_format_is_the_public_one() {
    let mut model = Net::new(1);
    let mut weights = model.get_weights();
    for (i, weight) in weights.iter_mut().enumerate() {
        weight.values.fill(i as f32);
    }
    model.set_weights(&weights).unwrap();
    let bytes = model.weights_to_bytes();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    assert_eq!((8 + length) % 64, 0);
    let header = std::str::from_utf8(&bytes[8..8 + length]).unwrap();
    let members = "\"dense/kernel\":{\"dtype\":\"F32\",\"shape\":[2, 3],\"data_offsets\":[0,24]},\
        \"dense/bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[24,36]},\
        \"dense_1/kernel\":{\"dtype\":\"F32\",\"shape\":[3, 1],\"data_offsets\":[36,48]},\
        \"dense_1/bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[48,52]}}";
    assert!(header.trim_end().ends_with(members), "{header}");
    let json: serde_json::Value = serde_json::from_str(header).unwrap();
    assert_eq!(json["__metadata__"]["plywood.format"], "1");
    let numbers: &[u8] = &bytes[8 + length..];
    let expected: Vec<f32> = weights.iter().flat_map(|w| w.values.clone()).collect();
    assert_eq!(numbers, bytemuck::cast_slice::<f32, u8>(&expected));
}

#[test]
fn other_writers_have_another_order() {
    let data: Vec<f32> = (0..13).map(|i| i as f32).collect();
    let data: &[u8] = bytemuck::cast_slice(&data);
    let header = r#"{ "dense_1/bias" : {"shape":[ 1 ], "dtype":"F32","data_offsets":[48,52]},
        "dense/bias":{"data_offsets":[ 0,12],"dtype":"F32","shape":[3]},
        "__metadata__":{"format":"pt","note":"\u00e4 \"quoted\" \\ \n"},
        "dense/kernel":{"dtype":"F32","shape":[2,3],"data_offsets":[12,36]},
        "dense_1/kernel":{"dtype":"F32","shape":[3,1],"data_offsets":[36,48]}}   "#;
    let mut model = Net::new(1);
    model.weights_from_bytes(&file(header, data)).unwrap();
    let weights = model.get_weights();
    assert_eq!(weights[0].values, [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    assert_eq!(weights[1].values, [0.0, 1.0, 2.0]);
    assert_eq!(weights[2].values, [9.0, 10.0, 11.0]);
    assert_eq!(weights[3].values, [12.0]);
}

sequential! {
    struct Wider: [2] => [1] { Dense(4, tanh), Dense(1) }
}
sequential! {
    struct Renamed: [2] => [1] { hidden: Dense(3, tanh), dense_1: Dense(1) }
}
sequential! {
    struct Deeper: [2] => [1] { Dense(3, tanh), Dense(1), Dense(1) }
}
sequential! {
    struct Generic<T>: [2] => [1] { Dense(3, tanh), Dense(1) }
}

#[test]
fn a_file_of_another_network_names_the_first_tensor() {
    let folder = folder("another");
    let path = folder.join("net.safetensors");
    let mut model = Net::new(1);
    let before = model.weights_to_bytes();
    let mut refused = |text: &str| {
        let error = model.load_weights(&path).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: {text}", path.display()));
        assert_eq!(model.weights_to_bytes(), before);
    };
    Wider::new(1).save_weights(&path).unwrap();
    refused("tensor `dense/kernel`: expected F32 of shape [2, 3], found F32 of shape [2, 4]");
    Renamed::new(1).save_weights(&path).unwrap();
    refused(
        "tensor `dense/kernel`: expected F32 of shape [2, 3], found none of this name, but an unknown \
         `hidden/kernel`",
    );
    Deeper::new(1).save_weights(&path).unwrap();
    refused(
        "tensor `dense_2/kernel`: expected no tensor that the network does not have, found one",
    );
    Generic::<f64>::new(1).save_weights(&path).unwrap();
    refused("tensor `dense/kernel`: expected F32 of shape [2, 3], found F64 of shape [2, 3]");
    Net::new(1).save_weights(&path).unwrap();
    let error = Deeper::new(1).load_weights(&path).unwrap_err().to_string();
    let text = "tensor `dense_2/kernel`: expected F32 of shape [1, 1], found none of this name";
    assert_eq!(error, format!("{}: {text}", path.display()));
    let error = Net::new(1).weights_from_bytes(&[1, 2]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the weights: length of the header: expected 8 bytes, found 2"
    );
}

#[test]
fn names_and_folders() {
    let folder = folder("names");
    let mut model = Net::new(1);
    for name in ["net", "net.h5", "net.pt", ".safetensors"] {
        let path = folder.join(name);
        let text = format!("{}: the name must end in .safetensors", path.display());
        let error = model.save_weights(&path).unwrap_err();
        assert!(error.to_string().starts_with(&text), "{error}");
        let error = model.load_weights(&path).unwrap_err();
        assert!(error.to_string().starts_with(&text), "{error}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let missing = folder.join("missing.safetensors");
    let error = model.load_weights(&missing).unwrap_err();
    assert!(matches!(error, Error::Io { action: "open", .. }), "{error}");
    model.save_weights(folder.join("BIG.SafeTensors")).unwrap();
    model.load_weights(folder.join("BIG.SafeTensors")).unwrap();
}

/// Runs a Python script, if there is a Python with the packages that it needs.
fn python(packages: &str, script: &str, arguments: &[&Path]) -> Option<String> {
    let python = std::env::var("PLYWOOD_PYTHON").unwrap_or("python3".into());
    let has = Command::new(&python)
        .args(["-c", &format!("import {packages}")])
        .output();
    if !has.is_ok_and(|output| output.status.success()) {
        println!("skipped: {python} has not all of {packages} (PLYWOOD_PYTHON may name another)");
        return None;
    }
    let mut command = Command::new(python);
    command.args(["-c", script]).args(arguments);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn python_reads_and_writes_safetensors() {
    let folder = folder("python");
    let (here, there) = (folder.join("a.safetensors"), folder.join("b.safetensors"));
    let model = Signals::<f32>::new(4);
    model.save_weights(&here).unwrap();
    let script = "
import sys, safetensors.numpy as s
w = s.load_file(sys.argv[1])
print(*w['head/dense_1/kernel'].shape, w['embedding/embeddings'].dtype)
s.save_file({name: 2 * x for name, x in w.items()}, sys.argv[2])
";
    let Some(text) = python("numpy, safetensors", script, &[&here, &there]) else {
        return;
    };
    assert_eq!(text, "1 3 float32\n");
    let mut twice = Signals::<f32>::new(5);
    twice.load_weights(&there).unwrap();
    for (one, two) in model.get_weights().iter().zip(twice.get_weights()) {
        let doubled: Vec<f32> = one.values.iter().map(|x| 2.0 * x).collect();
        assert_eq!(two.values, doubled, "{}", one.name);
    }
}

#[test]
fn pytorch_reads_safetensors() {
    let path = folder("torch").join("net.safetensors");
    let model = Net::new(4);
    model.save_weights(&path).unwrap();
    let script = "
import sys, torch, safetensors.torch as s
w = s.load_file(sys.argv[1])
x = torch.tensor([[0.5, -0.25]])
h = torch.tanh(x @ w['dense/kernel'] + w['dense/bias'])
print((h @ w['dense_1/kernel'] + w['dense_1/bias']).item())
";
    if let Some(text) = python("torch, safetensors", script, &[&path]) {
        let [y] = model.predict(&[0.5, -0.25]);
        let found: f32 = text.trim().parse().unwrap();
        assert!((y - found).abs() < 1e-6, "{y} {found}");
    }
}

sequential! {
    /// The network of tests/files/make.py.
    struct FromKeras: [2, 8, 6] => [3] {
        Conv2D(4, 3, activation = relu),
        BatchNormalization,
        PReLU,
        DepthwiseConv2D(3),
        Flatten,
        BatchNormalization,
        Dense(5, tanh),
        out: Dense(3),
    }
}

/// What docs/keras_to_safetensors.py makes of a `.keras` file gives the predictions that Keras gives.
#[test]
fn a_converted_file_of_keras() {
    let mut model = FromKeras::new(1);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/keras.safetensors");
    model.load_weights(path).unwrap();
    let mut x = [[[0.0; 6]; 8]; 2];
    for (i, x) in x.iter_mut().flatten().flatten().enumerate() {
        // Keras has the channels last: number i there is here ...
        let (channel, pixel) = (i / 48, i % 48);
        *x = -1.0 + 2.0 / 95.0 * (2 * pixel + channel) as f32;
    }
    let keras = [3.96456, 3.60748, 2.93547];
    for (ours, theirs) in model.predict(&x).into_iter().zip(keras) {
        assert!((ours - theirs).abs() < 2e-5, "{ours} {theirs}");
    }
}

#[cfg(feature = "npz")]
mod npz {
    use super::*;

    #[test]
    fn numpy_writes_stored_and_deflated_archives() {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
        for name in ["net.npz", "net_deflated.npz"] {
            let mut model = Net::new(1);
            model.load_weights(files.join(name)).unwrap();
            assert_eq!(
                model.get_weights(),
                INCLUDED.model().get_weights(),
                "{name}"
            );
        }
        let error = Wider::new(1).load_weights(files.join("net.npz"));
        let text = "tensor `dense/kernel`, shape: expected (2, 4), found (2, 3)";
        let error = error.unwrap_err().to_string();
        assert!(error.ends_with(text), "{error}");
        let error = Renamed::new(1).load_weights(files.join("net.npz"));
        let error = error.unwrap_err().to_string();
        let text = "tensor `hidden/kernel`: expected shape [2, 3], found none of this name, but an \
                    unknown `dense/bias.npy`";
        assert!(error.ends_with(text), "{error}");
    }

    macro_rules! round_trip {
        ($($net:ty)*) => { $({
            let path = folder("npz").join("net.npz");
            let mut model = <$net>::new(1);
            let mut weights = model.get_weights();
            stir(&mut weights);
            model.set_weights(&weights).unwrap();
            model.save_weights(&path).unwrap();
            let mut other = <$net>::new(2);
            other.load_weights(&path).unwrap();
            assert_eq!(bytes(&other.get_weights()), bytes(&weights));
        })* };
    }

    #[test]
    fn archives_come_back() {
        round_trip!(Images<f32> Signals<f64> Net);
    }

    #[test]
    fn numpy_reads_and_writes_archives() {
        let folder = folder("numpy");
        let (here, there) = (folder.join("a.npz"), folder.join("b.npz"));
        let model = Signals::<f32>::new(4);
        model.save_weights(&here).unwrap();
        let script = "
import sys, numpy
w = numpy.load(sys.argv[1])
print(*w['head/dense_1/kernel'].shape, w['embedding/embeddings'].dtype)
numpy.savez_compressed(sys.argv[2], **{name: 2 * w[name] for name in reversed(w.files)})
";
        let Some(text) = python("numpy", script, &[&here, &there]) else {
            return;
        };
        assert_eq!(text, "1 3 float32\n");
        let mut twice = Signals::<f32>::new(5);
        twice.load_weights(&there).unwrap();
        for (one, two) in model.get_weights().iter().zip(twice.get_weights()) {
            let doubled: Vec<f32> = one.values.iter().map(|x| 2.0 * x).collect();
            assert_eq!(two.values, doubled, "{}", one.name);
        }
    }
}

/// Written by Python's `safetensors`, which sorts the names.
static INCLUDED: IncludedWeights<Net> = plywood::include_weights!("files/net.safetensors");

#[test]
fn weights_inside_the_program() {
    let mut loaded = Net::new(1);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/net.safetensors");
    loaded.load_weights(path).unwrap();
    let included = INCLUDED.model();
    assert_eq!(included.get_weights(), loaded.get_weights());
    assert_eq!(included.get_weights()[1].values, [0.25, -0.5, 0.75]);
    let mut other: Box<Net> = plywood::include_weights!("files/net.safetensors",).model();
    assert_eq!(other.get_weights(), loaded.get_weights());
    other = Net::new(5);
    INCLUDED.copy_to(&mut other);
    assert_eq!(other.predict(&[0.5, 0.25]), loaded.predict(&[0.5, 0.25]));
    assert_eq!(format!("{INCLUDED:?}"), "IncludedWeights<Net>");
}
