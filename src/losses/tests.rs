//! Losses at the ends of their ranges, and what a sample alone decides. (`tests/golden.rs` holds them
//! to Keras, and `tests/random_networks.rs` compares their gradients with differences.)

use super::*;
use crate::simd::exact;

/// The loss of a sample, and its gradient.
fn of<T: Element, L: Loss<T, [T; N], [T; N]>, const N: usize>(
    loss: L,
    prediction: [T; N],
    target: [T; N],
) -> (T, [T; N]) {
    let mut gradient = [T::NAN; N];
    let value = loss.loss(exact(), &prediction, &target);
    loss.gradient(
        exact(),
        &prediction,
        &target,
        false,
        T::one(),
        &mut gradient,
    );
    (value, gradient)
}

#[test]
fn log_cosh_of_large_differences() {
    for size in [100.0f32, 1e10, 3e38] {
        let (loss, slope) = of(LogCosh, [size], [0.0]);
        assert_eq!((loss, slope), (size - core::f32::consts::LN_2, [1.0]));
        assert_eq!(of(LogCosh, [-size], [0.0]).1, [-1.0]);
    }
    assert!(of(LogCosh, [0.0f64], [0.0]).0.abs() < 1e-15);
}

#[test]
fn a_zero_among_signs_counts_as_minus_one() {
    // Keras would leave it as 0 here, and as -1 in a batch of zeros and ones.
    assert_eq!(of(Hinge, [0.5f64, 0.5], [0.0, -1.0]), (1.5, [0.5, 0.5]));
    assert_eq!(
        of(SquaredHinge, [0.5f64, 2.0], [0.0, 1.0]),
        (1.125, [1.5, 0.0])
    );
}

#[test]
fn vectors_without_a_direction() {
    for (p, y) in [([0.0, 0.0], [1.0, 0.0]), ([0.0, 0.0], [0.0, 0.0])] {
        assert_eq!(of(CosineSimilarity, p, y), (0.0f64, [0.0; 2]));
    }
    let (loss, slope) = of(CosineSimilarity, [3.0f32, 4.0], [0.0, 0.0]);
    assert!(loss == 0.0 && slope.iter().all(|g| *g == 0.0));
}

#[test]
fn numbers_at_the_floor_stay_finite() {
    let (loss, slope) = of(Poisson, [0.0f32], [5.0]);
    assert!(loss.is_finite() && slope[0].is_finite());
    let (loss, slope) = of(MeanAbsolutePercentageError, [1.0f32], [0.0]);
    assert!(loss.is_finite() && slope[0].is_finite());
    let (loss, slope) = of(MeanSquaredLogarithmicError, [-5.0f32], [1.0]);
    assert!(loss.is_finite() && slope == [0.0]);
    let (loss, slope) = of(KLDivergence, [0.0f32, 1.0], [1.0, 0.0]);
    assert!(loss.is_finite() && slope[0] == 0.0);
}

#[test]
fn nothing_hides_a_nan() {
    fn check<L>(loss: L)
    where
        L: Loss<f32, [f32; 2], [f32; 2]> + Loss<f32, [f32; 40], [f32; 40]> + Copy,
    {
        let what = core::any::type_name::<L>();
        let (value, _) = of(loss, [0.5, f32::NAN], [1.0, 0.0]);
        assert!(value.is_nan(), "{what}: {value}");
        for at in [0, 17, 39] {
            let mut prediction = [0.5; 40];
            prediction[at] = f32::NAN;
            let (value, _) = of(loss, prediction, [0.025; 40]);
            assert!(value.is_nan(), "{what}: {value} with a NaN at {at}");
        }
    }
    check(MeanSquaredError);
    check(MeanAbsoluteError);
    check(MeanAbsolutePercentageError);
    check(MeanSquaredLogarithmicError);
    check(LogCosh);
    check(Huber::default());
    check(Poisson);
    check(Hinge);
    check(SquaredHinge);
    check(CategoricalHinge);
    check(KLDivergence);
    check(CosineSimilarity);
    check(BinaryCrossentropy);
    check(CategoricalCrossentropy);
    check(BinaryCrossentropy.label_smoothing(0.1));
    check(CategoricalCrossentropy::from_logits().label_smoothing(0.1));
}

