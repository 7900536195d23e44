//! Right ones among those that were found, and found ones among those that are right.

use super::truth::Truth;
use super::{Metric, share};
use crate::cast::Plain;
use crate::error::{Result, check};
use crate::kernels::Element;
use crate::simd::Isa;

/// Which outputs count as a yes, and which of them are looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Chosen {
    threshold: Option<f64>,
    top_k: Option<usize>,
    class_id: Option<usize>,
}

impl Chosen {
    /// Shows for each output that is looked at whether it is a yes, and whether it should be.
    #[inline(always)]
    fn each<T: Element, P, Y: Truth<T, P>>(
        &self,
        prediction: &[T],
        target: &Y,
        mut see: impl FnMut(bool, bool),
    ) {
        // Of the k largest outputs every one is a yes, unless there is a threshold, too.
        let default = self.top_k.map_or(0.5, |_| f64::NEG_INFINITY);
        let threshold = T::of(self.threshold.unwrap_or(default));
        let last = self.top_k.map(|k| kth_largest(prediction, k));
        let outputs = match self.class_id {
            Some(class) => class..class + 1,
            None => 0..prediction.len(),
        };
        for i in outputs {
            let p = prediction[i];
            let among = last.is_none_or(|last| !before(prediction, last, i));
            see(among && p > threshold, target.at(i) > 0.0);
        }
    }

    fn check(&self, outputs: usize) -> Result<()> {
        if let Some(threshold) = self.threshold {
            let ok = threshold.is_finite();
            check("threshold", "a finite number", threshold, ok)?;
        }
        if let Some(k) = self.top_k {
            check("top_k", "at least 1", k, k > 0)?;
        }
        if let Some(class) = self.class_id {
            let ok = class < outputs;
            check("class_id", "below the number of outputs", class, ok)?;
        }
        Ok(())
    }
}

/// Whether output a comes before output b in falling order; the first of several that are equal.
#[inline(always)]
fn before<T: Element>(numbers: &[T], a: usize, b: usize) -> bool {
    numbers[a] > numbers[b] || (numbers[a] == numbers[b] && a < b)
}

/// Where the kth largest number is, or the last one of all if there are fewer.
fn kth_largest<T: Element>(numbers: &[T], k: usize) -> usize {
    let mut found = None;
    for _ in 0..k.min(numbers.len()) {
        let rest = (0..numbers.len()).filter(|&i| found.is_none_or(|f| before(numbers, f, i)));
        found = rest.reduce(|best, i| if before(numbers, best, i) { best } else { i });
    }
    found.unwrap_or(0)
}

macro_rules! metric {
    ($(#[$doc:meta])* $metric:ident, $name:literal, |$yes:ident, $truth:ident| $counts:expr) => {
        $(#[$doc])*
        ///
        /// An output is a yes if it is above a threshold, 0.5 if not said, and should be one if its
        /// target is above 0 or is its class. All outputs of all samples count together, or those of
        /// one class.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $metric(Chosen);

        impl $metric {
            /// Over all outputs, with the threshold 0.5.
            pub fn new() -> Self {
                Self::default()
            }

            /// Outputs above it count as yes; for a model that ends in `linear`, 0 is what 0.5 is
            /// after a sigmoid.
            pub fn threshold(mut self, threshold: f64) -> Self {
                self.0.threshold = Some(threshold);
                self
            }

            /// Only the k largest outputs of a sample can be a yes, and all of them are, unless a
            /// threshold is set, too.
            pub fn top_k(mut self, k: usize) -> Self {
                self.0.top_k = Some(k);
                self
            }

            /// Looks at this output only, counted from 0.
            pub fn class_id(mut self, class: usize) -> Self {
                self.0.class_id = Some(class);
                self
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Element, P: Plain<T>, Y: Truth<T, P>> Metric<T, P, Y> for $metric {
            fn name(&self) -> &'static str {
                $name
            }
            /// The second number: how many are counted, of which the first one is right.
            #[inline(always)]
            fn add<I: Isa>(&self, _: I, prediction: &[T], target: &Y, state: &mut [f64]) {
                self.0.each(prediction, target, |$yes, $truth| {
                    if $counts {
                        state[0] += f64::from(u8::from($yes && $truth));
                        state[1] += 1.0;
                    }
                });
            }
            fn value(&self, state: &[f64]) -> f64 {
                share(state[0], state[1])
            }
            fn check(&self) -> Result<()> {
                self.0.check(size_of::<P>() / size_of::<T>())
            }
        }
    };
}

metric!(
    /// The share of true ones among those that were said to be true; 0 if none was.
    Precision, "precision", |yes, truth| yes
);
metric!(
    /// The share that was said to be true among those that are; 0 if none is.
    Recall, "recall", |yes, truth| truth
);
