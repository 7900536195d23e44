//! A training that is killed and goes on ends with the same bits as one that never was: weights, state
//! of the optimiser, history. And whenever a program is killed while it saves, the file is whole.
//!
//! The number of kills is small here; with `PLYWOOD_KILLS=100` there are as many of each kind.
#![cfg(all(feature = "std", unix))]

use plywood::cast::Plain;
use plywood::metrics::Metric;
use plywood::prelude::*;
use plywood::random::Stream;
use plywood::training::NamedWeight;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How many more samples are measured before this process is killed.
static LEFT: AtomicU64 = AtomicU64::new(u64::MAX);

/// Kills the process in the middle of a step. (For the rest, the mean of the first outputs.)
struct Killer;

impl<T: Element, P: Plain<T>, Y> Metric<T, P, Y> for Killer {
    fn name(&self) -> &'static str {
        "killer"
    }
    fn add<I: Isa>(&self, _: I, prediction: &[T], _: &Y, state: &mut [f64]) {
        if LEFT.fetch_sub(1, Relaxed) == 0 {
            let id = std::process::id().to_string();
            Command::new("kill").args(["-9", &id]).status().unwrap();
            std::thread::sleep(Duration::from_secs(60));
        }
        state[0] += prediction[0].as_f64();
        state[1] += 1.0;
    }
}

/// What a training left behind.
#[derive(Debug, PartialEq)]
struct Ends {
    weights: String,
    history: String,
    /// Weights and state of the optimiser in the last checkpoint, if there was one.
    checkpoint: Vec<u8>,
    log: String,
}

fn bits<'a>(list: impl IntoIterator<Item = &'a f64>) -> String {
    let mut text = String::new();
    for x in list {
        write!(text, "{:x} ", x.to_bits()).unwrap();
    }
    text
}

fn ends(weights: Vec<NamedWeight>, history: &History, path: Option<&Path>, log: &Path) -> Ends {
    let mut text = String::new();
    for weight in weights {
        let bits: Vec<u32> = weight.values.iter().map(|x| x.to_bits()).collect();
        writeln!(text, "{} {bits:x?}", weight.name).unwrap();
    }
    let lists = [
        Some(&history.loss[..]),
        Some(&history.val_loss),
        Some(&history.learning_rate),
        history.metric("killer"),
        history.metric("val_killer"),
    ];
    let lists = lists.map(|list| bits(list.unwrap_or_default()));
    Ends {
        weights: text,
        history: lists.join("\n"),
        checkpoint: path.map_or(Vec::new(), |path| {
            sections(&fs::read(path).unwrap())[2..].concat()
        }),
        log: fs::read_to_string(log).unwrap_or_default(),
    }
}

/// Text, values, weights and state of a checkpoint, after everything around them has been checked,
/// without the library.
fn sections(file: &[u8]) -> [&[u8]; 4] {
    fn crc32(bytes: &[&[u8]]) -> u32 {
        let mut crc = !0u32;
        for &byte in bytes.iter().copied().flatten() {
            crc ^= u32::from(byte);
            for _ in 0..8 {
                crc = crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
            }
        }
        !crc
    }
    let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
    assert_eq!(file[..8], *b"\x89PLYCKP\n");
    assert_eq!(file[8..16], [1, 0, 0, 0, 4, 3, 2, 1]);
    let mut at = 64;
    let sections = [16, 24, 32, 40].map(|place| {
        let start = at;
        at = (start + word(place)).next_multiple_of(64);
        &file[start..start + word(place)]
    });
    let rest = 64 + word(16).next_multiple_of(64);
    let sums =
        crc32(&[&file[..48], sections[0]]) as usize | (crc32(&[&file[rest..]]) as usize) << 32;
    assert_eq!(word(48), sums);
    sections
}

/// 200 samples in two classes.
fn samples() -> (Vec<[f32; 3]>, Vec<u8>) {
    let mut random = Stream::new(7);
    let x: Vec<[f32; 3]> = (0..200)
        .map(|_| [(); 3].map(|()| random.normal() as f32))
        .collect();
    let y = x.iter().map(|[a, b, c]| u8::from(a * b > *c)).collect();
    (x, y)
}

const EPOCHS: usize = 6;

/// Trains the network of a job, with these checkpoints, if any, in this folder.
fn run(job: usize, folder: &Path, backup: Option<BackupAndRestore>, path: Option<&Path>) -> Ends {
    run_for(EPOCHS, job, folder, backup, path).unwrap()
}

