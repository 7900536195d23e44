//! The weights of a model whose type is not known.

use crate::kernels::Element;
use crate::layer::Weights;
use crate::training::{NamedWeight, get_weights, restore, save};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The weights of the model in training, whatever its type.
pub struct ModelWeights<'a>(Box<dyn AnyWeights + 'a>);

trait AnyWeights {
    fn get(&self) -> Vec<NamedWeight<f64>>;
    fn save(&self) -> Vec<f64>;
    fn restore(&mut self, saved: &[f64]);
    #[cfg(feature = "std")]
    fn save_to(&self, path: &std::path::Path) -> crate::Result<()>;
}

struct Of<'a, T, W>(&'a mut W, core::marker::PhantomData<T>);

impl<T: Element, W: Weights<T>> AnyWeights for Of<'_, T, W> {
    fn get(&self) -> Vec<NamedWeight<f64>> {
        let widen = |w: NamedWeight<T>| NamedWeight {
            name: w.name,
            shape: w.shape,
            values: w.values.into_iter().map(T::as_f64).collect(),
        };
        get_weights(&*self.0).into_iter().map(widen).collect()
    }

    fn save(&self) -> Vec<f64> {
        let mut list = Vec::new();
        save(&*self.0, &mut list);
        list.into_iter().map(T::as_f64).collect()
    }

    fn restore(&mut self, saved: &[f64]) {
        let list: Vec<T> = saved.iter().map(|&w| T::of(w)).collect();
        restore(&mut *self.0, &list);
    }

    #[cfg(feature = "std")]
    fn save_to(&self, path: &std::path::Path) -> crate::Result<()> {
        crate::files::save_weights(&*self.0, path)
    }
}

impl<'a> ModelWeights<'a> {
    pub(in crate::training) fn of<T: Element, W: Weights<T>>(weights: &'a mut W) -> Self {
        Self(Box::new(Of(weights, core::marker::PhantomData)))
    }

    /// All weights by name, as `f64`, which holds every `f32` exactly.
    pub fn get(&self) -> Vec<NamedWeight<f64>> {
        self.0.get()
    }

    /// All weights, to be restored later.
    pub fn save(&self) -> SavedWeights {
        SavedWeights(self.0.save())
    }

    /// Saves all weights to a file, as `save_weights` of the model does.
    ///
    /// # Errors
    /// If the name ends in no known format, or the file can not be written.
    #[cfg(feature = "std")]
    pub fn save_to(&self, path: &std::path::Path) -> crate::Result<()> {
        self.0.save_to(path)
    }

    /// Sets all weights to what they were when they were saved, from the same model.
    pub fn restore(&mut self, saved: &SavedWeights) {
        self.0.restore(&saved.0);
    }
}

/// What [`ModelWeights::save`] gives.
#[derive(Clone, Debug)]
pub struct SavedWeights(Vec<f64>);

#[cfg(feature = "std")]
impl SavedWeights {
    /// From numbers, which must be as many as the model has, padding included.
    pub(in crate::training) fn of(numbers: Vec<f64>) -> Self {
        Self(numbers)
    }

    pub(in crate::training) fn numbers(&self) -> &[f64] {
        &self.0
    }
}
