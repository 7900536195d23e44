//! The activations that take each number by itself.

use super::Activation;
use crate::error::Result;
use crate::kernels::Element;
use crate::layer::{Argument, Arguments, Bool, Float, Kind, Word};
use crate::onnx::{Attribute, Graph};
use crate::rows::{Rows, RowsMut};
use crate::shape::Check;
use crate::simd::Isa;
use core::any::type_name;
use core::hint::black_box;
use core::marker::PhantomData;

/// An activation that takes each number by itself. All that one of your own must say:
///
/// ```
/// use plywood::activations::Pointwise;
/// use plywood::prelude::*;
///
/// /// f(z) = z^2, `Dense(8, square)` in a model.
/// pub struct Square;
/// impl Pointwise for Square {
///     fn apply<T: Element, I: Isa>(_: I, z: T) -> T {
///         z * z
///     }
///     const NEEDS_INPUT: bool = true;
///     fn derivative<T: Element, I: Isa>(_: I, z: T) -> T {
///         z + z
///     }
/// }
/// sequential! {
///     struct Net: [3] => [2] { Dense(8, square), Dense(2) }
/// }
/// ```
pub trait Pointwise: 'static {
    /// f(z).
    fn apply<T: Element, I: Isa>(isa: I, z: T) -> T;
    /// Whether [`derivative`](Self::derivative) takes z, and not y = f(z).
    const NEEDS_INPUT: bool;
    /// f'(z), from z or from y. Any of the two where they differ.
    fn derivative<T: Element, I: Isa>(isa: I, seen: T) -> T;
    /// Whether f(z) = z.
    const IDENTITY: bool = false;
    /// Whether f' is 0 wherever f is.
    const DEAD_AT_ZERO: bool = false;
    /// Whether it is [`Relu`].
    #[doc(hidden)]
    const RECTIFIES: bool = false;
    /// From z, the graph's current value, to f(z), as nodes of ONNX; see [`onnx`](crate::onnx).
    ///
    /// # Errors
    /// If it has no form in ONNX.
    fn onnx(graph: &mut Graph) -> Result<()> {
        Err(graph.no_form(Some(type_name::<Self>()), "Pointwise::onnx"))
    }
}

/// Replaces all numbers by f of them. (A type and no closure, which is not always compiled for the
/// instructions of the function around it.)
#[inline(always)]
pub(super) fn each<A: Pointwise, T: Element, I: Isa>(isa: I, z: &mut RowsMut<T>) {
    let z = z.padded_data();
    if z.len() < 4 {
        for z in z {
            *z = A::apply(isa, *z);
        }
        return;
    }
    // The padding goes along: nothing reads it, and whole registers are faster than tails. The
    // compiler must not know how short a row is: it would unroll the loop, and a polynomial that
    // is unrolled is no longer turned into vector code.
    let len = black_box(z.len());
    for z in &mut z[..len] {
        *z = A::apply(isa, *z);
    }
}

impl<A: Pointwise> Activation for A {
    const DEAD_AT_ZERO: bool = <A as Pointwise>::DEAD_AT_ZERO;
    const RECTIFIES: bool = <A as Pointwise>::RECTIFIES;
    const NEEDS_INPUT: bool = <A as Pointwise>::NEEDS_INPUT;
    const IDENTITY: bool = <A as Pointwise>::IDENTITY;

    #[inline(always)]
    fn forward<T: Element, I: Isa>(isa: I, mut z: RowsMut<T>) {
        if <A as Pointwise>::IDENTITY {
            return;
        }
        each::<A, T, I>(isa, &mut z);
    }

    #[inline(always)]
    fn backward<T: Element, I: Isa>(isa: I, seen: Rows<T>, mut dy: RowsMut<T>) {
        if <A as Pointwise>::IDENTITY {
            return;
        }
        for (seen, dy) in seen.iter().zip(dy.iter_mut()) {
            for (&seen, dy) in seen.iter().zip(dy) {
                *dy *= A::derivative(isa, seen);
            }
        }
    }

    fn onnx(graph: &mut Graph) -> Result<()> {
        <A as Pointwise>::onnx(graph)
    }
}