fn run_for(
    epochs: usize,
    job: usize,
    folder: &Path,
    backup: Option<BackupAndRestore>,
    path: Option<&Path>,
) -> plywood::Result<Ends> {
    let (x, y) = samples();
    let log = folder.join("log.csv");
    fn settings<'a>(epochs: usize, backup: Option<BackupAndRestore>) -> Fit<'a, [f32; 3], u8> {
        let fit = Fit::new()
            .epochs(epochs)
            .batch_size(16)
            .seed(3)
            .verbose(Verbose::Silent);
        match backup {
            Some(backup) => fit.callback(backup),
            None => fit,
        }
    }
    let fit = settings(epochs, backup);
    macro_rules! train {
        ([$($layers:tt)*], $optimizer:expr, |$training:ident| $fit:expr) => {{
            sequential! { struct Net: [3] => [2] { $($layers)* } }
            let mut model = Net::new(5);
            #[allow(unused_mut)] // not all of them are used twice
            let mut $training = model
                .compile($optimizer, SparseCategoricalCrossentropy)
                .metrics(Killer);
            let history = $fit?;
            Ok(ends(model.get_weights(), &history, path, &log))
        }};
    }
    match job {
        // Momentum and dropout.
        0 => train!(
            [Dense(9, tanh), Dropout(0.3), Dense(2, softmax)],
            Sgd::new(0.1).momentum(0.9),
            |training| training.fit(&x, &y, fit)
        ),
        // Batch normalisation, Adam, and the best weights of an early stop.
        1 => train!(
            [
                Dense(9),
                BatchNormalization,
                Activation(relu),
                Dense(2, softmax)
            ],
            Adam::new(0.1),
            |training| {
                let stop = EarlyStopping::new().patience(2).restore_best_weights(true);
                let log = CsvLogger::new(&log);
                training.fit(
                    &x,
                    &y,
                    fit.validation_split(0.2).callback(stop).callback(log),
                )
            }
        ),
        // A schedule, class weights, noise.
        2 => train!(
            [GaussianNoise(0.1), Dense(7, gelu), Dense(2, softmax)],
            AdamW::new(CosineDecay::new(0.02, 50)),
            |training| {
                let fit = fit
                    .class_weight([(1, 2.0)])
                    .validation_data(&x[..50], &y[..50]);
                training.fit(&x, &y, fit)
            }
        ),
        // Rates that callbacks change, and a closure.
        3 => train!(
            [Dense(9, relu), Dense(2, softmax)],
            RmsProp::new(0.05).momentum(0.5),
            |training| {
                let plateau = ReduceLrOnPlateau::new().patience(1).factor(0.5);
                let scheduler = LearningRateScheduler::new(|_, rate| 0.9 * rate);
                let fit = fit
                    .callback(plateau)
                    .callback(scheduler)
                    .on_epoch_end(|_| {});
                training.fit(&x, &y, fit.validation_split(0.1))
            }
        ),
        // Gradients that are stored: accumulated and clipped, a layer that stays, a moving average; and a
        // second fit.
        4 => train!(
            [first: Dense(9, relu), Dense(6, relu), Dense(2, softmax)],
            Adam::new(0.02).gradient_accumulation_steps(3).global_clipnorm(0.5).use_ema(true),
            |training| {
                let mut training = training.freeze("first").unwrap();
                training.fit(&x[..64], &y[..64], settings(2, None)).unwrap();
                training.fit(&x, &y, fit.threads(2))
            }
        ),
        // A stream that goes on from epoch to epoch.
        5 => train!(
            [Dense(9, relu), Dropout(0.2), Dense(2, softmax)],
            Nadam::new(0.02),
            |training| {
                let feed = x.into_iter().zip(y).cycle();
                training.fit_stream(feed, fit.steps_per_epoch(17))
            }
        ),
        // A tiny network, whose steps work out the next epoch's order on the way.
        6 => train!([Dense(2, softmax)], Sgd::new(0.1), |training| {
            training.fit(&x, &y, fit.batch_size(2))
        }),
        // One that begins again in each epoch.
        _ => train!(
            [Dense(9, relu), Dense(2, softmax)],
            Lion::new(0.01),
            |training| {
                let feed = EachEpoch::new(|epoch| {
                    let later = x.iter().copied().zip(y.iter().copied()).skip(epoch);
                    later.collect::<Vec<_>>().into_iter()
                });
                training.fit_stream(feed, fit)
            }
        ),
    }
}

const JOBS: usize = 8;

/// A new folder for the files of a test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("resume-{test}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// How many kills there are to be.
fn kills(few: usize) -> usize {
    std::env::var("PLYWOOD_KILLS").map_or(few, |kills| kills.parse().unwrap())
}

fn backup(path: &Path, every: usize) -> BackupAndRestore {
    let backup = BackupAndRestore::new(path).delete_checkpoint(false);
    match every {
        0 => backup,
        every => backup.every_steps(every),
    }
}

