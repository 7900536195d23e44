//! Checks of arguments that several layers have.

use crate::initializers::InitializerArgument;
use crate::layer::{Argument, Kind};
use crate::shape::Check;

/// Whether an argument is a number.
pub const fn is_number<X: Argument>() -> bool {
    matches!(X::KIND, Kind::Float | Kind::Int)
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
