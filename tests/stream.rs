//! Training on samples that come one after another: the same bits as with all of them in memory,
//! whatever the iterator does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use plywood::data::augment::{Augmented, RandomFlip, RandomTranslation};
use plywood::prelude::*;
use plywood::random::Stream;

sequential! {
    struct Net: [3] => [2] { Dense(20, relu), Dropout(0.2), Dense(2) }
}
sequential! {
    struct Line: [1] => [1] { Dense(1) }
}
sequential! {
    struct Classes: [1] => [3] { Dense(3, softmax) }
}
sequential! {
    struct Picture: [4, 6] => [1] { Flatten, Dense(1) }
}

fn fit<'a, X, Y>() -> Fit<'a, X, Y> {
    Fit::new().shuffle(false).verbose(Verbose::Silent)
}

type Samples = (Vec<[f32; 3]>, Vec<[f32; 2]>);

fn samples(count: usize) -> Samples {
    let mut random = Stream::new(1);
    let mut draw = || random.normal() as f32;
    let x: Vec<[f32; 3]> = (0..count).map(|_| [draw(), draw(), draw()]).collect();
    let y = x.iter().map(|[a, b, c]| [a * b, b - c]).collect();
    (x, y)
}

fn pairs((x, y): &Samples) -> impl Iterator<Item = ([f32; 3], [f32; 2])> + Send {
    x.iter().copied().zip(y.iter().copied())
}

fn net<O: Optimizer>(optimizer: O) -> Training<Box<Net>, O, MeanSquaredError> {
    Training::new(Net::new(1), optimizer, MeanSquaredError)
}

fn line(rate: f64) -> Training<Box<Line>, Sgd, MeanSquaredError> {
    Training::new(Line::new(1), Sgd::new(rate), MeanSquaredError)
}

#[test]
fn a_stream_gives_the_bits_of_a_fit() {
    for (count, batch_size) in [(1, 32), (31, 32), (320, 32), (333, 8), (700, 1)] {
        let data = samples(count);
        let settings = || {
            let validation = (&data.0[..1], &data.1[..1]);
            fit()
                .epochs(3)
                .batch_size(batch_size)
                .validation_data(validation.0, validation.1)
        };
        let mut memory = net(Adam::new(0.01)).metrics(MeanAbsoluteError);
        let expected = memory.fit(&data.0, &data.1, settings()).unwrap();
        let mut stream = net(Adam::new(0.01)).metrics(MeanAbsoluteError);
        let feed = EachEpoch::new(|_| pairs(&data));
        let found = stream.fit_stream(feed, settings().threads(2)).unwrap();
        assert_eq!(found.loss, expected.loss);
        assert_eq!(found.val_loss, expected.val_loss);
        for name in ["mean_absolute_error", "val_mean_absolute_error"] {
            assert_eq!(found.metric(name), expected.metric(name));
        }
        assert!(stream.model().get_weights() == memory.model().get_weights());

        // And so it goes on.
        memory.fit(&data.0, &data.1, settings()).unwrap();
        let mut epochs = Vec::new();
        let feed = EachEpoch::new(|epoch| {
            epochs.push(epoch);
            pairs(&data)
        });
        stream.fit_stream(feed, settings()).unwrap();
        assert!(stream.model().get_weights() == memory.model().get_weights());
        assert_eq!(epochs, [4, 5, 6]);
    }
}

#[test]
fn an_iterator_goes_on_from_epoch_to_epoch() {
    let data = samples(1000);
    let settings = || fit().batch_size(10).seed(5);
    let mut stream = net(Sgd::new(0.05));
    let history = stream
        .fit_stream(pairs(&data), settings().epochs(4).steps_per_epoch(20))
        .unwrap();
    let mut memory = net(Sgd::new(0.05));
    let mut losses = Vec::new();
    for start in [0, 200, 400, 600] {
        let (x, y) = (&data.0[start..start + 200], &data.1[start..start + 200]);
        losses.extend(memory.fit(x, y, settings()).unwrap().loss);
    }
    assert_eq!(history.loss, losses);
    assert!(stream.model().get_weights() == memory.model().get_weights());
}