/// This test in a process of its own, which does a job until it has measured so many samples.
fn child(test: &str, job: usize, folder: &Path, every: usize, samples: u64) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", test, "--nocapture"])
        .env("PLYWOOD_JOB", format!("{job} {every} {samples}"))
        .env("PLYWOOD_FOLDER", folder)
        .stdout(Stdio::null());
    child
}

/// What `child` asks of this process, if it is one: job, number of steps, samples, folder.
fn asked() -> Option<(usize, usize, u64, PathBuf)> {
    let job = std::env::var("PLYWOOD_JOB").ok()?;
    let mut numbers = job.split(' ').map(|number| number.parse().unwrap());
    let mut next = || numbers.next().unwrap();
    let folder = std::env::var_os("PLYWOOD_FOLDER").unwrap();
    Some((next() as usize, next() as usize, next(), folder.into()))
}

#[test]
fn killed_at_random_steps() {
    if let Some((job, every, samples, folder)) = asked() {
        LEFT.store(samples, Relaxed);
        let path = folder.join("run.plywood");
        let ends = run(job, &folder, Some(backup(&path, every)), Some(&path));
        fs::write(folder.join("ends"), format!("{ends:?}")).unwrap();
        return;
    }
    let wanted = kills(12);
    let seed = std::process::id().into();
    println!("seed {seed}");
    let mut random = Stream::new(seed);
    let folder = folder("steps");
    let mut killed = 0;
    for round in 0.. {
        if killed >= wanted && round >= JOBS {
            break;
        }
        let (job, every) = (round % JOBS, [0, 1, 5, 3][random.below(4)]);
        let path = folder.join("run.plywood");
        let never = run(job, &folder, None, None);
        let kept = run(job, &folder, Some(backup(&path, every)), Some(&path));
        assert_eq!(
            (&kept.weights, &kept.history, &kept.log),
            (&never.weights, &never.history, &never.log),
            "job {job}"
        );
        fs::remove_file(&path).unwrap();
        loop {
            let samples = random.below(900) as u64;
            let test = "killed_at_random_steps";
            let status = child(test, job, &folder, every, samples).status().unwrap();
            if status.success() {
                break;
            }
            assert_eq!(status.signal(), Some(9), "job {job}");
            killed += 1;
        }
        let ends = fs::read_to_string(folder.join("ends")).unwrap();
        assert_eq!(ends, format!("{kept:?}"), "job {job}, every {every} steps");
        fs::remove_file(&path).unwrap();
    }
    println!("{killed} kills");
    fs::remove_dir_all(folder).unwrap();
}

/// A network whose checkpoints take a while to be written.
fn save_often(path: &Path, delete: bool) -> Vec<NamedWeight> {
    sequential! { struct Wide: [300] => [2] { Dense(300, relu), Dense(2) } }
    let mut random = Stream::new(1);
    let mut normal = || random.normal() as f32;
    let x: Vec<[f32; 300]> = (0..4).map(|_| [(); 300].map(|()| normal())).collect();
    let y: Vec<[f32; 2]> = (0..4).map(|_| [(); 2].map(|()| normal())).collect();
    let mut model = Wide::new(1);
    let backup = BackupAndRestore::new(path)
        .every_steps(1)
        .delete_checkpoint(delete);
    let settings = Fit::new()
        .epochs(25)
        .batch_size(1)
        .callback(backup)
        .verbose(Verbose::Silent);
    let mut training = model.compile(Adam::new(0.001), MeanSquaredError);
    training.fit(&x, &y, settings).unwrap();
    model.get_weights()
}

