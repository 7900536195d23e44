//! Callbacks: when they are called, what their errors do, and what they leave behind. (What Keras'
//! own would do is in `tests/golden.rs`.)

use std::path::PathBuf;
use std::sync::Mutex;

use plywood::prelude::*;
use plywood::training::{EpochBegin, ModelWeights, TrainBegin};

sequential! {
    struct Line: [1] => [1] { Dense(1) }
}

const X: [[f32; 1]; 4] = [[0.0], [1.0], [2.0], [3.0]];
const Y: [[f32; 1]; 4] = [[1.0], [3.0], [5.0], [7.0]];

fn fit<'a>() -> Fit<'a, [f32; 1], [f32; 1]> {
    Fit::new().verbose(Verbose::Silent)
}

fn line(rate: f64) -> Training<Box<Line>, Sgd, MeanSquaredError> {
    Training::new(Line::new(1), Sgd::new(rate), MeanSquaredError)
}

/// A path for a test's own file, which is deleted in the end.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let name = format!("plywood-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes down when it was called.
struct Diary<'a>(&'a Mutex<Vec<String>>, &'static str);

impl Diary<'_> {
    fn note(&self, what: String) -> plywood::Result<()> {
        self.0.lock().unwrap().push(format!("{} {what}", self.1));
        Ok(())
    }
}

impl Callback for Diary<'_> {
    fn on_train_begin(&mut self, begin: &mut TrainBegin<'_>) -> plywood::Result<()> {
        self.note(format!(
            "begins {} epochs of {}",
            begin.epochs,
            begin.names.join(" ")
        ))
    }
    fn on_epoch_begin(&mut self, begin: &mut EpochBegin<'_>) -> plywood::Result<()> {
        begin.learning_rate /= 2.0;
        self.note(format!("begins {} at {}", begin.epoch, begin.learning_rate))
    }
    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> plywood::Result<()> {
        self.note(format!("ends {}", end.epoch))
    }
    fn on_train_end(&mut self, _: &mut ModelWeights<'_>) -> plywood::Result<()> {
        self.note("ends".into())
    }
}

#[test]
fn callbacks_are_called_in_order() {
    let notes = Mutex::new(Vec::new());
    let settings = fit()
        .epochs(2)
        .validation_data(&X, &Y)
        .callback(Diary(&notes, "a"))
        .callback(Diary(&notes, "b"));
    let mut training = line(0.16).metrics(MeanAbsoluteError);
    let history = training.fit(&X, &Y, settings).unwrap();
    let names = "loss mean_absolute_error val_loss val_mean_absolute_error";
    let expected = [
        &format!("a begins 2 epochs of {names}"),
        &format!("b begins 2 epochs of {names}"),
        "a begins 1 at 0.08",
        "b begins 1 at 0.04",
        "a ends 1",
        "b ends 1",
        "a begins 2 at 0.02",
        "b begins 2 at 0.01",
        "a ends 2",
        "b ends 2",
        "a ends",
        "b ends",
    ];
    assert_eq!(*notes.lock().unwrap(), expected);
    assert_eq!(history.learning_rate, [0.04, 0.01]);
}

