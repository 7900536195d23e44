//! The jobs, their data, and the clock.

use std::hint::black_box;
use std::time::Instant;

/// One row of the table.
#[derive(Clone, Copy)]
pub enum Job {
    /// An epoch of the classifier, by stochastic gradient descent; the time is that of a sample.
    Train { batch: usize, threads: usize },
    /// The same in `f64`.
    TrainF64 { batch: usize },
    /// Its probabilities for 256 images in one call; the time is that of a sample.
    PredictMany,
    /// Its probabilities for one image, where half of the pixels are zero, or none.
    PredictOne { zeros: bool },
    /// One prediction of 4-16-16-1 with tanh.
    Tiny,
    /// One prediction of 64-64-64-8 with relu.
    Small,
    /// An epoch of the small convolutional network with batch 32; the time is that of a sample.
    Cnn { threads: usize },
    /// Its probabilities for one image.
    PredictCnn,
    /// An epoch of linear regression, 2 inputs, batch 2; the time is that of a step.
    Line,
    /// An epoch of logistic regression, 1 input, batch 1; the time is that of a step.
    Logistic,
}

/// The widths of the classifier, relu between them and softmax at the end.
pub const FASHION: [usize; 5] = [784, 128, 256, 512, 10];
/// Samples in a batch of the convolutional network.
pub const CNN_BATCH: usize = 32;
pub const TINY: [usize; 4] = [4, 16, 16, 1];
pub const SMALL: [usize; 4] = [64, 64, 64, 8];

/// The learning rate: at 0.1, steps of single images would soon leave no unit of the classifier alive.
pub fn rate(batch: usize) -> f64 {
    if batch == 1 { 0.01 } else { 0.1 }
}

const IMAGES: usize = 4096;
const POINTS: usize = 2000;

impl Job {
    pub const ALL: [Self; 19] = [
        Self::train(1, 1),
        Self::train(8, 1),
        Self::train(32, 1),
        Self::train(128, 1),
        Self::train(512, 1),
        Self::train(32, 2),
        Self::train(128, 2),
        Self::train(512, 2),
        Self::TrainF64 { batch: 32 },
        Self::PredictMany,
        Self::PredictOne { zeros: true },
        Self::PredictOne { zeros: false },
        Self::Tiny,
        Self::Small,
        Self::Cnn { threads: 1 },
        Self::Cnn { threads: 2 },
        Self::PredictCnn,
        Self::Line,
        Self::Logistic,
    ];

    const fn train(batch: usize, threads: usize) -> Self {
        Self::Train { batch, threads }
    }

    pub fn name(self) -> String {
        match self {
            Self::Train { batch, threads: 1 } => format!("train, batch {batch}"),
            Self::Train { batch, threads } => format!("train, batch {batch}, {threads} threads"),
            Self::TrainF64 { batch } => format!("train, batch {batch}, f64"),
            Self::PredictMany => "predict, batch 256".into(),
            Self::PredictOne { zeros: true } => "predict, one image, half zeros".into(),
            Self::PredictOne { zeros: false } => "predict, one image, no zeros".into(),
            Self::Tiny => "predict, 4-16-16-1 tanh".into(),
            Self::Small => "predict, 64-64-64-8 relu".into(),
            Self::Cnn { threads: 1 } => "train, small CNN, batch 32".into(),
            Self::Cnn { threads } => format!("train, small CNN, batch 32, {threads} threads"),
            Self::PredictCnn => "predict, small CNN, one image".into(),
            Self::Line => "linear step, batch 2".into(),
            Self::Logistic => "logistic step, batch 1".into(),
        }
    }

    pub fn trains(self) -> bool {
        use Job::*;
        matches!(self, Train { .. } | TrainF64 { .. } | Cnn { .. } | Line | Logistic)
    }

    /// Floating-point operations of a sample of the classifier, and what part of the `f32` peak of
    /// one core there is to use.
    pub fn operations(self) -> Option<(f64, f64)> {
        match self {
            Self::Train { threads, .. } => Some((1.415e6, threads as f64)),
            Self::TrainF64 { .. } => Some((1.415e6, 0.5)),
            Self::PredictMany | Self::PredictOne { .. } => Some((0.539e6, 1.0)),
            _ => None,
        }
    }
}

