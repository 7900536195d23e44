//! Weights: tensors inside plain structs, in one allocation with everything around them.

use crate::kernels::Element;
use crate::rows::padded;
use crate::shape::{Dim, Shape};
use bytemuck::Zeroable;
use core::fmt;
use generic_array::GenericArray;
use typenum::Unsigned;

/// The weights of a layer: tensors of `T`, all zeros being a valid value. `#[derive(Weights)]`
/// writes this for a struct whose first type parameter is `T` and whose fields are tensors.
pub trait Weights<T>: Zeroable + Send + Sync + 'static {
    /// How many numbers the optimiser trains, padding included.
    const LEN: usize;
    /// How many numbers can be trained.
    const PARAMS: usize;
    /// How many numbers there are besides, which are not trained: see [`Frozen`].
    const FROZEN: usize = 0;
    /// The tensors, in the order of the fields.
    const ENTRIES: &'static [Entry];
    /// Shows every tensor to the visitor, in the order of the fields.
    fn visit(&self, visitor: &mut dyn Visitor<T>);
    /// Lends every tensor to the visitor, in the order of the fields.
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut<T>);
}

/// What weights consist of, as the compiler knows it.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// A tensor. One with a dimension of 0 is not there.
    Tensor {
        /// The name of the field.
        name: &'static str,
        /// The dimensions.
        dims: &'static [usize],
    },
    /// The weights of a layer.
    Layer {
        /// The name of the field.
        name: &'static str,
        /// The layer's own.
        entries: &'static [Entry],
    },
}

impl Entry {
    /// How many tensors there are, those inside of layers included: as many as a [`Visitor`] sees.
    pub(crate) const fn tensors(entries: &[Entry]) -> usize {
        let (mut count, mut i) = (0, 0);
        while i < entries.len() {
            count += match entries[i] {
                Entry::Tensor { dims, .. } => (product(dims) > 0) as usize,
                Entry::Layer { entries, .. } => Entry::tensors(entries),
            };
            i += 1;
        }
        count
    }
}

const fn product(dims: &[usize]) -> usize {
    let (mut product, mut i) = (1, 0);
    while i < dims.len() {
        product *= dims[i];
        i += 1;
    }
    product
}

