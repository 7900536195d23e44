//! Layers that do the same to every number.

use crate::kernels::Element;
use crate::rows::{Rows, RowsMut};

/// `y = f(x)`.
#[inline(always)]
pub fn forward<T: Element>(x: Rows<T>, mut y: RowsMut<T>, f: impl Fn(T) -> T) {
    for (x, y) in x.iter().zip(y.iter_mut()) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = f(x);
        }
    }
}

/// `dx = dy slope(x)`, if anyone wants it.
#[inline(always)]
pub fn backward<T: Element>(
    x: Rows<T>,
    dy: Rows<T>,
    dx: Option<RowsMut<T>>,
    slope: impl Fn(T) -> T,
) {
    let Some(mut dx) = dx else { return };
    for ((x, dy), dx) in x.iter().zip(dy.iter()).zip(dx.iter_mut()) {
        for ((dx, &dy), &x) in dx.iter_mut().zip(dy).zip(x) {
            *dx = dy * slope(x);
        }
    }
}
