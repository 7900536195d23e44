//! `TimeDistributed`: one network for each item of a sample.

use plywood::prelude::*;
use plywood::random::Stream;

sequential! {
    struct Encoder: [3, 4, 5] => [6] {
        Conv2D(4, 2, activation = relu),
        Dropout(0.1),
        Flatten,
        Dense(6, tanh),
    }
}
sequential! {
    struct Alike: [2, 3, 4, 5] => [1] {
        TimeDistributed([Encoder]) => [2, 6],
        Flatten,
        Dense(8, relu),
        Dense(1, sigmoid),
    }
}

type Pair = [[[[f32; 5]; 4]; 3]; 2];

fn data(count: usize) -> (Vec<Pair>, Vec<[f32; 1]>) {
    let mut random = Stream::new(3);
    let x = (0..count).map(|_| {
        [(); 2]
            .map(|()| [(); 3].map(|()| [(); 4].map(|()| [(); 5].map(|()| random.normal() as f32))))
    });
    let x: Vec<Pair> = x.collect();
    let y = x
        .iter()
        .map(|[a, b]| [f32::from(u8::from(a[0][0][0] > b[0][0][0]))])
        .collect();
    (x, y)
}

#[test]
fn every_item_goes_through_the_same_network() {
    sequential! {
        struct Codes: [2, 3, 4, 5] => [2, 6] { TimeDistributed([Encoder]) }
    }
    let (codes, mut encoder) = (Codes::new(1), Encoder::new(2));
    let mut weights = codes.get_weights();
    for weight in &mut weights {
        weight.name = weight.name.replace("time_distributed/encoder/", "");
    }
    encoder.set_weights(&weights).unwrap();
    assert_eq!(Codes::PARAMS, Encoder::PARAMS);
    assert_eq!(Codes::MACS, 2 * Encoder::MACS);
    for (pair, found) in data(70).0.iter().zip(codes.predict_batch(&data(70).0)) {
        assert_eq!(found, pair.map(|item| encoder.predict(&item)));
        assert_eq!(found, codes.predict(pair));
    }
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let (x, y) = data(200);
    let trained = |threads| {
        let mut model = Alike::new(1);
        let mut training = model.compile(Adam::new(0.01), BinaryCrossentropy);
        let settings = Fit::new()
            .epochs(2)
            .batch_size(64)
            .threads(threads)
            .verbose(Verbose::Silent);
        training.fit(&x, &y, settings).unwrap();
        let predictions = model.predict_batch_threads(&x, threads);
        (predictions, model.get_weights())
    };
    let alone = trained(1);
    for threads in [2, 3, 16] {
        assert!(alone == trained(threads), "{threads} threads");
    }
}

#[test]
fn pairs_are_learned() {
    let (x, y) = data(400);
    let mut model = Alike::new(5);
    let mut training = model.compile(Adam::new(0.01), BinaryCrossentropy);
    let settings = Fit::new().epochs(15).verbose(Verbose::Silent);
    let history = training.fit(&x, &y, settings).unwrap();
    assert!(
        history.loss[14] < 0.5 * history.loss[0],
        "{:?}",
        history.loss
    );
}
