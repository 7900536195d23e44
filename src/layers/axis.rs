//! The argument `axis` of normalisations.
//!
//! Axes are those of Keras: 0 is the batch, so those of a sample are counted from 1 on, and -1 is the last
//! one. Of an image Keras' last axis is that of the channels, which are first in arrays here. So no other
//! axis of an image has a number of its own here, and none is taken for one that it is not in Keras.

use super::features::features;
use crate::layer::{Argument, Bool, Float, Int, Kind, List, Missing, Name, Network};
use crate::shape::{Check, D1, D2, D3, D4, Dim, Fact, Shape};
use typenum::{Min, Minimum, U0, U1, U2, U3, U4, U5, Unsigned};

/// Whether `axis = -1` is given.
const fn is_last(bits: u64) -> bool {
    f64::from_bits(bits) == -1.0
}

/// Whether so many dimensions are those of an image.
const fn is_image(dims: &[usize]) -> bool {
    dims.len() == 3
}

/// Whether the dimension of this number is the last one, and no image's.
const fn is_number_of_last(axis: usize, dims: &[usize]) -> bool {
    axis == dims.len() && !is_image(dims)
}

/// Whether a list holds the numbers of all dimensions, in order.
const fn are_all(axes: &[usize], dims: &[usize]) -> bool {
    let mut i = 0;
    while i < axes.len() && axes[i] == i + 1 {
        i += 1;
    }
    i == axes.len() && i == dims.len()
}

/// The numbers of all dimensions.
const fn all(dims: &[usize]) -> &'static [usize] {
    match dims.len() {
        1 => &[1],
        2 => &[1, 2],
        3 => &[1, 2, 3],
        _ => &[1, 2, 3, 4],
    }
}

/// The dimensions of a sample as Keras has them: those of an image are height, width, channels.
pub const fn dims_in_keras<In: Shape>() -> &'static [usize] {
    match In::DIMS.len() {
        3 => const { &[In::Height::USIZE, In::Width::USIZE, In::Channels::USIZE] },
        _ => In::DIMS,
    }
}

/// An argument that says which axes are normalised together: the last one, or all.
pub trait Together<In: Shape>: Argument {
    /// How many numbers they have together.
    type Features: Dim;
    /// Whether the argument says so.
    const OK: bool = false;
    /// How many axes these are.
    const COUNT: usize = 1;
    /// Their dimensions in Keras.
    const DIMS: &'static [usize] = const { &[features::<In>()] };
    /// What is asked of the argument.
    const CHECK: Check = Check::that(
        Self::OK,
        "the argument `axis` of {layer} must be -1, the last axis (the channels of an image), or all axes \
         {0}, where {from} gives {input}",
        const { &[Fact::Shape(all(In::DIMS))] },
    )
    .and(Check::that(
        Self::Features::USIZE != 1,
        "{layer} normalises the features of each place, but {from} gives {input}, which has one feature",
        &[],
    ));
}

impl<In: Shape, const BITS: u64> Together<In> for Float<BITS> {
    type Features = In::Features;
    const OK: bool = is_last(BITS);
}
impl<In: Shape, N: Dim> Together<In> for Int<N> {
    type Features = In::Features;
    const OK: bool = is_number_of_last(N::USIZE, In::DIMS);
}
impl<In: Shape, N: Dim> Together<In> for List<D1<N>> {
    type Features = In::Features;
    const OK: bool = is_number_of_last(N::USIZE, In::DIMS);
}

/// Lists of several axes.
macro_rules! several {
    ($($shape:ident<$($n:ident),*>;)*) => { $(
        impl<In: Shape, $($n: Dim),*> Together<In> for List<$shape<$($n),*>>
        where
            $shape<$($n),*>: Shape,
        {
            type Features = In::Size;
            const OK: bool = are_all(<$shape<$($n),*>>::DIMS, In::DIMS);
            const COUNT: usize = In::DIMS.len();
            const DIMS: &'static [usize] = dims_in_keras::<In>();
        }
    )* };
}
several! {
    D2<A, B>;
    D3<A, B, C>;
    D4<A, B, C, D>;
}

