//! Samples that count more or less than others.

use crate::data::Label;
use crate::error::{Error, Result};
use crate::kernels::Element;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

/// A target that belongs to a class: a class number, a one-hot vector (the class of its largest
/// number, the first of several), or a vector of one number (0 or 1, rounded).
#[diagnostic::on_unimplemented(
    message = "targets `{Self}` have no classes to be weighted",
    note = "class numbers (`u8`, `u16`, `u32`, `usize`) and arrays `[f32; N]` have"
)]
pub trait HasClass {
    /// The class, counted from 0.
    fn class(&self) -> usize;
}

#[diagnostic::do_not_recommend]
impl<L: Label> HasClass for L {
    fn class(&self) -> usize {
        Label::class(*self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, const N: usize> HasClass for [T; N] {
    fn class(&self) -> usize {
        if N == 1 {
            return (self[0].as_f64() + 0.5) as usize;
        }
        let mut best = 0;
        for (i, x) in self.iter().enumerate() {
            if *x > self[best] {
                best = i;
            }
        }
        best
    }
}

/// What the loss of each sample is multiplied by.
pub(super) struct Weighting<Y> {
    pub(super) classes: Option<ClassWeight<Y>>,
    pub(super) samples: Option<Vec<f64>>,
}

/// A weight for some classes; the others have 1.
pub(super) struct ClassWeight<Y> {
    list: Vec<(usize, f64)>,
    /// The weight of every class, once it is known how many there are.
    table: Vec<f64>,
    class: fn(&Y) -> usize,
}

impl<Y: HasClass> ClassWeight<Y> {
    pub(super) fn new(weights: impl IntoIterator<Item = (usize, f64)>) -> Self {
        Self {
            list: weights.into_iter().collect(),
            table: Vec::new(),
            class: Y::class,
        }
    }
}

impl<Y> ClassWeight<Y> {
    /// Classes and their weights.
    #[cfg(feature = "std")]
    pub(super) fn list(&self) -> &[(usize, f64)] {
        &self.list
    }

    /// The weights of samples, in the place of those in the list.
    pub(super) fn write(&self, y: &[Y], weights: &mut Vec<f64>) {
        weights.clear();
        let of_class = |y| self.table.get((self.class)(y)).copied().unwrap_or(1.0);
        weights.extend(y.iter().map(of_class));
    }

    fn check(&mut self, classes: usize) -> Result<()> {
        self.table = vec![1.0; classes];
        for &(class, weight) in &self.list {
            if class >= classes {
                return Err(Error::BadArgument {
                    name: "class_weight",
                    expected: "of classes that the model has",
                    found: format!("of class {class}, with {classes} classes"),
                });
            }
            if !is_weight(weight) {
                return Err(Error::BadArgument {
                    name: "class_weight",
                    expected: "finite numbers, 0 or more",
                    found: format!("{weight} for class {class}"),
                });
            }
            self.table[class] = weight;
        }
        Ok(())
    }
}

fn is_weight(weight: f64) -> bool {
    weight.is_finite() && weight >= 0.0
}

impl<Y> Weighting<Y> {
    /// None: all samples count the same.
    pub(super) const NONE: Self = Self {
        classes: None,
        samples: None,
    };

    /// Leaves none.
    pub(super) fn take(&mut self) -> Self {
        core::mem::replace(self, Self::NONE)
    }

    /// Whether the weights are in their range, for a model with so many outputs.
    pub(super) fn check(&mut self, outputs: usize) -> Result<()> {
        if self.classes.is_some() && self.samples.is_some() {
            return Err(Error::BadArgument {
                name: "class_weight",
                expected: "given without sample_weight",
                found: "given with it".to_string(),
            });
        }
        // With a single output, there are two classes.
        match &mut self.classes {
            Some(classes) => classes.check(outputs.max(2)),
            None => Ok(()),
        }
    }

    /// The weights of samples in memory, if they have any.
    pub(super) fn of(self, y: &[Y]) -> Result<Option<Vec<f64>>> {
        if let Some(classes) = self.classes {
            let mut weights = Vec::new();
            classes.write(y, &mut weights);
            return Ok(Some(weights));
        }
        let Some(weights) = self.samples else {
            return Ok(None);
        };
        if weights.len() != y.len() {
            return Err(Error::LengthMismatch {
                left: "x",
                left_len: y.len(),
                right: "sample_weight",
                right_len: weights.len(),
            });
        }
        if let Some(index) = weights.iter().position(|&weight| !is_weight(weight)) {
            return Err(Error::BadArgument {
                name: "sample_weight",
                expected: "finite numbers, 0 or more",
                found: format!("{} at sample {index} (counted from 0)", weights[index]),
            });
        }
        Ok(Some(weights))
    }
}