#[test]
fn an_error_of_a_callback_ends_the_training() {
    let fail = |when| {
        move || {
            Err(Error::BadArgument {
                name: "the weather",
                expected: "good",
                found: format!("bad {when}"),
            })
        }
    };
    let run = |callback: LambdaCallback<'_>| {
        let mut training = line(0.01);
        let settings = fit().epochs(3).callback(callback);
        let error = training.fit(&X, &Y, settings).unwrap_err();
        let mut expected = line(0.01);
        let mut epochs = 0;
        while expected.model().get_weights() != training.model().get_weights() {
            expected.fit(&X, &Y, fit()).unwrap();
            epochs += 1;
            assert!(epochs < 10, "not the weights of an epoch");
        }
        (error.to_string(), epochs)
    };
    let text = |when| format!("the weather is bad {when}, but must be good");
    let at = fail("at the beginning");
    let callback = LambdaCallback::new().on_train_begin(move |_| at());
    assert_eq!(run(callback), (text("at the beginning"), 0));
    let at = fail("before an epoch");
    let callback =
        LambdaCallback::new().on_epoch_begin(move |b| if b.epoch == 2 { at() } else { Ok(()) });
    assert_eq!(run(callback), (text("before an epoch"), 1));
    let at = fail("after an epoch");
    let callback =
        LambdaCallback::new().on_epoch_end(move |e| if e.epoch == 2 { at() } else { Ok(()) });
    assert_eq!(run(callback), (text("after an epoch"), 2));
    let at = fail("at the end");
    let callback = LambdaCallback::new().on_train_end(move |_| at());
    assert_eq!(run(callback), (text("at the end"), 3));
}

