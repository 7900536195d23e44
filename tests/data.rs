//! From files to arrays: what the readers, the loader and the helpers give when all is well, and
//! what the loader of Fashion-MNIST says when it is not.
#![cfg(feature = "data")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::{Compression, write::GzEncoder};
use plywood::data::csv::{self, Csv};
use plywood::data::{idx, indices, one_hot, scale, to_categorical, train_test_split};
use plywood::datasets::fashion_mnist::{self, CLASSES, Part};

/// An empty folder for the files of one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("data-{test}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx_file(dims: &[usize], data: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, dims.len() as u8];
    dims.iter()
        .for_each(|&dim| file.extend((dim as u32).to_be_bytes()));
    file.extend(data);
    file
}

#[test]
fn scale_keeps_shape_and_multiplies() {
    let bytes: Vec<u8> = (0..=255).collect();
    let flat: Vec<f32> = scale(&bytes, 1.0 / 255.0);
    assert!((0..=255).all(|i| flat[i] == i as f32 * (1.0 / 255.0)));
    assert_eq!((flat[0], flat[255]), (0.0, 1.0));

    let rows: Vec<[u8; 16]> = bytes
        .chunks_exact(16)
        .map(|row| row.try_into().unwrap())
        .collect();
    let scaled: Vec<[f64; 16]> = scale(&rows, 0.5);
    assert!((0..=255).all(|i| scaled[i / 16][i % 16] == i as f64 / 2.0));

    let cubes = [[[[1_u8, 2], [3, 4]], [[5, 6], [7, 8]]]];
    let scaled: Vec<[[[f32; 2]; 2]; 2]> = scale(&cubes, -1.0);
    assert_eq!(
        scaled,
        [[[[-1.0, -2.0], [-3.0, -4.0]], [[-5.0, -6.0], [-7.0, -8.0]]]]
    );

    let none: Vec<[[f32; 28]; 28]> = scale(&[] as &[[[u8; 28]; 28]], 1.0);
    assert!(none.is_empty());
    let hollow: Vec<[f32; 0]> = scale(&[[0_u8; 0]; 3], 1.0);
    assert_eq!(hollow.len(), 3);
}