/// Looks at the tensors of a network one after another.
pub trait Visitor<T> {
    /// What follows belongs to the layer of this name.
    fn enter(&mut self, _layer: &'static str) {}
    /// A tensor: its name, its dimensions, and its numbers with their padding.
    fn tensor(&mut self, name: &'static str, dims: &[usize], data: &[T]);
    /// The same of a tensor that is not trained.
    fn frozen(&mut self, name: &'static str, dims: &[usize], data: &[T]) {
        self.tensor(name, dims, data);
    }
    /// The layer ends.
    fn leave(&mut self) {}
}

/// Changes the tensors of a network one after another.
pub trait VisitorMut<T> {
    /// What follows belongs to the layer of this name.
    fn enter(&mut self, _layer: &'static str) {}
    /// A tensor: its name, its dimensions, and its numbers with their padding, which must stay zero.
    fn tensor(&mut self, name: &'static str, dims: &[usize], data: &mut [T]);
    /// The same of a tensor that is not trained.
    fn frozen(&mut self, name: &'static str, dims: &[usize], data: &mut [T]) {
        self.tensor(name, dims, data);
    }
    /// The layer ends.
    fn leave(&mut self) {}
}

/// The weights of a layer that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NoWeights;

impl<T> Weights<T> for NoWeights {
    const LEN: usize = 0;
    const PARAMS: usize = 0;
    const ENTRIES: &'static [Entry] = &[];
    fn visit(&self, _: &mut dyn Visitor<T>) {}
    fn visit_mut(&mut self, _: &mut dyn VisitorMut<T>) {}
}

/// An array of numbers that is part of a layer's weights.
pub trait Tensor<T>: Zeroable + Send + Sync + 'static {
    /// How many numbers the optimiser trains, padding included: all, or none.
    const LEN: usize;
    /// How many numbers can be trained.
    const PARAMS: usize;
    /// How many numbers there are that are not trained.
    const FROZEN: usize = 0;
    /// The dimensions.
    const DIMS: &'static [usize];
    /// The numbers, row after row, each row padded with zeros.
    fn as_slice(&self) -> &[T];
    /// The same, to be changed; the padding must stay zero.
    fn as_mut_slice(&mut self) -> &mut [T];
}

/// A tensor that is a layer's own business: it is saved, shown and set with the weights, but no
/// optimiser changes it, and no gradient leads to it. A layer changes it in its update, by
/// [`Update::frozen`](super::Update::frozen), or it is set from outside.
#[repr(transparent)]
pub struct Frozen<W>(pub W);

impl<T: Element, W: Tensor<T>> Tensor<T> for Frozen<W> {
    const LEN: usize = 0;
    const PARAMS: usize = 0;
    const FROZEN: usize = W::PARAMS;
    const DIMS: &'static [usize] = W::DIMS;

    #[inline(always)]
    fn as_slice(&self) -> &[T] {
        self.0.as_slice()
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [T] {
        self.0.as_mut_slice()
    }
}

impl<W> core::ops::Deref for Frozen<W> {
    type Target = W;
    fn deref(&self) -> &W {
        &self.0
    }
}

impl<W> core::ops::DerefMut for Frozen<W> {
    fn deref_mut(&mut self) -> &mut W {
        &mut self.0
    }
}

impl<W: fmt::Debug> fmt::Debug for Frozen<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// N numbers: a bias, for example.
#[repr(C, align(64))]
pub struct Vector<T, N: Dim>(GenericArray<T, N::Padded>);

/// K rows of N numbers: the kernel of a dense layer, `[inputs][outputs]` as in Keras.
#[repr(C, align(64))]
pub struct Matrix<T, K: Dim, N: Dim>(GenericArray<GenericArray<T, N::Padded>, K>);

impl<T: Element, N: Dim> Tensor<T> for Vector<T, N> {
    const LEN: usize = if N::USIZE == 0 { 0 } else { padded(N::USIZE) };
    const PARAMS: usize = N::USIZE;
    const DIMS: &'static [usize] = &[N::USIZE];

    #[inline(always)]
    fn as_slice(&self) -> &[T] {
        &self.0.as_slice()[..Self::LEN]
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.0.as_mut_slice()[..Self::LEN]
    }
}

impl<T: Element, K: Dim, N: Dim> Tensor<T> for Matrix<T, K, N> {
    const LEN: usize = K::USIZE * padded(N::USIZE);
    const PARAMS: usize = K::USIZE * N::USIZE;
    const DIMS: &'static [usize] = &[K::USIZE, N::USIZE];

    #[inline(always)]
    fn as_slice(&self) -> &[T] {
        crate::cast::flat(&self.0)
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [T] {
        crate::cast::flat_mut(&mut self.0)
    }
}

/// The kernel of a convolution, `[height][width][channels][filters]` as in Keras: for each channel of
/// each tap, `Taps` being `[height, width, channels]`, a row of N numbers.
#[repr(transparent)]
pub struct Kernel<T, Taps: Shape, N: Dim>(Matrix<T, Taps::Size, N>);

impl<T: Element, Taps: Shape, N: Dim> Kernel<T, Taps, N> {
    /// All dimensions, those of the taps first, and how many they are.
    const ALL: ([usize; 5], usize) = {
        let (mut all, mut i) = ([N::USIZE; 5], 0);
        while i < Taps::DIMS.len() {
            all[i] = Taps::DIMS[i];
            i += 1;
        }
        (all, i + 1)
    };
}

impl<T: Element, Taps: Shape, N: Dim> Tensor<T> for Kernel<T, Taps, N> {
    const LEN: usize = Matrix::<T, Taps::Size, N>::LEN;
    const PARAMS: usize = Matrix::<T, Taps::Size, N>::PARAMS;
    const DIMS: &'static [usize] = Self::ALL.0.split_at(Self::ALL.1).0;

    #[inline(always)]
    fn as_slice(&self) -> &[T] {
        self.0.as_slice()
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [T] {
        self.0.as_mut_slice()
    }
}

impl<T: Element, Taps: Shape, N: Dim> core::ops::Index<[usize; 4]> for Kernel<T, Taps, N> {
    type Output = T;
    fn index(&self, [y, x, channel, filter]: [usize; 4]) -> &T {
        &self.0[[row::<Taps>(y, x, channel), filter]]
    }
}

impl<T: Element, Taps: Shape, N: Dim> core::ops::IndexMut<[usize; 4]> for Kernel<T, Taps, N> {
    fn index_mut(&mut self, [y, x, channel, filter]: [usize; 4]) -> &mut T {
        &mut self.0[[row::<Taps>(y, x, channel), filter]]
    }
}

/// The row of a channel of a tap.
fn row<Taps: Shape>(y: usize, x: usize, channel: usize) -> usize {
    let (width, channels) = (Taps::Height::USIZE, Taps::Width::USIZE);
    assert!(x < width && channel < channels, "there is no such weight");
    (y * width + x) * channels + channel
}

impl<T: Element, Taps: Shape, N: Dim> fmt::Debug for Kernel<T, Taps, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Element, K: Dim, N: Dim> Matrix<T, K, N> {
    /// Row k: the weights from input k to every output.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, k: usize) -> &[T] {
        &self.0[k].as_slice()[..N::USIZE]
    }
}

impl<T: Element, N: Dim> core::ops::Deref for Vector<T, N> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0.as_slice()[..N::USIZE]
    }
}

impl<T: Element, N: Dim> core::ops::DerefMut for Vector<T, N> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0.as_mut_slice()[..N::USIZE]
    }
}

impl<T: Element, K: Dim, N: Dim> core::ops::Index<[usize; 2]> for Matrix<T, K, N> {
    type Output = T;
    fn index(&self, [k, n]: [usize; 2]) -> &T {
        &self.row(k)[n]
    }
}

impl<T: Element, K: Dim, N: Dim> core::ops::IndexMut<[usize; 2]> for Matrix<T, K, N> {
    fn index_mut(&mut self, [k, n]: [usize; 2]) -> &mut T {
        &mut self.0[k].as_mut_slice()[..N::USIZE][n]
    }
}

impl<T: Element, N: Dim> fmt::Debug for Vector<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Element, K: Dim, N: Dim> fmt::Debug for Matrix<T, K, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries((0..K::USIZE).map(|k| self.row(k)))
            .finish()
    }
}
