//! How weights begin: Keras' initialisers, with Keras' defaults.
//!
//! | name | distribution |
//! | --- | --- |
//! | `glorot_uniform` (kernels) | uniform in ±sqrt(6 / (fan_in + fan_out)) |
//! | `glorot_normal` | truncated normal, standard deviation sqrt(2 / (fan_in + fan_out)) |
//! | `he_uniform`, `he_normal` | uniform in ±sqrt(6 / fan_in), truncated normal of sqrt(2 / fan_in) |
//! | `lecun_uniform`, `lecun_normal` | uniform in ±sqrt(3 / fan_in), truncated normal of sqrt(1 / fan_in) |
//! | `random_uniform(minval = -0.05, maxval = 0.05)` | uniform from the one to the other |
//! | `random_normal(mean = 0, stddev = 0.05)`, `truncated_normal(...)` | normal |
//! | `zeros` (biases), `ones`, `constant(value = 0)` | constants |
//! | `orthogonal(gain = 1)` | columns at right angles to each other, or rows if these are fewer |
//!
//! In a model they are arguments of layers: `kernel_initializer = he_normal`. Without parentheses they have
//! the arguments above.
//!
//! ```
//! use plywood::prelude::*;
//! sequential! {
//!     struct Net: [2] => [1] {
//!         Dense(8, tanh, kernel_initializer = orthogonal(gain = 1.5)),
//!         Dense(1, kernel_initializer = random_normal(stddev = 0.01), bias_initializer = constant(0.5)),
//!     }
//! }
//! assert_eq!(Net::new(1).dense_1.bias[0], 0.5);
//! ```
//!
//! A truncated normal is drawn again beyond two standard deviations, and widened so that what is
//! left has the stated deviation (as Keras does for its scaled ones; not for `truncated_normal`).

use crate::kernels::Element;
mod orthogonal;

pub use orthogonal::Orthogonal;

use crate::layer::{
    Argument, Arguments, Bool, Float, Int, Is, Kind, List, Missing, Name, Network, Tensor, Word,
};
use crate::random::{Stream, mix};
use crate::rows::padded;
use crate::shape::{Check, Dim, Fact, Shape};
use alloc::vec::Vec;
use core::marker::PhantomData;

/// The random numbers for the weights of a new model: a stream for each tensor.
#[derive(Debug)]
pub struct Init {
    seed: u64,
    tensors: u64,
}

impl Init {
    /// For a model of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, tensors: 0 }
    }

    /// Fills a tensor. Its fan-in is the number of inputs of each output.
    pub fn fill<T: Element, W: Tensor<T>, D: Initializer>(
        &mut self,
        tensor: &mut W,
        fan_in: usize,
        fan_out: usize,
    ) {
        let mut stream = Stream::new(mix(self.seed, self.tensors));
        self.tensors += 1;
        let width = W::DIMS.last().copied().unwrap_or(1);
        let rows = tensor.as_mut_slice().chunks_exact_mut(padded(width));
        let mut draw = || D::draw(&mut stream, fan_in as f64, fan_out as f64);
        if let Some(together) = D::TOGETHER {
            let mut numbers: Vec<f64> = (0..rows.len() * width).map(|_| draw()).collect();
            together(&mut numbers, width);
            for (row, numbers) in rows.zip(numbers.chunks_exact(width)) {
                for (w, &number) in row.iter_mut().zip(numbers) {
                    *w = T::of(number);
                }
            }
        } else {
            for row in rows {
                row[..width].fill_with(|| T::of(draw()));
            }
        }
    }
}

/// A way to begin.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an initialiser",
    label = "not an initialiser"
)]
pub trait Initializer: 'static {
    /// The next number.
    fn draw(stream: &mut Stream, fan_in: f64, fan_out: f64) -> f64;
    /// What becomes of all numbers of a tensor that have been drawn, row by row, if anything does: a
    /// function of them and of the length of a row.
    const TOGETHER: Option<fn(&mut [f64], usize)> = None;
}