#[test]
fn the_training_ends_with_its_samples() {
    let data = samples(95);
    let epochs = |settings| {
        let history = net(Sgd::new(0.01))
            .fit_stream(pairs(&data), settings)
            .unwrap();
        (history.epochs(), history.val_loss.len())
    };
    // Two epochs of 40 samples, and one of 15.
    assert_eq!(
        epochs(fit().epochs(9).batch_size(10).steps_per_epoch(4)),
        (3, 0)
    );
    // Without a number of steps, the first epoch takes all.
    assert_eq!(epochs(fit().epochs(9)), (1, 0));
    // It ends where an epoch does.
    assert_eq!(
        epochs(fit().epochs(9).batch_size(19).steps_per_epoch(1)),
        (5, 0)
    );
    assert_eq!(epochs(fit().epochs(0)), (0, 0));
}

#[test]
fn nothing_in_a_stream() {
    let empty = || std::iter::empty::<([f32; 1], [f32; 1])>();
    for settings in [fit(), fit().epochs(3).steps_per_epoch(2)] {
        let error = line(0.1).fit_stream(empty(), settings).unwrap_err();
        assert!(matches!(error, Error::Empty { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            "the stream is empty: at least one sample is needed"
        );
    }
    // An epoch without samples ends the training.
    let feed = EachEpoch::new(|epoch| (epoch..3).map(|_| ([1.0], [1.0])));
    let history = line(0.1).fit_stream(feed, fit().epochs(10)).unwrap();
    assert_eq!(history.epochs(), 2);
}

/// What ends a stream of which the first `good` samples are, and the weights then. The batches have
/// 4 samples.
fn ends<E>(good: usize, bad: Result<([f32; 3], [f32; 2]), E>) -> (Error, Vec<NamedWeight>)
where
    E: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    let data = samples(400);
    let all = pairs(&data).map(Ok::<_, E>).take(good);
    let rest = pairs(&data).map(Ok);
    let mut training = net(Sgd::new(0.01));
    let settings = fit().batch_size(4).epochs(2).steps_per_epoch(50);
    let error = training
        .fit_stream(all.chain([bad]).chain(rest), settings)
        .unwrap_err();
    (error, training.model().get_weights())
}

/// The weights after all whole batches of 4 before this sample.
fn after(good: usize) -> Vec<NamedWeight> {
    let (x, y) = samples(400);
    let mut training = net(Sgd::new(0.01));
    let settings = || fit().batch_size(4);
    for range in [0..good.min(200), 200..good.max(200)] {
        let whole = range.start..range.start + range.len() / 4 * 4;
        if !whole.is_empty() {
            training
                .fit(&x[whole.clone()], &y[whole], settings())
                .unwrap();
        }
    }
    training.model().get_weights()
}

#[test]
fn errors_of_the_iterator_leave_what_was_learnt_before() {
    for good in [0, 1, 3, 4, 5, 11, 12, 13, 27, 199, 200, 201, 250, 399] {
        let (error, weights) = ends(good, Err("the disk is full"));
        assert!(matches!(error, Error::Stream { index, .. } if index == good));
        assert_eq!(
            error.to_string(),
            format!("sample {good} of the stream (counted from 0): the disk is full")
        );
        assert!(weights == after(good), "after {good} samples");

        let (error, weights) = ends::<Error>(good, Ok(([0.0, f32::NAN, 0.0], [0.0, 0.0])));
        assert!(matches!(error, Error::NotFinite { what: "x", index } if index == good));
        assert!(weights == after(good), "after {good} samples");

        let (error, weights) = ends::<Error>(good, Ok(([0.0; 3], [f32::INFINITY, 0.0])));
        assert!(matches!(error, Error::NotFinite { what: "y", index } if index == good));
        assert!(weights == after(good), "after {good} samples");
    }
}

#[test]
fn the_first_of_several_bad_samples_counts() {
    let bad = [
        ([1.0], 0u8),
        ([1.0], 1),
        ([1.0], 2),
        ([1.0], 3),
        ([f32::NAN], 0),
    ];
    let mut training = Training::new(
        Classes::new(1),
        Sgd::new(0.1),
        SparseCategoricalCrossentropy,
    );
    let settings = fit().batch_size(1);
    let error = training.fit_stream(bad.into_iter(), settings).unwrap_err();
    assert!(
        matches!(
            error,
            Error::LabelOutOfRange {
                index: 3,
                label: 3,
                classes: 3
            }
        ),
        "{error:?}"
    );
}

#[test]
fn gradients_accumulate_from_chunk_to_chunk() {
    let data = samples(100);
    let optimizer = || {
        Sgd::new(ExponentialDecay::new(0.05, 10, 0.9))
            .momentum(0.5)
            .gradient_accumulation_steps(3)
            .use_ema(true)
    };
    let settings = || fit().epochs(3).batch_size(2);
    let mut memory = net(optimizer());
    let expected = memory.fit(&data.0, &data.1, settings()).unwrap();
    let mut stream = net(optimizer());
    let feed = EachEpoch::new(|_| pairs(&data));
    let found = stream.fit_stream(feed, settings()).unwrap();
    assert_eq!(found.loss, expected.loss);
    assert_eq!(found.learning_rate, expected.learning_rate);
    assert!(stream.model().get_weights() == memory.model().get_weights());
}

#[test]
fn a_stream_that_runs_away_leaves_the_last_good_weights() {
    // Chunks have 1, 2, 4, ... batches: the bad sample comes at every place in the first ones. Three
    // steps of one update may lie in two chunks.
    for (place, every) in (0..48).flat_map(|place| [(place, 1), (place, 3)]) {
        let sample = |i: usize| {
            let huge = if i == place { 1e30 } else { 1.0 };
            ([huge], [(i % 3) as f32])
        };
        let (x, y): (Vec<[f32; 1]>, Vec<[f32; 1]>) = (0..48).map(sample).unzip();
        let settings = || fit().epochs(2).batch_size(1);
        let end = |result: plywood::Result<History>| result.unwrap_err().to_string();
        let line = || {
            let optimizer = Sgd::new(0.1).gradient_accumulation_steps(every);
            Training::new(Line::new(1), optimizer, MeanSquaredError)
        };
        let (mut memory, mut stream) = (line(), line());
        let expected = end(memory.fit(&x, &y, settings()));
        let feed = EachEpoch::new(|_| (0..48).map(sample));
        assert_eq!(end(stream.fit_stream(feed, settings())), expected);
        assert_eq!(stream.model().get_weights(), memory.model().get_weights());

        // Also where the stream has an error just behind it.
        let mut stream = line();
        let items = (0..=place).map(sample).map(Ok).chain([Err("broken")]);
        let error = end(stream.fit_stream(items, settings()));
        assert!(error.starts_with("the loss became"), "{error}");
        let p = stream.model().predict(&[1.0]);
        assert!(p[0].is_finite() && p[0].abs() < 1e10, "{p:?}");
    }
}

#[test]
fn a_panic_of_the_iterator_is_one_of_the_caller() {
    for good in [0, 1, 100, 1000] {
        let items = (0..).map(|i| {
            assert!(i < good, "the iterator panics at {i}");
            ([1.0], [1.0])
        });
        let mut training = line(0.1);
        let settings = fit().epochs(3).steps_per_epoch(200).batch_size(2);
        let fit = AssertUnwindSafe(|| training.fit_stream(items, settings).map(drop));
        let panic = catch_unwind(fit).unwrap_err();
        let text = panic.downcast_ref::<String>().expect("it says something");
        assert_eq!(*text, format!("the iterator panics at {good}"));
    }
}

#[test]
fn a_panic_of_a_callback_does_not_hang() {
    let endless = std::iter::repeat(([1.0], [1.0]));
    let mut training = line(0.1);
    let settings = fit()
        .epochs(3)
        .steps_per_epoch(2)
        .on_epoch_end(|_| -> () { panic!("enough") });
    let fit = AssertUnwindSafe(|| training.fit_stream(endless, settings).map(drop));
    assert!(catch_unwind(fit).is_err());
}

#[test]
fn an_endless_stream_ends_when_a_callback_says_so() {
    let endless = std::iter::repeat(([1.0], [1.0]));
    let settings = fit()
        .epochs(1000)
        .steps_per_epoch(3)
        .on_epoch_end(|end| end.stop = end.epoch == 4);
    let history = line(0.1).fit_stream(endless, settings).unwrap();
    assert_eq!(history.epochs(), 4);
}

#[test]
fn an_iterator_is_asked_for_no_more_than_was_said() {
    let taken = AtomicUsize::new(0);
    let count = |_: usize| {
        taken.fetch_add(1, SeqCst);
        ([1.0], [1.0])
    };
    let settings = fit().epochs(3).steps_per_epoch(7).batch_size(5);
    line(0.1).fit_stream((0..).map(count), settings).unwrap();
    assert_eq!(taken.load(SeqCst), 3 * 7 * 5);
}

#[test]
fn the_iterator_is_ahead_by_two_chunks_at_most() {
    let (taken, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let endless = (0..).map(|_: usize| {
        taken.fetch_add(1, SeqCst);
        ([1.0], [1.0])
    });
    let settings = fit()
        .epochs(50)
        .steps_per_epoch(10)
        .batch_size(4)
        .on_epoch_end(|end| {
            // As slow as it may be, the iterator waits for it.
            std::thread::sleep(std::time::Duration::from_millis(1));
            most.fetch_max(taken.load(SeqCst) - end.epoch * 40, SeqCst);
        });
    line(0.1).fit_stream(endless, settings).unwrap();
    assert!(most.load(SeqCst) <= 2 * 40, "{most:?}");
}

/// (Without a thread of its own for the iterator, the samples lie on the caller's stack.)
#[cfg(feature = "std")]
#[test]
fn samples_that_are_borrowed_and_big() {
    sequential! {
        struct Big: [3, 200, 200] => [1] { Flatten, Dense(1) }
    }
    let image: Box<[[[f32; 200]; 200]; 3]> = plywood::cast::zeroed_box();
    let mut training = Training::new(Big::new(1), Sgd::new(1e-6), MeanSquaredError);
    let items = (0..20).map(|i| (*image, [i as f32]));
    let history = training.fit_stream(items, fit().batch_size(2)).unwrap();
    assert_eq!(history.epochs(), 1);
}

#[test]
fn augmented_data_is_the_same_for_a_seed() {
    let mut random = Stream::new(1);
    let x: Vec<[[f32; 6]; 4]> = (0..50)
        .map(|_| [(); 4].map(|()| [(); 6].map(|()| random.normal() as f32)))
        .collect();
    let y: Vec<[f32; 1]> = x.iter().map(|x| [x[0][0]]).collect();
    let run = |seed| {
        let mut training = Training::new(Picture::new(1), Sgd::new(0.01), MeanSquaredError);
        let augment = (
            RandomFlip::horizontal(),
            RandomTranslation::new(0.2, 0.2).unwrap(),
        );
        let feed = Augmented::new(&x, &y, augment, seed).unwrap();
        let history = training
            .fit_stream(feed, fit().epochs(3).batch_size(7))
            .unwrap();
        (history.loss, training.model().get_weights())
    };
    assert!(run(1) == run(1));
    assert!(run(1).0 != run(2).0);

    // Without any change and in order, it is the data.
    let still = RandomTranslation::new(0.0, 0.0).unwrap();
    let feed = Augmented::new(&x, &y, still, 1).unwrap().shuffle(false);
    let train = || Training::new(Picture::new(1), Sgd::new(0.01), MeanSquaredError);
    let (mut stream, mut memory) = (train(), train());
    stream.fit_stream(feed, fit().epochs(2)).unwrap();
    memory.fit(&x, &y, fit().epochs(2)).unwrap();
    assert_eq!(stream.model().get_weights(), memory.model().get_weights());
}