#[test]
fn a_closure_may_fail_or_not() {
    let settings = fit()
        .on_epoch_end(|end| end.stop = false)
        .on_epoch_end(|_| Ok(()))
        .callback(|end: &mut EpochEnd<'_>| end.stop = false)
        .callback(|_: &mut EpochEnd<'_>| Ok(()));
    line(0.01).fit(&X, &Y, settings).unwrap();
}

#[test]
fn what_is_not_measured_cannot_be_watched() {
    let mut training = line(0.01).metrics(MeanAbsoluteError);
    let before = training.model().get_weights();
    let mut refused = |settings: Fit<'_, _, _>, callback: &str, name: &str, names: &str| {
        let error = training.fit(&X, &Y, settings.epochs(3)).unwrap_err();
        assert!(matches!(error, Error::NoSuchValue { .. }), "{error:?}");
        let text = format!("{callback} is to watch `{name}`, but there is only: {names}");
        assert_eq!(error.to_string(), text);
    };
    let names = "loss, mean_absolute_error";
    let stop = |name| EarlyStopping::new().monitor(name);
    refused(fit().callback(stop("los")), "EarlyStopping", "los", names);
    refused(
        fit().callback(stop("val_loss")),
        "EarlyStopping",
        "val_loss",
        names,
    );
    let reduce = ReduceLrOnPlateau::new().monitor("accuracy");
    let names = "loss, mean_absolute_error, val_loss, val_mean_absolute_error";
    let settings = fit().validation_split(0.25).callback(reduce);
    refused(settings, "ReduceLrOnPlateau", "accuracy", names);
    assert_eq!(training.model().get_weights(), before);
}

#[test]
fn settings_of_callbacks_out_of_their_ranges() {
    fn refused(callback: impl Callback, text: &str) {
        let error = line(0.01)
            .fit(&X, &Y, fit().callback(callback))
            .unwrap_err();
        assert!(matches!(error, Error::BadArgument { .. }), "{error:?}");
        assert_eq!(error.to_string(), text);
    }
    let reduce = ReduceLrOnPlateau::new;
    refused(
        reduce().factor(1.0),
        "factor is 1, but must be at least 0 and below 1",
    );
    refused(
        reduce().factor(-0.1),
        "factor is -0.1, but must be at least 0 and below 1",
    );
    refused(
        reduce().factor(f64::NAN),
        "factor is NaN, but must be at least 0 and below 1",
    );
    refused(
        reduce().min_lr(-1.0),
        "min_lr is -1, but must be a finite number, 0 or more",
    );
    let text = "min_delta is NaN, but must be a finite number, 0 or more";
    refused(reduce().min_delta(f64::NAN), text);
    refused(EarlyStopping::new().min_delta(f64::NAN), text);
}

#[test]
fn a_plateau_lowers_the_rate_and_a_callback_sees_it() {
    let mut rates = Vec::new();
    let settings = fit()
        .epochs(6)
        // Nothing is better by so much.
        .callback(
            ReduceLrOnPlateau::new()
                .patience(2)
                .factor(0.5)
                .min_delta(1e9),
        )
        .on_epoch_end(|end| rates.push((end.value("learning_rate"), end.learning_rate)));
    let history = line(0.16).fit(&X, &Y, settings).unwrap();
    // The rate of each epoch, and of the next one.
    let expected = [
        (0.16, 0.16),
        (0.16, 0.16),
        (0.16, 0.08),
        (0.08, 0.08),
        (0.08, 0.04),
        (0.04, 0.04),
    ];
    assert_eq!(rates, expected.map(|(now, next)| (Some(now), next)));
    assert_eq!(history.learning_rate, expected.map(|(now, _)| now));
}

#[test]
fn a_training_that_runs_away_can_end_quietly() {
    let run = |callback: Option<TerminateOnNan>| {
        let mut training = line(30.0);
        let ended = Mutex::new(false);
        let note = LambdaCallback::new().on_train_end(|_| *ended.lock().unwrap() = true);
        let mut settings = fit().epochs(1000).callback(note);
        if let Some(callback) = callback {
            settings = settings.callback(callback);
        }
        let result = training.fit(&X, &Y, settings);
        let ended = *ended.lock().unwrap();
        (result, training.model().get_weights(), ended)
    };
    let (loud, weights, ended) = run(None);
    let Err(Error::NonFiniteLoss { epoch, .. }) = loud else {
        panic!("the rate is too small for this test");
    };
    assert!(!ended);
    let (quiet, same, ended) = run(Some(TerminateOnNan));
    assert_eq!(quiet.unwrap().epochs(), epoch - 1);
    assert_eq!(weights, same);
    assert!(ended);
    assert!(
        weights
            .iter()
            .flat_map(|w| &w.values)
            .all(|w| w.is_finite())
    );
}

#[test]
fn a_log_has_a_line_for_each_epoch() {
    let file = File::new("log.csv");
    std::fs::write(&file.0, "what was there before").unwrap();
    let mut training = line(0.01).metrics(MeanAbsoluteError);
    let settings = fit()
        .epochs(2)
        .validation_data(&X, &Y)
        .callback(CsvLogger::new(&file.0).separator(';'));
    let first = training.fit(&X, &Y, settings).unwrap();
    let header = "epoch;learning_rate;loss;mean_absolute_error;val_loss;val_mean_absolute_error\n";
    let lines = |history: &History| -> String {
        let value = |name, i| -> f64 { history.metric(name).unwrap()[i] };
        let line = |i| {
            format!(
                "{i};0.01;{};{};{};{}\n",
                history.loss[i],
                value("mean_absolute_error", i),
                history.val_loss[i],
                value("val_mean_absolute_error", i)
            )
        };
        (0..history.epochs()).map(line).collect()
    };
    assert_eq!(file.text(), format!("{header}{}", lines(&first)));

    // One more epoch behind the others.
    let append = || CsvLogger::new(&file.0).separator(';').append(true);
    let settings = fit().validation_data(&X, &Y).callback(append());
    let second = training.fit(&X, &Y, settings).unwrap();
    assert_eq!(
        file.text(),
        format!("{header}{}{}", lines(&first), lines(&second))
    );

    // Other columns do not go into the same file.
    let text = file.text();
    let error = training.fit(&X, &Y, fit().callback(append())).unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("line 1: expected `epoch;learning_rate;loss;mean_")
    );
    assert_eq!(file.text(), text);
}

#[test]
fn a_log_that_begins_with_append_has_a_header() {
    let file = File::new("new.csv");
    let log = || CsvLogger::new(&file.0).append(true);
    let history = line(0.01).fit(&X, &Y, fit().callback(log())).unwrap();
    let expected = format!("epoch,learning_rate,loss\n0,0.01,{}\n", history.loss[0]);
    assert_eq!(file.text(), expected);
}

