//! What the differences of the layers' contract do not see.

use super::{Channelwise, pool};
use crate::shape::Window;
use alloc::vec;

/// Two steps of a signal of `channels`, in one window.
fn pair(channels: usize) -> Channelwise {
    let across = Window {
        input: 2,
        kernel: 2,
        ..Window::ONE
    };
    Channelwise {
        windows: [Window::ONE, across],
        channels,
    }
}

#[test]
fn the_first_of_equals_wins_and_nan_stays() {
    let (nan, infinite) = (f32::NAN, f32::INFINITY);
    let x = [1.0, nan, 2.0, -infinite, 1.0, 3.0, nan, -infinite];
    let (mut y, mut winners, mut dx) = ([0.0; 4], [9.0; 4], [9.0; 8]);
    pool::max(&pair(4), &x, &mut y, &mut winners);
    assert!(y[0] == 1.0 && y[1].is_nan() && y[2].is_nan() && y[3] == -infinite);
    assert_eq!(winners, [0.0, 0.0, 1.0, 0.0]);
    pool::max_backward(&pair(4), &winners, &[1.0, 2.0, 3.0, 4.0], &mut dx);
    assert_eq!(dx, [1.0, 2.0, 0.0, 4.0, 0.0, 0.0, 3.0, 0.0]);
}

#[test]
fn every_number_of_channels_is_covered() {
    for channels in 1..40 {
        let x = vec![1.0; 2 * channels];
        let mut y = vec![0.0; channels];
        pool::average(&pair(channels), &x, &mut y);
        assert_eq!(y, &x[..channels]);
    }
}