#[test]
fn killed_while_saving() {
    if let Some((.., folder)) = asked() {
        save_often(&folder.join("run.plywood"), false);
        return;
    }
    let wanted = kills(25);
    let seed = std::process::id().into();
    println!("seed {seed}");
    let mut random = Stream::new(seed);
    let folder = folder("saving");
    let path = folder.join("run.plywood");
    let expected = save_often(&folder.join("other"), true);
    let temporary = || {
        let files = fs::read_dir(&folder).unwrap();
        let names = files.map(|file| file.unwrap().path());
        names
            .filter(|name| name.extension().is_some_and(|end| end == "tmp"))
            .count()
    };
    let (mut killed, mut interrupted, mut last) = (0, 0, 0);
    while killed < wanted {
        // The file is another one after each time that it was written.
        let which = || {
            fs::metadata(&path)
                .map(|file| (file.ino(), file.mtime_nsec()))
                .ok()
        };
        let before = which();
        let mut child = child("killed_while_saving", 0, &folder, 0, 0)
            .spawn()
            .unwrap();
        while which() == before && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(100));
        }
        std::thread::sleep(Duration::from_micros(random.below(20_000) as u64));
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            // It was too quick: the same once more.
            assert_eq!(save_often(&path, true), expected);
            last = 0;
            continue;
        }
        killed += 1;
        let file = fs::read(&path).unwrap();
        // The values begin with the steps at the beginning, three marked numbers before this one.
        let values = sections(&file)[1];
        let step = u64::from_le_bytes(values[28..36].try_into().unwrap());
        assert!(step >= last, "step {last}, then {step}");
        last = step;
        // A temporary file that is left was being written; those of earlier kills are gone.
        let left = temporary();
        assert!(left <= 1, "{left} temporary files");
        interrupted += left;
    }
    assert_eq!(save_often(&path, true), expected);
    assert!(!path.exists());
    assert_eq!(temporary(), 0);
    println!("{killed} kills, {interrupted} of them while the file was written");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_complete_training_is_there_at_once_or_goes_on() {
    let folder = folder("complete");
    for job in 0..JOBS {
        let path = folder.join(format!("{job}"));
        let kept = || Some(backup(&path, 4));
        let longer = run_for(EPOCHS + 2, job, &folder, None, None).unwrap();
        let first = run(job, &folder, kept(), Some(&path));
        let file = fs::read(&path).unwrap();
        // (The log is cut to its length in the checkpoint.)
        assert_eq!(run(job, &folder, kept(), Some(&path)), first, "job {job}");
        assert_eq!(fs::read(&path).unwrap(), file, "job {job}");
        let gone_on = run_for(EPOCHS + 2, job, &folder, kept(), Some(&path)).unwrap();
        assert_eq!(gone_on.weights, longer.weights, "job {job}");
        assert_eq!(gone_on.history, longer.history, "job {job}");
        assert_eq!(gone_on.log, longer.log, "job {job}");
    }
    fs::remove_dir_all(folder).unwrap();
}

sequential! { struct Line: [1] => [1] { Dense(4, tanh), Dense(1) } }

/// Trains with a rate that explodes in the third epoch, unless `stop` ends the first fit before.
fn run_away(path: Option<&Path>, every: usize, stop: usize) -> (String, String) {
    let x: Vec<[f32; 1]> = (0..40).map(|i| [i as f32 / 40.0]).collect();
    let y: Vec<[f32; 1]> = x.iter().map(|[x]| [2.0 * x - 1.0]).collect();
    let mut model = Line::new(1);
    let mut training = model.compile(Sgd::new(0.1).momentum(0.9), MeanSquaredError);
    let mut settings = Fit::new()
        .epochs(5)
        .batch_size(4)
        .callback(LearningRateScheduler::new(|epoch, rate| {
            if epoch == 2 { 1e6 } else { rate }
        }))
        .verbose(Verbose::Silent);
    if let Some(path) = path {
        settings = settings.callback(backup(path, every));
    }
    let settings = settings.on_epoch_end(move |end| match end.epoch == stop {
        true => Err(Error::Empty { what: "the rest" }),
        false => Ok(()),
    });
    let error = training.fit(&x, &y, settings).unwrap_err().to_string();
    (error, format!("{:?}", model.get_weights()))
}

#[test]
fn a_training_that_runs_away_goes_back_to_the_same_weights() {
    let folder = folder("away");
    let expected = run_away(None, 0, 0);
    assert!(expected.0.contains("the loss became"), "{}", expected.0);
    for every in [0, 1, 2, 3, 7] {
        for stop in [0, 1, 2] {
            let path = folder.join(format!("{every}-{stop}"));
            if stop > 0 {
                let (error, _) = run_away(Some(&path), every, stop);
                assert_eq!(error, "the rest is empty: at least one sample is needed");
            }
            // Once from where it was stopped, then from shortly before the end.
            for _ in 0..2 {
                let found = run_away(Some(&path), every, 0);
                assert_eq!(found, expected, "every {every} steps, stopped after {stop}");
            }
        }
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_iterator_that_ends_too_soon_is_an_error() {
    let folder = folder("short");
    let path = folder.join("run");
    let run = |samples: usize, stop| {
        let mut model = Line::new(1);
        let mut training = model.compile(Sgd::new(0.1), MeanSquaredError);
        let settings = Fit::new()
            .epochs(4)
            .batch_size(4)
            .steps_per_epoch(5)
            .callback(backup(&path, 3))
            .on_epoch_end(move |end| match end.epoch == stop {
                true => Err(Error::Empty { what: "the rest" }),
                false => Ok(()),
            })
            .verbose(Verbose::Silent);
        let samples = (0..samples).map(|i| ([i as f32 / 80.0], [1.0]));
        training
            .fit_stream(samples, settings)
            .map(|history| history.epochs())
    };
    run(80, 2).unwrap_err();
    let error = run(30, 0).unwrap_err().to_string();
    let expected = "sample 30 of the stream (counted from 0): \
                    the stream ends before the place of the checkpoint";
    assert_eq!(error, expected);
    assert_eq!(run(80, 0).unwrap(), 4);
    fs::remove_dir_all(folder).unwrap();
}