/// The struct that an activation is. (Each form in a line of its own: the compiler shows it to those who
/// misspell its name.)
macro_rules! activation {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Arguments, Clone, Copy, Debug)]
        pub struct $name;
    };
    ($(#[$doc:meta])* $name:ident $argument:ident $default:ty) => {
        $(#[$doc])*
        #[derive(Arguments, Clone, Copy, Debug)]
        pub struct $name<$argument = $default>(PhantomData<$argument>);
    };
}

macro_rules! pointwise {
    ($($(#[$doc:meta])* $name:ident $(<$argument:ident = $default:ty, if $fits:expr, $sentence:literal>)? {
        $isa:ident, $z:ident => $apply:expr;
        from $seen:ident: $needs:literal => $derivative:expr
        $(; dead at zero: $dead:literal; rectifies: $rectifies:literal)?;
        onnx $graph:ident => $onnx:expr
    })*) => { $(
        activation! { $(#[$doc])* $name $($argument $default)? }

        $(impl<$argument: Argument> Word for $name<$argument> {
            const CHECK: Check = Check::that($fits, $sentence, &[]);
        })?

        impl $(<$argument: Argument>)? Pointwise for $name $(<$argument>)? {
            const NEEDS_INPUT: bool = $needs;
            $(
                const DEAD_AT_ZERO: bool = $dead;
                const RECTIFIES: bool = $rectifies;
            )?
            #[inline(always)]
            fn apply<T: Element, I: Isa>($isa: I, $z: T) -> T {
                $apply
            }
            #[inline(always)]
            fn derivative<T: Element, I: Isa>($isa: I, $seen: T) -> T {
                $derivative
            }
            fn onnx($graph: &mut Graph) -> Result<()> {
                $onnx;
                Ok(())
            }
        }
    )* };
}

/// `linear`: f(z) = z.
#[derive(Arguments, Clone, Copy, Debug)]
pub struct Linear;

impl Pointwise for Linear {
    const NEEDS_INPUT: bool = false;
    const IDENTITY: bool = true;
    #[inline(always)]
    fn apply<T: Element, I: Isa>(_: I, z: T) -> T {
        z
    }
    #[inline(always)]
    fn derivative<T: Element, I: Isa>(_: I, _: T) -> T {
        T::one()
    }
    fn onnx(_: &mut Graph) -> Result<()> {
        Ok(())
    }
}

/// The two constants of `selu` (Klambauer et al., 2017), which keep mean 0 and variance 1.
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SQRT_HALF: f64 = core::f64::consts::FRAC_1_SQRT_2;
/// 1 / sqrt(2 pi): the density of the normal distribution at 0.
const DENSITY: f64 = 0.398_942_280_401_432_7;
/// The two constants of the approximate `gelu`: sqrt(2 / pi), and the share of the cube.
const U_SCALE: f64 = 2.0 * DENSITY;
const U_CUBE: f64 = 0.044715;

/// `2 U_SCALE (z + U_CUBE z^3)`.
#[inline(always)]
fn twice_u<T: Element>(z: T) -> T {
    T::of(2.0 * U_SCALE) * z * (T::one() + T::of(U_CUBE) * z * z)
}

/// Whether an argument is a number above 0.
const fn is_positive<A: Argument>() -> bool {
    matches!(A::KIND, Kind::Float | Kind::Int) && A::VALUE > 0.0 && A::VALUE < f64::INFINITY
}

pointwise! {
    /// `relu`: f(z) = max(z, 0). NaN stays NaN.
    Relu {
        _isa, z => {
            // Without the sum the compiler would see that most numbers stay, and write only the
            // others: a store with a mask, which the next layer's reads have to wait for.
            let z = z + T::zero();
            if z < T::zero() { T::zero() } else { z }
        };
        from y: false => if y > T::zero() { T::one() } else { T::zero() };
        dead at zero: true; rectifies: true;
        onnx graph => graph.apply("Relu", &[], &[])
    }
    /// `leaky_relu`: f(z) = z for z >= 0, `negative_slope` z below.
    LeakyRelu<
        NegativeSlope = Float<{ 0.2_f64.to_bits() }>,
        // (With 0, the sign of z could not be told from y.)
        if is_positive::<NegativeSlope>(),
        "the argument `negative_slope` of {layer} must be a number above 0, such as `0.2`"
    > {
        _isa, z => if z >= T::zero() { z } else { T::of(NegativeSlope::VALUE) * z };
        from y: false => if y >= T::zero() { T::one() } else { T::of(NegativeSlope::VALUE) };
        onnx graph => {
            let slope = Attribute::Float(NegativeSlope::VALUE as f32);
            graph.apply("LeakyRelu", &[], &[("alpha", slope)])
        }
    }
    /// `elu`: f(z) = z for z > 0, `alpha` (e^z - 1) below.
    Elu<
        Alpha = Float<{ 1.0_f64.to_bits() }>,
        if is_positive::<Alpha>(),
        "the argument `alpha` of {layer} must be a number above 0, such as `1.0`"
    > {
        isa, z => {
            let below = T::exp_m1(isa, if z > T::zero() { T::zero() } else { z });
            if z > T::zero() { z } else { T::of(Alpha::VALUE) * below }
        };
        from y: false => {
            let _ = isa;
            if y > T::zero() { T::one() } else { y + T::of(Alpha::VALUE) }
        };
        onnx graph => {
            let alpha = Attribute::Float(Alpha::VALUE as f32);
            graph.apply("Elu", &[], &[("alpha", alpha)])
        }
    }
    /// `selu`: f(z) = 1.0507 z for z > 0, 1.0507 * 1.67326 (e^z - 1) below.
    Selu {
        isa, z => {
            let below = T::exp_m1(isa, if z > T::zero() { T::zero() } else { z });
            T::of(SELU_SCALE) * if z > T::zero() { z } else { T::of(SELU_ALPHA) * below }
        };
        from y: false => {
            let _ = isa;
            if y > T::zero() { T::of(SELU_SCALE) } else { y + T::of(SELU_SCALE * SELU_ALPHA) }
        };
        onnx graph => graph.apply("Selu", &[], &[])
    }
    /// `gelu`: f(z) = z Φ(z), Φ being the distribution function of the standard normal. With
    /// `approximate = true`, z σ(2u) = z (1 + tanh u) / 2, u being √(2/π) (z + 0.044715 z³).
    Gelu<
        Approximate = Bool<false>,
        if matches!(Approximate::KIND, Kind::Bool),
        "the argument `approximate` of {layer} must be `true` or `false`"
    > {
        isa, z => {
            if Approximate::FLAG {
                return z * T::sigmoid(isa, twice_u(z));
            }
            T::of(0.5) * z * (T::one() + T::erf(isa, z * T::of(SQRT_HALF)))
        };
        from z: true => {
            if Approximate::FLAG {
                let s = T::sigmoid(isa, twice_u(z));
                let slope = T::of(2.0 * U_SCALE) * (T::one() + T::of(3.0 * U_CUBE) * z * z);
                return s * T::fma(isa, z * slope, T::one() - s, T::one());
            }
            let phi = T::of(0.5) * (T::one() + T::erf(isa, z * T::of(SQRT_HALF)));
            T::fma(isa, z * T::of(DENSITY), T::exp(isa, T::of(-0.5) * z * z), phi)
        };
        onnx graph => {
            if Approximate::FLAG {
                let (z, one) = (graph.value(), graph.number(1.0));
                let (cube, scale) = (graph.number(U_CUBE), graph.number(2.0 * U_SCALE));
                graph.apply("Mul", &[z], &[]);
                graph.apply("Mul", &[cube], &[]);
                graph.apply("Add", &[one], &[]);
                graph.apply("Mul", &[z], &[]);
                graph.apply("Mul", &[scale], &[]);
                graph.apply("Sigmoid", &[], &[]);
                graph.apply("Mul", &[z], &[]);
                return Ok(());
            }
            let (z, half) = (graph.value(), graph.number(0.5));
            let (one, scale) = (graph.number(1.0), graph.number(SQRT_HALF));
            graph.apply("Mul", &[scale], &[]);
            graph.apply("Erf", &[], &[]);
            graph.apply("Add", &[one], &[]);
            graph.apply("Mul", &[z], &[]);
            graph.apply("Mul", &[half], &[]);
        }
    }
    /// `silu`, also called swish: f(z) = z σ(z).
    Silu {
        isa, z => z * T::sigmoid(isa, z);
        from z: true => {
            let s = T::sigmoid(isa, z);
            s * T::fma(isa, z, T::one() - s, T::one())
        };
        onnx graph => {
            let z = graph.value();
            graph.apply("Sigmoid", &[], &[]);
            graph.apply("Mul", &[z], &[]);
        }
    }
    /// `softplus`: f(z) = ln(1 + e^z).
    Softplus {
        isa, z => {
            let (high, low) = if z > T::zero() { (z, -z) } else { (T::zero(), z) };
            high + T::ln_1p(isa, T::exp(isa, low))
        };
        from z: true => T::sigmoid(isa, z);
        onnx graph => graph.apply("Softplus", &[], &[])
    }
    /// `sigmoid`: f(z) = 1 / (1 + e^-z).
    Sigmoid {
        isa, z => T::sigmoid(isa, z);
        from y: false => { let _ = isa; y * (T::one() - y) };
        onnx graph => graph.apply("Sigmoid", &[], &[])
    }
    /// `hard_sigmoid`: f(z) = z / 6 + 1/2, cut off at 0 and 1.
    HardSigmoid {
        isa, z => {
            let y = T::fma(isa, z, T::of(1.0 / 6.0), T::of(0.5));
            let y = if y > T::zero() { y } else { T::zero() };
            if y < T::one() { y } else { T::one() }
        };
        from y: false => {
            let _ = isa;
            if y > T::zero() && y < T::one() { T::of(1.0 / 6.0) } else { T::zero() }
        };
        onnx graph => graph.apply(
            "HardSigmoid",
            &[],
            &[("alpha", Attribute::Float(1.0 / 6.0)), ("beta", Attribute::Float(0.5))],
        )
    }
    /// `tanh`: f(z) = tanh z.
    Tanh {
        isa, z => T::tanh(isa, z);
        from y: false => T::fma(isa, -y, y, T::one());
        onnx graph => graph.apply("Tanh", &[], &[])
    }
    /// `fast_tanh`: f(z) = tanh z to within 1.4e-6, and its own derivative, for tiny networks that wait
    /// for each tanh. Never above 1 in size; NaN stays NaN.
    FastTanh {
        isa, z => T::fast_tanh(isa, z);
        from z: true => T::fast_tanh_slope(isa, z);
        onnx graph => graph.apply("Tanh", &[], &[])
    }
}
