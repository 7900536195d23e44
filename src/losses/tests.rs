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
    fn check<L: Loss<f32, [f32; 2], [f32; 2]>>(loss: L) {
        let what = core::any::type_name::<L>();
        let (value, _) = of(loss, [0.5, f32::NAN], [1.0, 0.0]);
        assert!(value.is_nan(), "{what}: {value}");
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