/// The dimensions of a shape as types; 1 if there are not as many.
pub trait Dimensions: Shape {
    /// The first.
    type First: Dim;
    /// The second.
    type Second: Dim;
    /// The third.
    type Third: Dim;
    /// The fourth.
    type Fourth: Dim;
}

macro_rules! dimensions {
    ($($shape:ident<$($n:ident),*>: $first:ident $second:ident $third:ident $fourth:ident;)*) => { $(
        impl<$($n: Dim),*> Dimensions for $shape<$($n),*>
        where
            Self: Shape,
        {
            type First = $first;
            type Second = $second;
            type Third = $third;
            type Fourth = $fourth;
        }
    )* };
}
dimensions! {
    D1<A>: A U1 U1 U1;
    D2<A, B>: A B U1 U1;
    D3<A, B, C>: A B C U1;
    D4<A, B, C, D>: A B C D;
}

/// The number of a dimension, as the type of this dimension.
pub trait Number<In> {
    /// The dimension.
    type Of: Dim;
}

macro_rules! numbers {
    ($($number:ident: $of:ident;)*) => { $(
        impl<In: Dimensions> Number<In> for $number {
            type Of = In::$of;
        }
    )* };
}
numbers! {
    U0: First;
    U1: First;
    U2: Second;
    U3: Third;
    U4: Fourth;
    U5: Fourth;
}

/// An argument that says which axis holds the features.
pub trait FeatureAxis<In: Shape>: Argument {
    /// How many features there are.
    type Features: Dim;
    /// Whether it is -1 or the number of an axis.
    const OK: bool = false;
    /// The number of the axis, if it is given by that.
    const NUMBER: Option<usize> = None;
    /// How many numbers of a feature lie side by side.
    const BESIDE: usize = 1;
    /// What is asked of the argument.
    const CHECK: Check = Check::that(
        Self::OK,
        "the argument `axis` of {layer} must be -1, the last axis (the channels of an image), or the \
         number of one, from 1 on",
        &[],
    )
    .and(Check::that(
        !matches!(Self::KIND, Kind::Int) || !is_image(In::DIMS),
        "the argument `axis` of {layer} must be -1, the channels, where {from} gives an image {input}",
        &[],
    ))
    .and(Check::that(
        match Self::NUMBER {
            Some(axis) => axis <= In::DIMS.len(),
            None => true,
        },
        "{layer} can not take axis {0}, where {from} gives {input}, whose axes are {1}",
        const {
            let axis = match Self::NUMBER {
                Some(axis) => axis,
                None => 0,
            };
            &[Fact::Number(axis), Fact::Shape(all(In::DIMS))]
        },
    ));
}

impl<In: Shape, const BITS: u64> FeatureAxis<In> for Float<BITS> {
    type Features = In::Features;
    const OK: bool = is_last(BITS);
}
impl<In: Shape, N: Dim> FeatureAxis<In> for Int<N>
where
    N: Min<U5, Output: Number<In>>,
{
    type Features = <Minimum<N, U5> as Number<In>>::Of;
    const OK: bool = N::USIZE > 0;
    const NUMBER: Option<usize> = Some(N::USIZE);
    const BESIDE: usize = {
        let (mut beside, mut i) = (1, N::USIZE);
        while i < In::DIMS.len() {
            beside *= In::DIMS[i];
            i += 1;
        }
        beside
    };
}
impl<In: Shape, S: Shape> FeatureAxis<In> for List<S> {
    type Features = In::Features;
}

/// Arguments that name no axes.
macro_rules! neither {
    ($($argument:ty, [$($generics:tt)*];)*) => { $(
        impl<In: Shape, $($generics)*> Together<In> for $argument
        where
            Self: Argument,
        {
            type Features = In::Features;
        }
        impl<In: Shape, $($generics)*> FeatureAxis<In> for $argument
        where
            Self: Argument,
        {
            type Features = In::Features;
        }
    )* };
}
neither! {
    Bool<B>, [const B: bool];
    Missing, [];
    Network<L>, [L: 'static];
    Name<X, A, B, C, D, E>, [
        X: 'static, A: 'static, B: 'static, C: 'static, D: 'static, E: 'static
    ];
}
