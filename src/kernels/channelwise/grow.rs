//! Images with each pixel several times, or with others in between.

use super::{apart, block, each, in_blocks};
use crate::math::Real;

/// By how much an image grows.
#[derive(Clone, Copy, Debug)]
pub struct Grow {
    /// Height and width before.
    pub input: [usize; 2],
    /// How many times as much they are then.
    pub times: [usize; 2],
    /// Channels of the image.
    pub channels: usize,
}

/// What becomes of a pixel.
struct Copies {
    size: (usize, usize),
    /// Numbers of a line, and of a pixel.
    strides: [usize; 2],
}

impl Copies {
    #[inline(always)]
    fn size(&self) -> (usize, usize) {
        self.size
    }

    /// Which copy it is, and where it begins.
    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> (usize, usize) {
        let [line, pixel] = self.strides;
        (i * self.size.1 + j, i * line + j * pixel)
    }
}

impl Grow {
    #[inline(always)]
    fn copies(&self) -> Copies {
        let [down, across] = self.times;
        Copies {
            size: (down, across),
            strides: [self.input[1] * across * self.channels, self.channels],
        }
    }

    /// Where pixel (p, q) begins, and the first of its copies.
    #[inline(always)]
    fn places(&self, p: usize, q: usize) -> (usize, usize) {
        let ([_, width], [down, across]) = (self.input, self.times);
        let from = (p * width + q) * self.channels;
        let to = (p * down * width + q) * across * self.channels;
        (apart(from), apart(to))
    }

    /// Each pixel as often as it is to be there.
    #[inline(always)]
    pub fn repeat<T: Real>(&self, x: &[T], y: &mut [T]) {
        let copies = self.copies();
        for p in 0..self.input[0] {
            for q in 0..self.input[1] {
                let (from, to) = self.places(p, q);
                in_blocks!(0..self.channels, c, N => {
                    let x = block::<T, N>(x, from + c);
                    each!(copies, _, copy => {
                        let at = to + copy + c;
                        y[at..at + N].copy_from_slice(&x);
                    });
                });
            }
        }
    }

    /// The way of a gradient back from all copies.
    #[inline(always)]
    pub fn repeat_back<T: Real>(&self, dy: &[T], dx: &mut [T]) {
        let copies = self.copies();
        for p in 0..self.input[0] {
            for q in 0..self.input[1] {
                let (from, to) = self.places(p, q);
                in_blocks!(0..self.channels, c, N => {
                    let mut sum = [T::zero(); N];
                    each!(copies, _, copy => {
                        let dy = block::<T, N>(dy, to + copy + c);
                        for i in 0..N {
                            sum[i] += dy[i];
                        }
                    });
                    dx[from + c..from + c + N].copy_from_slice(&sum);
                });
            }
        }
    }

    /// Each pixel of the output from the four of the input between which it lies.
    #[inline(always)]
    pub fn blend<T: Real>(&self, x: &[T], y: &mut [T]) {
        let ([height, width], [down, across], channels) = (self.input, self.times, self.channels);
        for p in 0..height * down {
            let rows = neighbours(p, down, height);
            for q in 0..width * across {
                let pixels = self.between(rows, neighbours(q, across, width));
                let to = apart((p * width * across + q) * channels);
                in_blocks!(0..channels, c, N => {
                    let mut sum = [T::zero(); N];
                    for &(from, share) in &pixels {
                        let (x, share) = (block::<T, N>(x, from + c), T::of(share));
                        for i in 0..N {
                            sum[i] += share * x[i];
                        }
                    }
                    y[to + c..to + c + N].copy_from_slice(&sum);
                });
            }
        }
    }

    /// The way of a gradient back to all four.
    #[inline(always)]
    pub fn blend_back<T: Real>(&self, dy: &[T], dx: &mut [T]) {
        let ([height, width], [down, across], channels) = (self.input, self.times, self.channels);
        dx.fill(T::zero());
        for p in 0..height * down {
            let rows = neighbours(p, down, height);
            for q in 0..width * across {
                let pixels = self.between(rows, neighbours(q, across, width));
                let to = apart((p * width * across + q) * channels);
                in_blocks!(0..channels, c, N => {
                    let dy = block::<T, N>(dy, to + c);
                    for &(from, share) in &pixels {
                        let (mut sum, share) = (block::<T, N>(dx, from + c), T::of(share));
                        for i in 0..N {
                            sum[i] += share * dy[i];
                        }
                        dx[from + c..from + c + N].copy_from_slice(&sum);
                    }
                });
            }
        }
    }

    /// Where the four pixels of two rows and two columns begin, and their shares.
    #[inline(always)]
    fn between(&self, rows: [(usize, f64); 2], columns: [(usize, f64); 2]) -> [(usize, f64); 4] {
        let [(above, of_above), (below, of_below)] = rows;
        let [(left, of_left), (right, of_right)] = columns;
        let begin = |row, column| (row * self.input[1] + column) * self.channels;
        [
            (begin(above, left), of_above * of_left),
            (begin(above, right), of_above * of_right),
            (begin(below, left), of_below * of_left),
            (begin(below, right), of_below * of_right),
        ]
    }
}

/// The two places on a dimension of `len` between which place `at` of a `times` longer one lies, and their
/// shares.
#[inline(always)]
fn neighbours(at: usize, times: usize, len: usize) -> [(usize, f64); 2] {
    // The place is (2 at + 1 - times) / (2 times); one more, so that it is not negative.
    let place = 2 * at + 1 + times;
    let (next, rest) = (place / (2 * times), place % (2 * times));
    let share = rest as f64 / (2 * times) as f64;
    [
        (next.saturating_sub(1), 1.0 - share),
        (next.min(len - 1), share),
    ]
}