#[test]
fn a_log_that_cannot_be_written_ends_the_training() {
    let nowhere = File::new("no-such-folder").0.join("log.csv");
    let mut training = line(0.01);
    let before = training.model().get_weights();
    let settings = fit().callback(CsvLogger::new(&nowhere));
    let error = training.fit(&X, &Y, settings).unwrap_err();
    assert!(
        matches!(error, Error::Io { action: "open", .. }),
        "{error:?}"
    );
    assert_eq!(training.model().get_weights(), before);

    // A device that is full, where there is one.
    if std::path::Path::new("/dev/full").exists() {
        let settings = fit().epochs(3).callback(CsvLogger::new("/dev/full"));
        let error = training.fit(&X, &Y, settings).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Io {
                    action: "write",
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

/// The weight in a file and that of the model, at the end of three epochs with these rates.
fn saved_in(file: &File, checkpoint: ModelCheckpoint, rates: [f64; 3]) -> Vec<(f32, f32)> {
    let seen = Mutex::new(Vec::new());
    let note = |end: &mut EpochEnd<'_>| {
        let mut saved = Line::new(9);
        saved.load_weights(&file.0).unwrap();
        let now = end.model.get()[0].values[0] as f32;
        seen.lock().unwrap().push((saved.dense.kernel[[0, 0]], now));
    };
    let change = |begin: &mut EpochBegin<'_>| begin.learning_rate = rates[begin.epoch - 1];
    let settings = fit()
        .epochs(3)
        .callback(LambdaCallback::new().on_epoch_begin(change))
        .callback(checkpoint)
        .callback(note);
    line(0.01).fit(&X, &Y, settings).unwrap();
    seen.into_inner().unwrap()
}

#[test]
fn model_checkpoint_saves_every_epoch_or_the_best_ones() {
    let file = File::new("checkpoint.safetensors");
    let every = saved_in(&file, ModelCheckpoint::new(&file.0), [0.01; 3]);
    assert!(every.iter().all(|(saved, now)| saved == now), "{every:?}");

    // The step of the second epoch is too long, which shows in the loss of the third.
    let best = ModelCheckpoint::new(&file.0).save_best_only(true);
    let best = saved_in(&file, best, [0.01, 0.6, 0.6]);
    assert!(
        best[..2].iter().all(|(saved, now)| saved == now),
        "{best:?}"
    );
    assert!(best[2].0 == best[1].1 && best[2].0 != best[2].1, "{best:?}");
}

#[test]
fn model_checkpoint_names_files_by_their_epoch() {
    let names = [1, 2].map(|epoch| File::new(&format!("epoch-{epoch}.safetensors")));
    let pattern = File::new("epoch-{epoch}.safetensors");
    let settings = fit().epochs(2).callback(ModelCheckpoint::new(&pattern.0));
    let mut training = line(0.01);
    training.fit(&X, &Y, settings).unwrap();
    let mut last = Line::new(9);
    last.load_weights(&names[1].0).unwrap();
    assert_eq!(last.get_weights(), training.model().get_weights());
    last.load_weights(&names[0].0).unwrap();
    assert_ne!(last.get_weights(), training.model().get_weights());
}

#[test]
fn model_checkpoint_refuses_a_name_before_the_first_step() {
    let mut training = line(0.01);
    let before = training.model().get_weights();
    let settings = fit().callback(ModelCheckpoint::new("weights.pickle"));
    let error = training.fit(&X, &Y, settings).unwrap_err();
    assert!(matches!(error, Error::UnknownFormat { .. }), "{error}");
    let settings = fit().callback(ModelCheckpoint::new("a.safetensors").monitor("nothing"));
    let error = training.fit(&X, &Y, settings).unwrap_err();
    assert!(matches!(error, Error::NoSuchValue { .. }), "{error}");
    assert_eq!(before, training.model().get_weights());
}
