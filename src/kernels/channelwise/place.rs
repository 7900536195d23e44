//! What is done to the features of one place.

use super::{apart, block, in_blocks};
use crate::math::Real;

/// With so many features vectors run along them.
const MANY: usize = 8;

/// Where place i begins. Vectors run along many features; without this the compiler would take several
/// places at once and gather their numbers one by one. Where there are few, that is what it should do.
#[inline(always)]
pub fn start(i: usize, features: usize) -> usize {
    if features < MANY {
        i * features
    } else {
        apart(i * features)
    }
}

/// Goes through the features: a few are held in registers, block by block, which the compiler would
/// otherwise take one by one; many are a loop that it makes vector code of by itself.
macro_rules! each_feature {
    (($($from:ident),*) $of:ident => $old:ident in $to:ident: $body:expr) => {
        if $to.len() <= 64 {
            in_blocks!(0..$to.len(), f, N => {
                $(let $from = block::<T, N>($from, f);)*
                let mut numbers = block::<T, N>($to, f);
                for $of in 0..N {
                    let $old = numbers[$of];
                    numbers[$of] = $body;
                }
                $to[f..f + N].copy_from_slice(&numbers);
            });
        } else {
            $(let $from = &$from[..$to.len()];)*
            for ($of, to) in $to.iter_mut().enumerate() {
                let $old = *to;
                *to = $body;
            }
        }
    };
    (($($from:ident),*) $of:ident => $to:ident: $body:expr) => {
        if $to.len() <= 64 {
            in_blocks!(0..$to.len(), f, N => {
                $(let $from = block::<T, N>($from, f);)*
                let mut numbers = [T::zero(); N];
                for $of in 0..N {
                    numbers[$of] = $body;
                }
                $to[f..f + N].copy_from_slice(&numbers);
            });
        } else {
            $(let $from = &$from[..$to.len()];)*
            for ($of, to) in $to.iter_mut().enumerate() {
                *to = $body;
            }
        }
    };
}

/// `y = gamma (x - mean) inverse + beta`, without the gamma or the beta that is empty.
#[inline(always)]
pub fn normalise<T: Real>(x: &[T], [mean, inverse]: [T; 2], [gamma, beta]: [&[T]; 2], y: &mut [T]) {
    match (gamma.is_empty(), beta.is_empty()) {
        (false, false) => {
            each_feature!((x, gamma, beta) i => y: (x[i] - mean) * inverse * gamma[i] + beta[i]);
        }
        (false, true) => each_feature!((x, gamma) i => y: (x[i] - mean) * inverse * gamma[i]),
        (true, false) => each_feature!((x, beta) i => y: (x[i] - mean) * inverse + beta[i]),
        (true, true) => each_feature!((x) i => y: (x[i] - mean) * inverse),
    }
}

/// `dx = gamma dy`, or dy if gamma is empty.
#[inline(always)]
pub fn scale<T: Real>(dy: &[T], gamma: &[T], dx: &mut [T]) {
    if gamma.is_empty() {
        each_feature!((dy) i => dx: dy[i]);
    } else {
        each_feature!((dy, gamma) i => dx: dy[i] * gamma[i]);
    }
}

/// From such a dx to `inverse (dx - mean_dy - slope (x - mean))`.
#[inline(always)]
pub fn turn_back<T: Real>(x: &[T], [mean, inverse, mean_dy, slope]: [T; 4], dx: &mut [T]) {
    each_feature!((x) i => old in dx: inverse * (old - mean_dy - slope * (x[i] - mean)));
}

/// `z = z - less`.
#[inline(always)]
pub fn lower<T: Real>(z: &mut [T], less: T) {
    each_feature!(() _i => old in z: old - less);
}

/// `z = z times`.
#[inline(always)]
pub fn stretch<T: Real>(z: &mut [T], times: T) {
    each_feature!(() _i => old in z: old * times);
}

/// `dy = y (dy - less)`.
#[inline(always)]
pub fn slope<T: Real>(y: &[T], less: T, dy: &mut [T]) {
    each_feature!((y) i => old in dy: y[i] * (old - less));
}
