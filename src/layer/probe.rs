//! What a type is, asked without the compiler's complaint when it is not.
//!
//! An associated constant of a type is looked up among its own first, where bounds must hold, and
//! among those of traits in scope second. So `Probe<X>::IS_ACTIVATION` is `true` where `X` is an
//! activation, and the `false` of [`Not`] elsewhere: a wrong word in a list of layers becomes a
//! sentence about this word, and not a page about trait bounds.

use super::{Layer, PolicyWord, Word};
use crate::activations::Activation;
use crate::initializers::Initializer;
use crate::kernels::Element;
use crate::shape::{Check, D1, Interpolation, Padding, Shape};
use core::marker::PhantomData;
use typenum::U1;

/// The answer where nothing better is known.
pub trait Not {
    /// Not an activation.
    const IS_ACTIVATION: bool = false;
    /// Not an initialiser.
    const IS_INITIALIZER: bool = false;
    /// Not a padding.
    const IS_PADDING: bool = false;
    /// Not an interpolation.
    const IS_INTERPOLATION: bool = false;
    /// Neither a regulariser nor a constraint.
    const IS_POLICY: bool = false;
    /// A word that asks nothing of its arguments, if it takes any.
    const ARGUMENTS: Check = Check::OK;
    /// Not a layer.
    const IS_LAYER: bool = false;
    /// Not a layer that shows its list of layers one item after another.
    const OVER_ITEMS: bool = false;
}

/// Asks about a word, or, with the shape of its input and the type of its numbers, about a layer.
pub struct Probe<X, In = (), T = f32>(PhantomData<(X, In, T)>);

impl<X, In, T> Not for Probe<X, In, T> {}

impl<X: Activation> Probe<X> {
    /// An activation.
    pub const IS_ACTIVATION: bool = true;
}

impl<X: Initializer> Probe<X> {
    /// An initialiser.
    pub const IS_INITIALIZER: bool = true;
}

impl<X: Padding> Probe<X> {
    /// A padding.
    pub const IS_PADDING: bool = true;
}

impl<X: Interpolation> Probe<X> {
    /// An interpolation.
    pub const IS_INTERPOLATION: bool = true;
}

impl<X: PolicyWord> Probe<X> {
    /// A regulariser or a constraint.
    pub const IS_POLICY: bool = true;
}

impl<X: Word> Probe<X> {
    /// What the word asks of its arguments.
    pub const ARGUMENTS: Check = X::CHECK;
}

impl<X: Layer<T, In>, In: Shape, T: Element> Probe<X, In, T> {
    /// A layer for this input and these numbers.
    pub const IS_LAYER: bool = true;
}

impl<X: OverItems> Probe<X> {
    /// A layer that shows its list of layers one item after another.
    pub const OVER_ITEMS: bool = true;
}

/// A layer whose argument is a list of layers that gets the items of its input, as in
/// [`TimeDistributed`](crate::layers::TimeDistributed), and not all of it.
pub trait OverItems {}

/// The input that a layer is asked about. It must take every one, and asking about the real one would
/// have the compiler work out the shapes of all layers before it once more.
pub type AnyInput = D1<U1>;

// The trait `Not` is used, or not, as the word or the layer has a constant of its own: hence the
// allowances for imports in the macros.

/// A word as an argument, with the roles it can play: adding one takes a line here, in [`Probe`] and
/// in [`Name`](super::Name).
#[doc(hidden)]
#[macro_export]
macro_rules! word {
    ($word:ty) => {
        ::plywood::layer::Name<
            $word,
            ::plywood::layer::Is<{
                #[allow(unused_imports)]
                use ::plywood::layer::Not as _;
                ::plywood::layer::Probe::<$word>::IS_ACTIVATION
            }>,
            ::plywood::layer::Is<{
                #[allow(unused_imports)]
                use ::plywood::layer::Not as _;
                ::plywood::layer::Probe::<$word>::IS_INITIALIZER
            }>,
            ::plywood::layer::Is<{
                #[allow(unused_imports)]
                use ::plywood::layer::Not as _;
                ::plywood::layer::Probe::<$word>::IS_PADDING
            }>,
            ::plywood::layer::Is<{
                #[allow(unused_imports)]
                use ::plywood::layer::Not as _;
                ::plywood::layer::Probe::<$word>::IS_INTERPOLATION
            }>,
            ::plywood::layer::Is<{
                #[allow(unused_imports)]
                use ::plywood::layer::Not as _;
                ::plywood::layer::Probe::<$word>::IS_POLICY
            }>,
        >
    };
}

/// The layer, or a placeholder for what is not one for each of some types of numbers.
#[doc(hidden)]
#[macro_export]
macro_rules! layer_or_broken {
    ($layer:ty; $($element:ty, $concrete:ty);*) => {
        <$layer as ::plywood::__private::Or<{
            #[allow(unused_imports)]
            use ::plywood::layer::Not as _;
            $(::plywood::layer::Probe::<$concrete, ::plywood::layer::AnyInput, $element>::IS_LAYER)&&*
        }>>::Layer
    };
}

/// Whether a layer, written for some type of numbers, shows its list of layers one item after another.
#[doc(hidden)]
#[macro_export]
macro_rules! over_items {
    ($layer:ty) => {{
        #[allow(unused_imports)]
        use ::plywood::layer::Not as _;
        ::plywood::layer::Probe::<$layer>::OVER_ITEMS
    }};
}