/// So many numbers that they are summed in lanes, and some that are left over; targets add up to 1.
const LONG: usize = 40;

fn long_sample() -> ([f64; LONG], [f64; LONG]) {
    let mut random = crate::random::Stream::new(7);
    let prediction = [(); LONG].map(|()| 0.05 + 0.9 * random.uniform());
    let target = [(); LONG].map(|()| random.uniform());
    let sum: f64 = target.iter().sum();
    (prediction, target.map(|y| y / sum))
}

#[test]
fn a_long_sample_is_the_mean_of_its_numbers() {
    fn check<L>(loss: L)
    where
        L: Loss<f64, [f64; 1], [f64; 1]> + Loss<f64, [f64; LONG], [f64; LONG]> + Copy,
    {
        let (p, y) = long_sample();
        let pairs = p.into_iter().zip(y);
        let mean = pairs.map(|(p, y)| of(loss, [p], [y]).0).sum::<f64>() / LONG as f64;
        let (value, _) = of(loss, p, y);
        let what = core::any::type_name::<L>();
        assert!(
            (value - mean).abs() < 1e-13 * mean.abs(),
            "{what}: {value}, not {mean}"
        );
    }
    check(MeanSquaredError);
    check(MeanAbsoluteError);
    check(MeanAbsolutePercentageError);
    check(MeanSquaredLogarithmicError);
    check(LogCosh);
    check(Huber::new(0.3));
    check(Poisson);
    check(Hinge);
    check(SquaredHinge);
    check(BinaryCrossentropy);
    check(BinaryCrossentropy.label_smoothing(0.1));
    check(BinaryCrossentropy::from_logits());
}

#[test]
fn sums_over_many_classes() {
    let (p, y) = long_sample();
    let near = |(value, _): (f64, _), wanted: f64| {
        assert!((value - wanted).abs() < 1e-13, "{value}, not {wanted}");
    };
    let pairs = || p.into_iter().zip(y);
    let all: f64 = p.iter().sum();
    near(
        of(CategoricalCrossentropy, p, y),
        pairs().map(|(p, y)| -y * (p / all).ln()).sum(),
    );
    let soft = CategoricalCrossentropy.label_smoothing(0.2);
    near(
        of(soft, p, y),
        pairs()
            .map(|(p, y)| -(0.8 * y + 0.2 / LONG as f64) * (p / all).ln())
            .sum(),
    );
    let exponentials: f64 = p.iter().map(|p| p.exp()).sum();
    near(
        of(CategoricalCrossentropy::from_logits(), p, y),
        pairs().map(|(p, y)| y * (exponentials.ln() - p)).sum(),
    );
    near(
        of(KLDivergence, p, y),
        pairs().map(|(p, y)| y * (y / p).ln()).sum(),
    );
    let length = |v: [f64; LONG]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
    near(
        of(CosineSimilarity, p, y),
        -pairs().map(|(p, y)| p * y).sum::<f64>() / (length(p) * length(y)),
    );
}

#[test]
fn gradients_of_long_samples() {
    fn check<L: Loss<f64, [f64; LONG], [f64; LONG]> + Copy>(loss: L) {
        let (p, y) = long_sample();
        let (_, gradient) = of(loss, p, y);
        for (i, slope) in gradient.into_iter().enumerate() {
            let [above, below] = [1e-6, -1e-6].map(|step| {
                let mut p = p;
                p[i] += step;
                of(loss, p, y).0
            });
            let difference = (above - below) / 2e-6;
            let what = core::any::type_name::<L>();
            assert!(
                (slope - difference).abs() < 1e-7,
                "{what} by {i}: {slope}, not {difference}"
            );
        }
    }
    check(MeanSquaredError);
    check(MeanAbsoluteError);
    check(MeanSquaredLogarithmicError);
    check(LogCosh);
    check(Huber::new(0.3));
    check(Poisson);
    check(SquaredHinge);
    check(CategoricalHinge);
    check(KLDivergence);
    check(CosineSimilarity);
    check(BinaryCrossentropy);
    check(BinaryCrossentropy::from_logits().label_smoothing(0.1));
    check(CategoricalCrossentropy);
    check(CategoricalCrossentropy.label_smoothing(0.1));
    check(CategoricalCrossentropy::from_logits());
}
