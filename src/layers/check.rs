//! The checks of arguments that several layers have.

use crate::activations::{Activation, ActivationArgument};
use crate::initializers::InitializerArgument;
use crate::layer::{Argument, Kind};
use crate::shape::{Check, Fact, Padding, PaddingArgument, Zeros};
use typenum::Unsigned;

/// `filters` and `kernel_size` must be there. The fact is an example of both.
pub const fn filters<N: Argument, K: Argument>(example: &'static [Fact<'static>; 1]) -> Check {
    Check::that(
        !matches!(N::KIND, Kind::Missing) && !matches!(K::KIND, Kind::Missing),
        "{layer} needs its number of filters and the size of its kernel, as in `{0}`",
        example,
    )
    .and(Check::that(
        matches!(N::KIND, Kind::Int) && N::Number::USIZE > 0,
        "the filters of {layer} must be a whole number from 1 on, as in `{0}`",
        example,
    ))
}

/// An argument, whose name is the fact, must be a whole number.
pub const fn whole<A: Argument>(name: &'static [Fact<'static>; 1]) -> Check {
    Check::that(
        matches!(A::KIND, Kind::Int) && A::Number::USIZE > 0,
        "the argument `{0}` of {layer} must be a whole number from 1 on",
        name,
    )
}

/// Whether an argument is one whole number, or one for each of two dimensions.
pub const fn is_pair<A: Argument>() -> bool {
    A::PAIR && A::First::USIZE * A::Second::USIZE > 0
}

/// The kernel of an image.
pub const fn kernel_size<K: Argument>() -> Check {
    Check::that(
        is_pair::<K>(),
        "the argument `kernel_size` of {layer} must be `3` or `[3, 5]`, from 1 on",
        &[],
    )
}

/// The strides over an image.
pub const fn strides<S: Argument>() -> Check {
    Check::that(
        is_pair::<S>(),
        "the argument `strides` of {layer} must be `2` or `[2, 1]`, from 1 on (an activation is \
         `activation = relu`)",
        &[],
    )
}

/// The dilation over an image.
pub const fn dilation_rate<D: Argument>() -> Check {
    Check::that(
        is_pair::<D>(),
        "the argument `dilation_rate` of {layer} must be `2` or `[2, 1]`, from 1 on",
        &[],
    )
}

/// The padding of an image.
pub const fn padding<P: PaddingArgument>() -> Check {
    Check::that(
        P::OK && !matches!(P::Padding::ZEROS, Zeros::Before),
        "the argument `padding` of {layer} must be `valid` or `same`",
        &[],
    )
}

/// The activation of a layer of images or signals.
pub const fn activation<Act: ActivationArgument>() -> Check {
    Check::that(
        Act::OK,
        "the argument `activation` of {layer} must be an activation, such as `relu`",
        &[],
    )
    .and(Check::that(
        !Act::Activation::NORMALIZES,
        "{layer} can not end in softmax: put `Flatten` and a `Dense` layer behind it",
        &[],
    ))
}

/// Whether there is a bias.
pub const fn use_bias<B: Argument>() -> Check {
    Check::that(
        matches!(B::KIND, Kind::Bool),
        "the argument `use_bias` of {layer} must be `true` or `false`",
        &[],
    )
}

/// An initialiser; the fact is the argument's name.
pub const fn initializer<I: InitializerArgument>(name: &'static [Fact<'static>; 1]) -> Check {
    Check::that(
        I::OK,
        "the argument `{0}` of {layer} must be an initialiser, such as `he_normal`",
        name,
    )
}

/// Whether an argument is a number.
pub const fn is_number<X: Argument>() -> bool {
    matches!(X::KIND, Kind::Float | Kind::Int)
}

/// `rate` is a number from 0 to below 1; if it is none, `missing` says so.
pub const fn rate<Rate: Argument>(missing: &'static str) -> Check {
    Check::that(is_number::<Rate>(), missing, &[]).and(Check::that(
        Rate::VALUE >= 0.0 && Rate::VALUE < 1.0,
        "the rate of {layer} must be at least 0 and below 1",
        &[],
    ))
}

/// `epsilon` is a number above 0.
pub const fn epsilon<Epsilon: Argument>() -> Check {
    Check::that(
        is_number::<Epsilon>() && Epsilon::VALUE > 0.0 && Epsilon::VALUE < f64::INFINITY,
        "the argument `epsilon` of {layer} must be a number above 0, such as `0.001`",
        &[],
    )
}

/// `center` and `scale` are `true` or `false`, and beta and gamma have initialisers.
pub const fn center_and_scale<Center, Scale, BetaInit, GammaInit>() -> Check
where
    Center: Argument,
    Scale: Argument,
    BetaInit: InitializerArgument,
    GammaInit: InitializerArgument,
{
    Check::that(
        matches!(Center::KIND, Kind::Bool),
        "the argument `center` of {layer} must be `true` or `false`",
        &[],
    )
    .and(Check::that(
        matches!(Scale::KIND, Kind::Bool),
        "the argument `scale` of {layer} must be `true` or `false`",
        &[],
    ))
    .and(Check::that(
        BetaInit::OK,
        "the argument `beta_initializer` of {layer} must be an initialiser, such as `zeros`",
        &[],
    ))
    .and(Check::that(
        GammaInit::OK,
        "the argument `gamma_initializer` of {layer} must be an initialiser, such as `ones`",
        &[],
    ))
}

/// What is asked of the tensors of a layer, by its arguments: for each tensor, its name, what the names of
/// its two arguments begin with, its dimensions, and the two.
macro_rules! policies {
    ($($tensor:ident, $argument:ident, $dims:expr, $regularizer:ty, $constraint:ty;)*) => {
        $crate::layer::Policies::Tensors(
            const {
                &[$($crate::layer::TensorPolicy::new::<$regularizer, $constraint>(
                    stringify!($tensor),
                    const { $dims },
                    &[$crate::shape::Fact::Word(stringify!($argument))],
                )),*]
            },
        )
    };
}
pub(super) use policies;