/// An argument that should name an initialiser.
pub trait InitializerArgument: Argument {
    /// The initialiser; [`Zeros`] for an argument of another kind.
    type Initializer: Initializer;
    /// Whether the argument is an initialiser.
    const OK: bool = false;
}
impl<X: Initializer, A: 'static, C: 'static, D: 'static, E: 'static> InitializerArgument
    for Name<X, A, Is<true>, C, D, E>
{
    type Initializer = X;
    const OK: bool = true;
}
impl<X: 'static, A: 'static, C: 'static, D: 'static, E: 'static> InitializerArgument
    for Name<X, A, Is<false>, C, D, E>
{
    type Initializer = Zeros;
}
impl<N: Dim> InitializerArgument for Int<N> {
    type Initializer = Zeros;
}
impl<const BITS: u64> InitializerArgument for Float<BITS> {
    type Initializer = Zeros;
}
impl<const B: bool> InitializerArgument for Bool<B>
where
    Self: Argument,
{
    type Initializer = Zeros;
}
impl<S: Shape> InitializerArgument for List<S> {
    type Initializer = Zeros;
}
impl<L: 'static> InitializerArgument for Network<L> {
    type Initializer = Zeros;
}
impl InitializerArgument for Missing {
    type Initializer = Zeros;
}

fn sqrt(x: f64) -> f64 {
    num_traits::Float::sqrt(x)
}

fn uniform(stream: &mut Stream, limit: f64) -> f64 {
    (2.0 * stream.uniform() - 1.0) * limit
}

fn truncated(stream: &mut Stream, deviation: f64) -> f64 {
    loop {
        let x = stream.normal();
        if (-2.0..=2.0).contains(&x) {
            return x * deviation;
        }
    }
}

/// The standard deviation of a standard normal that is cut off at ±2.
const TRUNCATED_DEVIATION: f64 = 0.879_625_661_034_239_8;

macro_rules! initializers {
    ($($(#[$doc:meta])* $name:ident: |$stream:ident, $fan_in:ident, $fan_out:ident| $draw:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Arguments, Clone, Copy, Debug)]
        pub struct $name;

        impl Initializer for $name {
            fn draw($stream: &mut Stream, $fan_in: f64, $fan_out: f64) -> f64 {
                $draw
            }
        }
    )* };
}

initializers! {
    /// `glorot_uniform`: uniform in ±sqrt(6 / (fan_in + fan_out)).
    GlorotUniform: |stream, fan_in, fan_out| uniform(stream, sqrt(6.0 / (fan_in + fan_out)));
    /// `glorot_normal`: truncated normal of deviation sqrt(2 / (fan_in + fan_out)).
    GlorotNormal: |stream, fan_in, fan_out| {
        truncated(stream, sqrt(2.0 / (fan_in + fan_out)) / TRUNCATED_DEVIATION)
    };
    /// `he_uniform`: uniform in ±sqrt(6 / fan_in).
    HeUniform: |stream, fan_in, _fan_out| uniform(stream, sqrt(6.0 / fan_in));
    /// `he_normal`: truncated normal of deviation sqrt(2 / fan_in).
    HeNormal: |stream, fan_in, _fan_out| truncated(stream, sqrt(2.0 / fan_in) / TRUNCATED_DEVIATION);
    /// `lecun_uniform`: uniform in ±sqrt(3 / fan_in).
    LecunUniform: |stream, fan_in, _fan_out| uniform(stream, sqrt(3.0 / fan_in));
    /// `lecun_normal`: truncated normal of deviation sqrt(1 / fan_in).
    LecunNormal: |stream, fan_in, _fan_out| truncated(stream, sqrt(1.0 / fan_in) / TRUNCATED_DEVIATION);
    /// `zeros`: 0.
    Zeros: |_stream, _fan_in, _fan_out| 0.0;
    /// `ones`: 1.
    Ones: |_stream, _fan_in, _fan_out| 1.0;
}

/// Whether an argument is a number.
const fn number<A: Argument>(name: &'static [Fact<'static>; 1]) -> Check {
    Check::that(
        matches!(A::KIND, Kind::Float | Kind::Int) && A::VALUE.is_finite(),
        "the argument `{0}` of {layer} must be a number, such as `0.5`",
        name,
    )
}

