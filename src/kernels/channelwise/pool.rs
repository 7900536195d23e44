//! The largest number and the mean of each window.

use super::{Channelwise, block, each, in_blocks, positions};
use crate::math::Real;

/// The largest number of each window; NaN if there is one. In `winners`, unless it is empty, the number
/// of its tap: the first one of equals.
#[inline(always)]
pub fn max<T: Real>(pool: &Channelwise, x: &[T], y: &mut [T], winners: &mut [T]) {
    let channels = pool.channels;
    let keeps = !winners.is_empty();
    positions!(pool, position, taps => {
        in_blocks!(0..channels, c, N => {
            let (first, pixel) = taps.at(0, 0);
            let mut best = block::<T, N>(x, pixel + c);
            let mut winner = [T::of(first as f64); N];
            each!(taps, tap, pixel => {
                if tap == first {
                    continue;
                }
                let (x, tap) = (block::<T, N>(x, pixel + c), T::of(tap as f64));
                for i in 0..N {
                    #[allow(clippy::eq_op)] // whether it is NaN, in a way that becomes vector code
                    let wins = x[i] > best[i] || x[i] != x[i];
                    best[i] = if wins { x[i] } else { best[i] };
                    winner[i] = if wins { tap } else { winner[i] };
                }
            });
            let at = position * channels + c;
            y[at..at + N].copy_from_slice(&best);
            if keeps {
                winners[at..at + N].copy_from_slice(&winner);
            }
        });
    });
}

/// The way of a gradient back to the winners.
#[inline(always)]
pub fn max_backward<T: Real>(pool: &Channelwise, winners: &[T], dy: &[T], dx: &mut [T]) {
    let channels = pool.channels;
    let [down, across] = pool.windows;
    // Windows beside each other write each number once; if they meet all of them, nothing else must.
    let apart = down.is_apart() && across.is_apart();
    if !(apart && down.is_covered() && across.is_covered()) {
        dx.fill(T::zero());
    }
    positions!(pool, position, taps => {
        in_blocks!(0..channels, c, N => {
            let at = position * channels + c;
            let (dy, winner) = (block::<T, N>(dy, at), block::<T, N>(winners, at));
            each!(taps, tap, pixel => {
                let tap = T::of(tap as f64);
                let mut sum = if apart { [T::zero(); N] } else { block::<T, N>(dx, pixel + c) };
                for i in 0..N {
                    sum[i] += if winner[i] == tap { dy[i] } else { T::zero() };
                }
                dx[pixel + c..pixel + c + N].copy_from_slice(&sum);
            });
        });
    });
}

/// The mean of each window, of what lies inside the image.
#[inline(always)]
pub fn average<T: Real>(pool: &Channelwise, x: &[T], y: &mut [T]) {
    let channels = pool.channels;
    positions!(pool, position, taps => {
        let count = T::of((taps.size().0 * taps.size().1) as f64);
        in_blocks!(0..channels, c, N => {
            let mut sum = [T::zero(); N];
            each!(taps, _, pixel => {
                let x = block::<T, N>(x, pixel + c);
                for i in 0..N {
                    sum[i] += x[i];
                }
            });
            for sum in &mut sum {
                *sum /= count;
            }
            let at = position * channels + c;
            y[at..at + N].copy_from_slice(&sum);
        });
    });
}

/// The way of a gradient back to all of a window.
#[inline(always)]
pub fn average_backward<T: Real>(pool: &Channelwise, dy: &[T], dx: &mut [T]) {
    let channels = pool.channels;
    dx.fill(T::zero());
    positions!(pool, position, taps => {
        let count = T::of((taps.size().0 * taps.size().1) as f64);
        in_blocks!(0..channels, c, N => {
            let dy = block::<T, N>(dy, position * channels + c).map(|dy| dy / count);
            each!(taps, _, pixel => {
                let mut sum = block::<T, N>(dx, pixel + c);
                for i in 0..N {
                    sum[i] += dy[i];
                }
                dx[pixel + c..pixel + c + N].copy_from_slice(&sum);
            });
        });
    });
}