/// Samples larger than the whole stack of the thread.
#[test]
fn large_samples_never_lie_on_the_stack() {
    type Photos<T> = Vec<[[[T; 224]; 224]; 3]>;
    std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(|| {
            let images: Photos<u8> = bytemuck::zeroed_vec(4);
            let x: Photos<f32> = scale(&images, 1.0 / 255.0);
            let y: Vec<[f32; 100_000]> = to_categorical(&[99_999_u32, 0, 7, 50_000]).unwrap();
            assert!(y[0][99_999] == 1.0 && y[3][50_000] == 1.0);
            let split = train_test_split(&x, &y, 0.25, 1).unwrap();
            assert_eq!((split.x_train.len(), split.y_test.len()), (3, 1));
            let file = "1,".repeat(40_000) + "2\n";
            let options = Csv::new().header(false);
            let (x, y) = csv::parse::<40_000, 1>("wide", file.as_bytes(), options).unwrap();
            assert!(x[0][39_999] == 1.0 && y == [[2.0]]);
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn indices_take_every_integer_and_refuse_what_is_too_large() {
    let expected = [[2.0, 0.0]];
    assert_eq!(indices::<f32, _, 2>(&[[2_u8, 0]], 3).unwrap(), expected);
    assert_eq!(indices::<f32, _, 2>(&[[2_u16, 0]], 3).unwrap(), expected);
    assert_eq!(indices::<f32, _, 2>(&[[2_usize, 0]], 3).unwrap(), expected);
    let none: Vec<[f64; 2]> = indices(&[] as &[[u32; 2]], 0).unwrap();
    assert!(none.is_empty());
    // The largest that `f32` tells from its neighbours, and the next one.
    let last: Vec<[f32; 1]> = indices(&[[0xFF_FFFF_u32]], usize::MAX).unwrap();
    assert_eq!(last, [[16_777_215.0]]);
    let error = indices::<f32, _, 1>(&[[0], [0x100_0000_u32]], usize::MAX).unwrap_err();
    assert_eq!(
        error.to_string(),
        "number 0 of sample 1 of sequences (counted from 0) is 16777216, but must be a whole number \
         from 0 to 16777215"
    );
}

#[test]
fn to_categorical_takes_every_label_type() {
    let expected = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]];
    assert_eq!(to_categorical::<3>(&[1_u8, 2, 0]).unwrap(), expected);
    assert_eq!(to_categorical::<3>(&[1_u16, 2, 0]).unwrap(), expected);
    assert_eq!(to_categorical::<3>(&[1_u32, 2, 0]).unwrap(), expected);
    assert_eq!(to_categorical::<3>(&[1_usize, 2, 0]).unwrap(), expected);
    let labels: Vec<u8> = vec![1, 2, 0];
    let inferred: Vec<[f32; 3]> = to_categorical(&labels).unwrap();
    assert_eq!(to_categorical::<3>(&labels).unwrap(), expected);
    assert_eq!(inferred, expected);
    let double: Vec<[f64; 3]> = one_hot(&[1_u8, 2, 0]).unwrap();
    assert_eq!(double, expected.map(|row| row.map(f64::from)));
    assert!(to_categorical::<3>(&[] as &[u8]).unwrap().is_empty());
}

#[test]
fn to_categorical_refuses_other_labels() {
    let text = |result: plywood::Result<Vec<[f32; 10]>>| result.unwrap_err().to_string();
    let rule = "but must be below 10, the number of classes";
    assert_eq!(
        text(to_categorical(&[0_u8, 9, 10])),
        format!("label 2 (counted from 0) is 10, {rule}")
    );
    assert_eq!(
        text(to_categorical(&[usize::MAX])),
        format!("label 0 (counted from 0) is {}, {rule}", usize::MAX)
    );
    assert!(to_categorical::<0>(&[0_u8]).is_err());
}

#[test]
fn split_is_a_seeded_partition() {
    for n in 2..60_usize {
        for seed in 0..5 {
            let x: Vec<usize> = (0..n).collect();
            let y: Vec<u64> = (0..n).map(|i| 1000 + i as u64).collect();
            let split = train_test_split(&x, &y, 0.3, seed).unwrap();
            assert_eq!(split.x_test.len(), (n * 3 + 5) / 10);
            let belong = |x: &[usize], y: &[u64]| {
                x.len() == y.len() && x.iter().zip(y).all(|(&x, &y)| y == 1000 + x as u64)
            };
            assert!(belong(&split.x_train, &split.y_train) && belong(&split.x_test, &split.y_test));
            assert_eq!(split, train_test_split(&x, &y, 0.3, seed).unwrap());
            let mut all = [split.x_train, split.x_test].concat();
            all.sort_unstable();
            assert_eq!(all, x);
        }
    }
}

/// The values are promised to stay: a split that moved would leak test samples into training.
#[test]
fn split_does_not_change_from_version_to_version() {
    let x: Vec<u8> = (0..10).collect();
    let split = train_test_split(&x, &x, 0.4, 42).unwrap();
    assert_eq!(
        (split.x_test, split.x_train),
        (vec![5, 3, 1, 0], vec![9, 6, 4, 7, 2, 8])
    );
}

/// Every sample is set aside as often as any other.
#[test]
fn split_is_even() {
    let x: Vec<usize> = (0..10).collect();
    let mut counts = [0_u32; 10];
    for seed in 0..10_000 {
        for i in train_test_split(&x, &x, 0.2, seed).unwrap().x_test {
            counts[i] += 1;
        }
    }
    // 2000 are expected, with a standard deviation of 40.
    assert!(
        counts.iter().all(|count| count.abs_diff(2000) < 200),
        "{counts:?}"
    );
}

#[test]
fn split_refuses_bad_arguments() {
    let text = |n: usize, m: usize, share: f64| {
        let result = train_test_split(&vec![0_u8; n], &vec![0_u8; m], share, 0);
        result.unwrap_err().to_string()
    };
    assert_eq!(text(3, 4, 0.5), "x has 3 samples, but y has 4");
    assert_eq!(text(0, 0, 0.5), "x is empty: at least one sample is needed");
    let rule = "but must be above 0 and below 1, with at least one sample in either part";
    for (n, share, found) in [
        (10, 0.0, "0 (of 10 samples)"),
        (10, 1.0, "1 (of 10 samples)"),
        (10, -0.5, "-0.5 (of 10 samples)"),
        (10, 20.0, "20 (of 10 samples)"),
        (10, f64::NAN, "NaN (of 10 samples)"),
        (10, f64::INFINITY, "inf (of 10 samples)"),
        (10, 0.01, "0.01 (of 10 samples)"),
        (10, 0.99, "0.99 (of 10 samples)"),
        (1, 0.5, "0.5 (of 1 samples)"),
    ] {
        assert_eq!(text(n, n, share), format!("test_share is {found}, {rule}"));
    }
}

#[test]
fn idx_round_trips() {
    let folder = folder("idx");
    for dims in [
        &[1][..],
        &[7],
        &[2, 3],
        &[3, 1, 5],
        &[2, 3, 4, 5],
        &[1; 255],
    ] {
        let data: Vec<u8> = (0..dims.iter().product()).map(|i| i as u8).collect();
        let plain = idx_file(dims, &data);
        let cut = plain.len() / 2;
        let members = [gzip(&plain[..cut]), gzip(b""), gzip(&plain[cut..])].concat();
        for (name, file) in [
            ("plain", plain.clone()),
            ("packed", gzip(&plain)),
            ("members.gz", members),
        ] {
            let path = folder.join(name);
            fs::write(&path, file).unwrap();
            assert_eq!(
                idx::read_images(&path).unwrap(),
                (data.clone(), dims.to_vec())
            );
        }
    }
    let path = folder.join("typed.gz");
    fs::write(&path, gzip(&idx_file(&[2, 1, 3], b"abcdef"))).unwrap();
    assert_eq!(
        idx::read::<[[u8; 3]; 1]>(&path).unwrap(),
        [[*b"abc"], [*b"def"]]
    );
    fs::write(&path, idx_file(&[3], &[1, 2, 3])).unwrap();
    assert_eq!(idx::read_labels(&path).unwrap(), [1, 2, 3]);
    assert_eq!(idx::read::<u8>(&path).unwrap(), [1, 2, 3]);
}

#[test]
fn csv_reads_what_is_chosen() {
    let file = "\u{feff}id, area ,\"price, net\",rooms\r\n\
                a7,70.5,250,3\r\n\r\n\
                \"b \"\"8\"\"\n\", 98 , 3.1e2,\"4\"";
    let read = |options| csv::parse::<1, 2>("homes", file.as_bytes(), options).unwrap();
    let by_name = read(
        Csv::new()
            .features(["rooms"])
            .targets(["price, net", "area"]),
    );
    assert_eq!(
        by_name,
        (vec![[3.0], [4.0]], vec![[250.0, 70.5], [310.0, 98.0]])
    );
    assert_eq!(by_name, read(Csv::new().features([3]).targets(vec![2, 1])));
    let (x, y) = read(Csv::new().features([1]));
    assert_eq!(
        (x, y),
        (vec![[70.5], [98.0]], vec![[250.0, 3.0], [310.0, 4.0]])
    );

    let options = Csv::new()
        .header(false)
        .delimiter(b'\t')
        .allow_non_finite(true);
    let (x, y) = csv::parse::<2, 0>("tabs", "nan\t-inf\n+1\t.5\n".as_bytes(), options).unwrap();
    assert!(x[0][0].is_nan() && x[0][1] == f32::NEG_INFINITY && x[1] == [1.0, 0.5]);
    assert_eq!(y.len(), 2);
}

#[test]
fn csv_round_trips() {
    let path = folder("csv").join("numbers.csv");
    let mut file = String::from("a,b,c\n");
    let mut rows = Vec::new();
    let mut bits = 1_u32;
    while rows.len() < 5000 {
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let a = f32::from_bits(bits);
        if a.is_finite() {
            let row = [a, -a, a / 3.0];
            file += &format!("{},{:e},{:?}\n", row[0], row[1], row[2]);
            rows.push(row);
        }
    }
    fs::write(&path, file).unwrap();
    let (x, y) = csv::read::<3, 0>(&path, Csv::new()).unwrap();
    assert_eq!((x, y.len()), (rows, 5000));
}

/// Two train and one test image, in four files by their official names.
fn small_set() -> [(&'static str, Vec<u8>); 4] {
    let pixels: Vec<u8> = (0..2 * 28 * 28).map(|i| (i % 251) as u8).collect();
    [
        ("train-images-idx3-ubyte", idx_file(&[2, 28, 28], &pixels)),
        ("train-labels-idx1-ubyte", idx_file(&[2], &[9, 0])),
        (
            "t10k-images-idx3-ubyte",
            idx_file(&[1, 28, 28], &pixels[..784]),
        ),
        ("t10k-labels-idx1-ubyte", idx_file(&[1], &[3])),
    ]
}

#[test]
fn fashion_mnist_from_a_folder() {
    let folder = folder("small-set");
    for (name, bytes) in small_set() {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let (train, test) = fashion_mnist::load_from(&folder).unwrap();
    assert_eq!((train.images.len(), &train.labels), (2, &vec![9, 0]));
    assert_eq!((test.images.len(), &test.labels), (1, &vec![3]));
    assert_eq!(train.images[1][27][27], ((2 * 784 - 1) % 251) as u8);
    assert_eq!(test.images[0], train.images[0]);

    for (name, bytes) in small_set() {
        fs::remove_file(folder.join(name)).unwrap();
        fs::write(folder.join(format!("{name}.gz")), gzip(&bytes)).unwrap();
    }
    assert_eq!(fashion_mnist::load_from(&folder).unwrap(), (train, test));
}

#[test]
fn fashion_mnist_refuses_what_does_not_fit() {
    let [images, labels, ..] = small_set();
    let cut = gzip(&images.1)[..100].to_vec();
    let mut flipped = gzip(&labels.1);
    let middle = flipped.len() / 2;
    flipped[middle] ^= 4;
    let bomb = gzip(&[labels.1.clone(), vec![0; 20 << 20]].concat());
    for (name, file, bytes, text) in [
        (
            "cut",
            images.0,
            cut,
            "gzip: expected a whole and sound gzip file, found ",
        ),
        (
            "half",
            images.0,
            images.1[..1000].to_vec(),
            "data: expected 1568 bytes (2 x 28 x 28), found 984",
        ),
        (
            "flipped",
            labels.0,
            flipped,
            "gzip: expected a whole and sound gzip file, found ",
        ),
        (
            "longer",
            labels.0,
            [labels.1.clone(), vec![0]].concat(),
            "data: expected nothing after 2 bytes, found more of them",
        ),
        (
            "bomb",
            labels.0,
            bomb,
            "data: expected nothing after 2 bytes, found more of them",
        ),
        (
            "labels for images",
            images.0,
            labels.1.clone(),
            "dimensions: expected n x 28 x 28, found 2",
        ),
        (
            "images for labels",
            labels.0,
            images.1.clone(),
            "dimensions: expected n, found 2 x 28 x 28",
        ),
        (
            "small images",
            images.0,
            idx_file(&[2, 2, 2], &[0; 8]),
            "dimensions: expected n x 28 x 28, found 2 x 2 x 2",
        ),
        (
            "labels missing",
            labels.0,
            idx_file(&[1], &[0]),
            "number of labels: expected 2, one for each image, found 1",
        ),
        (
            "label 10",
            labels.0,
            idx_file(&[2], &[0, 10]),
            "label 1 (counted from 0): expected a class from 0 to 9, found 10",
        ),
    ] {
        let folder = folder(name);
        for (name, bytes) in small_set() {
            fs::write(folder.join(name), bytes).unwrap();
        }
        let path = folder.join(file);
        fs::write(&path, bytes).unwrap();
        let error = fashion_mnist::load_from(&folder).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("{}: {text}", path.display())),
            "{name}: {error}"
        );
    }
}

#[test]
fn fashion_mnist_missing() {
    let folder = folder("missing");
    let assert_helps = |file: &str| {
        let error = fashion_mnist::load_from(&folder).unwrap_err().to_string();
        assert!(
            error.starts_with("the data set fashion-mnist is not here: "),
            "{error}"
        );
        let missing = format!("no {file} (or {file}.gz) in {}", folder.display());
        for part in [
            &missing,
            "examples/get-data.sh",
            "PLYWOOD_DATA",
            "apt-get install dataset-fashion-mnist",
        ] {
            assert!(error.contains(part), "{part} is not in: {error}");
        }
    };
    // A download that was cut off leaves some files, and one under a name of its own.
    for (name, bytes) in small_set() {
        assert_helps(name);
        fs::write(folder.join(format!("{name}.4711.part")), &bytes).unwrap();
        assert_helps(name);
        fs::write(folder.join(name), &bytes).unwrap();
    }
    assert!(fashion_mnist::load_from(&folder).is_ok());
}

/// Not a test of its own: `load_searches_in_order` runs it with variables of the environment.
#[test]
#[ignore = "run by load_searches_in_order"]
fn load_and_print() {
    match fashion_mnist::load() {
        Ok((train, _)) => println!("loaded {}", train.images.len()),
        Err(error) => println!("{error}"),
    }
}

#[test]
#[cfg(all(unix, not(target_os = "macos")))]
fn load_searches_in_order() {
    let folder = folder("search");
    let load = |variables: &[(&str, &Path)]| {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["load_and_print", "--exact", "--ignored", "--nocapture"])
            .env_remove("PLYWOOD_DATA")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("HOME")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let (own, cache, home) = (
        folder.join("own"),
        folder.join("cache"),
        folder.join("home"),
    );
    let all = [
        ("PLYWOOD_DATA", own.as_path()),
        ("XDG_CACHE_HOME", &cache),
        ("HOME", &home),
    ];
    let in_cache = cache.join("plywood/fashion-mnist");
    let in_home = home.join(".cache/plywood/fashion-mnist");
    let put = |folder: &Path| {
        fs::create_dir_all(folder).unwrap();
        small_set()
            .iter()
            .for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
    };
    if !Path::new("/usr/share/datasets/fashion-mnist").exists() {
        let text = load(&all);
        for folder in [
            &own.join("fashion-mnist"),
            &in_cache,
            Path::new("/usr/share/datasets/fashion-mnist"),
        ] {
            assert!(text.contains(&folder.display().to_string()), "{text}");
        }
    }
    put(&in_home);
    assert!(load(&all[2..]).contains("loaded 2\n"));
    let relative = [("XDG_CACHE_HOME", Path::new("relative")), all[2]];
    assert!(load(&relative).contains("loaded 2\n"));
    fs::write(in_home.join("train-labels-idx1-ubyte"), "damaged").unwrap();
    put(&in_cache);
    assert!(load(&all).contains("loaded 2\n"));
    // The first folder that holds all files counts, and is not passed over if they are damaged.
    fs::write(in_cache.join("train-labels-idx1-ubyte"), "damaged").unwrap();
    assert!(load(&all).contains("magic number: expected two zero bytes first"));
    put(&own.join("fashion-mnist"));
    assert!(load(&all).contains("loaded 2\n"));
}

/// The real data, if it is on this machine.
#[test]
fn fashion_mnist_itself() {
    let (train, test) = match fashion_mnist::load() {
        Ok(parts) => parts,
        Err(plywood::Error::MissingDataset { missing, .. }) => {
            return println!("skipped, as Fashion-MNIST is not here: {missing}");
        }
        Err(error) => panic!("{error}"),
    };
    for (part, each) in [(&train, 6000), (&test, 1000)] {
        let mut counts = [0; CLASSES.len()];
        part.labels
            .iter()
            .for_each(|&label| counts[usize::from(label)] += 1);
        assert_eq!(counts, [each; 10]);
        assert_eq!(part.images.len(), part.labels.len());
    }
    let Part { images, labels } = train;
    assert_eq!(labels[..8], [9, 0, 0, 3, 0, 2, 7, 2]);
    let sum = |image: &[[u8; 28]; 28]| {
        image
            .as_flattened()
            .iter()
            .map(|&p| u64::from(p))
            .sum::<u64>()
    };
    assert_eq!(images.iter().map(sum).sum::<u64>(), 3_431_114_169);
    let x: Vec<[[f32; 28]; 28]> = scale(&images, 1.0 / 255.0);
    assert!(
        x.iter()
            .flatten()
            .flatten()
            .all(|x| (0.0..=1.0).contains(x))
    );
    let y: Vec<[f32; 10]> = to_categorical(&labels).unwrap();
    assert_eq!(y[0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
}