/// Whether the arguments are a mean and a standard deviation.
const fn normal<Mean: Argument, Stddev: Argument>() -> Check {
    number::<Mean>(&[Fact::Word("mean")]).and(Check::that(
        matches!(Stddev::KIND, Kind::Float | Kind::Int)
            && Stddev::VALUE >= 0.0
            && Stddev::VALUE < f64::INFINITY,
        "the argument `stddev` of {layer} must be a number of at least 0, such as `0.01`",
        &[],
    ))
}

/// The argument 0.05, and 0.
type Small = Float<{ 0.05_f64.to_bits() }>;
type Zero = Float<{ 0.0_f64.to_bits() }>;

/// `random_uniform`: uniform from `minval` to `maxval`.
#[derive(Arguments, Clone, Copy, Debug)]
pub struct RandomUniform<Minval = Float<{ (-0.05_f64).to_bits() }>, Maxval = Small>(
    PhantomData<(Minval, Maxval)>,
);

impl<Min: Argument, Max: Argument> Word for RandomUniform<Min, Max> {
    const CHECK: Check = number::<Min>(&[Fact::Word("minval")])
        .and(number::<Max>(&[Fact::Word("maxval")]))
        .and(Check::that(
            Min::VALUE <= Max::VALUE,
            "the argument `minval` of {layer} must not be above its `maxval`",
            &[],
        ));
}
impl<Min: Argument, Max: Argument> Initializer for RandomUniform<Min, Max> {
    fn draw(stream: &mut Stream, _: f64, _: f64) -> f64 {
        let (middle, limit) = (
            0.5 * Max::VALUE + 0.5 * Min::VALUE,
            0.5 * Max::VALUE - 0.5 * Min::VALUE,
        );
        middle + uniform(stream, limit)
    }
}

/// `random_normal`: normal of this mean and standard deviation.
#[derive(Arguments, Clone, Copy, Debug)]
pub struct RandomNormal<Mean = Zero, Stddev = Small>(PhantomData<(Mean, Stddev)>);

impl<Mean: Argument, Stddev: Argument> Word for RandomNormal<Mean, Stddev> {
    const CHECK: Check = normal::<Mean, Stddev>();
}
impl<Mean: Argument, Stddev: Argument> Initializer for RandomNormal<Mean, Stddev> {
    fn draw(stream: &mut Stream, _: f64, _: f64) -> f64 {
        Mean::VALUE + Stddev::VALUE * stream.normal()
    }
}

/// `truncated_normal`: the same, drawn again beyond two deviations from the mean.
#[derive(Arguments, Clone, Copy, Debug)]
pub struct TruncatedNormal<Mean = Zero, Stddev = Small>(PhantomData<(Mean, Stddev)>);

impl<Mean: Argument, Stddev: Argument> Word for TruncatedNormal<Mean, Stddev> {
    const CHECK: Check = normal::<Mean, Stddev>();
}
impl<Mean: Argument, Stddev: Argument> Initializer for TruncatedNormal<Mean, Stddev> {
    fn draw(stream: &mut Stream, _: f64, _: f64) -> f64 {
        Mean::VALUE + truncated(stream, Stddev::VALUE)
    }
}

/// `constant`: the number `value`.
#[derive(Arguments, Clone, Copy, Debug)]
pub struct Constant<Value = Zero>(PhantomData<Value>);

impl<Value: Argument> Word for Constant<Value> {
    const CHECK: Check = number::<Value>(&[Fact::Word("value")]);
}
impl<Value: Argument> Initializer for Constant<Value> {
    fn draw(_: &mut Stream, _: f64, _: f64) -> f64 {
        Value::VALUE
    }
}