/// Something to be timed: `run`, which gives the mean loss if it trains, and how often it does what is
/// counted.
pub struct Work {
    units: usize,
    run: Box<dyn FnMut() -> f64>,
    pub loss: f64,
}

impl Work {
    pub fn new(units: usize, run: impl FnMut() -> f64 + 'static) -> Self {
        Self { units, run: Box::new(run), loss: 0.0 }
    }

    /// Seconds of so many runs.
    pub fn time(&mut self, runs: usize) -> f64 {
        let start = Instant::now();
        for _ in 0..runs {
            self.loss = (self.run)();
        }
        start.elapsed().as_secs_f64()
    }

    /// Seconds of one unit, over so many runs.
    pub fn time_of_unit(&mut self, runs: usize) -> f64 {
        self.time(runs) / (runs * self.units) as f64
    }
}

/// Epochs of shuffled batches: `step` gets the gathered rows, and gives its loss.
pub fn epochs<const W: usize, T: Copy + 'static, Y: Copy + 'static>(
    (x, y): (Vec<[T; W]>, Vec<Y>),
    batch: usize,
    mut step: impl FnMut(Vec<T>, Vec<Y>) -> f64 + 'static,
) -> Work {
    let mut order: Vec<usize> = (0..x.len()).collect();
    let mut random = Random(1);
    let steps = x.len() / batch;
    // A step of the small ones, a sample of the large one.
    let units = if x.len() == IMAGES { x.len() } else { steps };
    Work::new(units, move || {
        for i in (1..order.len()).rev() {
            order.swap(i, random.below(i + 1));
        }
        let losses = order.chunks(batch).map(|rows| {
            let mut inputs = Vec::with_capacity(rows.len() * W);
            for &row in rows {
                inputs.extend_from_slice(&x[row]);
            }
            step(inputs, rows.iter().map(|&row| y[row]).collect())
        });
        losses.sum::<f64>() / steps as f64
    })
}

/// One call of `predict` for each input, from plain numbers to plain numbers.
pub fn calls<X: 'static, P>(inputs: Vec<X>, mut predict: impl FnMut(&X) -> P + 'static) -> Work {
    Work::new(inputs.len(), move || {
        for x in &inputs {
            black_box(predict(black_box(x)));
        }
        0.0
    })
}

/// Half of the pixels are zero, as in the real pictures, but for two bright rows that tell the class.
pub fn images<T: From<f32>>() -> (Vec<[T; 784]>, Vec<u8>) {
    let mut random = Random(2);
    let mut image = |class: u8| {
        std::array::from_fn(|i| {
            let bright = i / 28 / 2 == usize::from(class) + 2;
            let pixel = random.uniform();
            T::from(if bright { pixel } else { (2.0 * pixel - 1.0).max(0.0) })
        })
    };
    let labels: Vec<u8> = (0..IMAGES).map(|i| (i % 10) as u8).collect();
    (labels.iter().map(|&class| image(class)).collect(), labels)
}

/// A few images for predictions of one.
pub fn some_images(zeros: bool) -> Vec<[f32; 784]> {
    let mut some = images().0;
    some.truncate(64);
    if !zeros {
        let mut random = Random(3);
        some.as_flattened_mut().fill_with(|| random.uniform().max(0.01));
    }
    some
}

pub fn inputs<const W: usize>() -> Vec<[f32; W]> {
    let mut random = Random(4);
    let mut input = || std::array::from_fn(|_| 2.0 * random.uniform() - 1.0);
    (0..POINTS).map(|_| input()).collect()
}

/// Points near a plane.
pub fn line() -> (Vec<[f32; 2]>, Vec<[f32; 1]>) {
    let x = inputs::<2>();
    let y = x.iter().map(|x| [2.0 * x[0] + 3.0 * x[1] + 4.0]);
    (x.clone(), y.collect())
}

/// Right or wrong, by one number.
pub fn logistic() -> (Vec<[f32; 1]>, Vec<[f32; 1]>) {
    let mut random = Random(5);
    let x = inputs::<1>();
    let y = x.iter().map(|x| [f32::from(x[0] > random.uniform() - 0.5)]);
    (x.clone(), y.collect())
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    fn uniform(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
}
