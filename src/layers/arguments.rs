//! Checks of arguments that several layers have.

use super::features::features;
use crate::initializers::InitializerArgument;
use crate::layer::{Argument, Kind};
use crate::shape::{Check, Shape};

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

/// Each place has several features to normalise.
pub const fn several_features<In: Shape>() -> Check {
    Check::that(
        features::<In>() != 1,
        "{layer} normalises the features of each place, but {from} gives {input}, which has one feature",
        &[],
    )
}
