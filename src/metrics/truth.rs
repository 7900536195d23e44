//! What a target says, whatever its type.

use crate::cast::Plain;
use crate::data::Label;
use crate::kernels::Element;

/// A target for outputs `P`: an array like them, or the number of a class.
pub trait Truth<T: Element, P> {
    /// The true class: of an array where its largest number is; of a single number 1 if it is above
    /// 0.5, and 0 else.
    fn class(&self) -> usize;
    /// How true an output is: the number of an array; of a class 1 at the class and 0 elsewhere.
    fn at(&self, output: usize) -> f64;
}

#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>> Truth<T, P> for P {
    #[inline(always)]
    fn class(&self) -> usize {
        decided(self.numbers())
    }
    #[inline(always)]
    fn at(&self, output: usize) -> f64 {
        self.numbers()[output].as_f64()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize, C: Label> Truth<T, [T; N]> for C {
    #[inline(always)]
    fn class(&self) -> usize {
        Label::class(*self)
    }
    #[inline(always)]
    fn at(&self, output: usize) -> f64 {
        f64::from(u8::from(Label::class(*self) == output))
    }
}

/// A target that is an array like the predictions `P`.
pub trait Alike<P> {
    /// The array.
    fn array(&self) -> &P;
}

#[diagnostic::do_not_recommend]
impl<P> Alike<P> for P {
    #[inline(always)]
    fn array(&self) -> &P {
        self
    }
}

/// Nobody's target. Because there are two types that would do, the compiler looks whether a target
/// fits the metric; otherwise it would conclude which type it must be, and complain about the loss.
#[derive(Clone, Copy, Debug)]
pub enum Nobodys {}

#[diagnostic::do_not_recommend]
impl<X, const N: usize> Alike<[X; N]> for Nobodys {
    fn array(&self) -> &[X; N] {
        match *self {}
    }
}

/// Which class numbers decide for: where the largest one is, the first of several; a single one
/// decides between 0 and 1.
#[inline(always)]
pub(super) fn decided<T: Element>(numbers: &[T]) -> usize {
    if let [single] = numbers {
        return usize::from(*single > T::of(0.5));
    }
    let mut best = 0;
    for (i, &x) in numbers.iter().enumerate() {
        if x > numbers[best] {
            best = i;
        }
    }
    best
}

/// How many classes so many outputs decide between.
pub(super) const fn classes(outputs: usize) -> usize {
    if outputs == 1 { 2 } else { outputs }
}
