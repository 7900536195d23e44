//! How weights begin: Keras' initialisers, with Keras' defaults.
//!
//! | name | distribution |
//! | --- | --- |
//! | `glorot_uniform` (kernels) | uniform in ±sqrt(6 / (fan_in + fan_out)) |
//! | `glorot_normal` | truncated normal, standard deviation sqrt(2 / (fan_in + fan_out)) |
//! | `he_uniform`, `he_normal` | uniform in ±sqrt(6 / fan_in), truncated normal of sqrt(2 / fan_in) |
//! | `lecun_uniform`, `lecun_normal` | uniform in ±sqrt(3 / fan_in), truncated normal of sqrt(1 / fan_in) |
//! | `random_uniform`, `random_normal`, `truncated_normal` | uniform in ±0.05, standard deviation 0.05 |
//! | `zeros` (biases), `ones` | constants |
//!
//! A truncated normal is drawn again beyond two standard deviations, and widened so that what is
//! left has the stated deviation (as Keras does for its scaled ones; not for `truncated_normal`).

use crate::kernels::Element;
use crate::layer::{
    Argument, Arguments, Bool, Float, Int, Is, List, Missing, Name, Network, Tensor,
};
use crate::random::{Stream, mix};
use crate::rows::padded;
use crate::shape::{Dim, Shape};

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
        for row in tensor.as_mut_slice().chunks_exact_mut(padded(width)) {
            for w in &mut row[..width] {
                *w = T::of(D::draw(&mut stream, fan_in as f64, fan_out as f64));
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
    /// `random_uniform`: uniform in ±0.05.
    RandomUniform: |stream, _fan_in, _fan_out| uniform(stream, 0.05);
    /// `random_normal`: normal of deviation 0.05.
    RandomNormal: |stream, _fan_in, _fan_out| 0.05 * stream.normal();
    /// `truncated_normal`: normal of deviation 0.05, drawn again beyond two of them.
    TruncatedNormal: |stream, _fan_in, _fan_out| truncated(stream, 0.05);
    /// `zeros`: 0.
    Zeros: |_stream, _fan_in, _fan_out| 0.0;
    /// `ones`: 1.
    Ones: |_stream, _fan_in, _fan_out| 1.0;
}
