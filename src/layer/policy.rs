//! What is asked of weights besides learning: a penalty in the loss, a bound after each step.
//!
//! Layers only say so, in [`Layer::POLICIES`](super::Layer::POLICIES); a model hands on what its layers
//! say, and the training does it.

use super::{Argument, Bool, Float, Int, Is, List, Missing, Name, Network, Visitor, Weights};
use crate::constraints::Bound;
use crate::regularizers::Penalty;
use crate::shape::{Check, Dim, Fact, Shape};
use alloc::vec;
use alloc::vec::Vec;

/// What is asked of a tensor of weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// What it adds to the loss.
    pub penalty: Option<Penalty>,
    /// What holds for it after each step.
    pub bound: Option<Bound>,
}

impl Policy {
    /// Nothing is asked.
    pub const NONE: Policy = Policy {
        penalty: None,
        bound: None,
    };

    /// A regulariser.
    pub const fn penalty(penalty: Penalty) -> Policy {
        Policy {
            penalty: Some(penalty),
            bound: None,
        }
    }

    /// A constraint.
    pub const fn bound(bound: Bound) -> Policy {
        Policy {
            penalty: None,
            bound: Some(bound),
        }
    }

    const fn is_none(&self) -> bool {
        self.penalty.is_none() && self.bound.is_none()
    }
}

/// A word that asks something of weights: `l2`, `max_norm`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a regulariser nor a constraint",
    label = "neither a regulariser nor a constraint"
)]
pub trait PolicyWord: 'static {
    /// What it asks.
    const POLICY: Policy;
}

/// An argument that should name a regulariser or a constraint.
pub trait PolicyArgument: Argument {
    /// What it asks; `None` if it names something else.
    const POLICY: Option<Policy> = None;
}
impl<X: PolicyWord, A: 'static, B: 'static, C: 'static, D: 'static> PolicyArgument
    for Name<X, A, B, C, D, Is<true>>
{
    const POLICY: Option<Policy> = Some(X::POLICY);
}
impl<X: 'static, A: 'static, B: 'static, C: 'static, D: 'static> PolicyArgument
    for Name<X, A, B, C, D, Is<false>>
{
}
impl PolicyArgument for Missing {
    const POLICY: Option<Policy> = Some(Policy::NONE);
}
impl<N: Dim> PolicyArgument for Int<N> {}
impl<const BITS: u64> PolicyArgument for Float<BITS> {}
impl<const B: bool> PolicyArgument for Bool<B> where Self: Argument {}
impl<S: Shape> PolicyArgument for List<S> {}
impl<L: 'static> PolicyArgument for Network<L> {}

/// What a layer asks of a tensor of its weights, by two of its arguments.
#[derive(Clone, Copy)]
pub struct TensorPolicy {
    tensor: &'static str,
    argument: &'static [Fact<'static>; 1],
    dims: &'static [usize],
    regularizer: Option<Policy>,
    constraint: Option<Policy>,
}

impl TensorPolicy {
    /// Of the tensor of this name and these dimensions. The fact is what its two arguments begin with:
    /// the `kernel` of `kernel_regularizer` and `kernel_constraint`.
    pub const fn new<Regularizer: PolicyArgument, Constraint: PolicyArgument>(
        tensor: &'static str,
        dims: &'static [usize],
        argument: &'static [Fact<'static>; 1],
    ) -> Self {
        Self {
            tensor,
            argument,
            dims,
            regularizer: Regularizer::POLICY,
            constraint: Constraint::POLICY,
        }
    }

    const fn policy(&self) -> Policy {
        Policy {
            penalty: match self.regularizer {
                Some(policy) => policy.penalty,
                None => None,
            },
            bound: match self.constraint {
                Some(policy) => policy.bound,
                None => None,
            },
        }
    }

    const fn check(&self) -> Check {
        Check::that(
            matches!(self.regularizer, Some(Policy { bound: None, .. })),
            "the argument `{0}_regularizer` of {layer} must be a regulariser, such as `l2(0.01)`",
            self.argument,
        )
        .and(Check::that(
            matches!(self.constraint, Some(Policy { penalty: None, .. })),
            "the argument `{0}_constraint` of {layer} must be a constraint, such as `max_norm(2.0)`",
            self.argument,
        ))
        .and(Check::that(
            match self.policy().bound {
                Some(bound) => bound.suits(self.dims),
                None => true,
            },
            "the `axis` in the argument `{0}_constraint` of {layer} is none of its weights' axes",
            self.argument,
        ))
    }
}

/// What is asked of the weights of a layer.
#[derive(Clone, Copy)]
pub enum Policies {
    /// Of some of its tensors.
    Tensors(&'static [TensorPolicy]),
    /// Of each of the layers that it is made of, in the order of the fields.
    Layers(&'static [Policies]),
}

impl Policies {
    /// Nothing is asked.
    pub const NONE: Policies = Policies::Tensors(&[]);

    /// Whether anything is asked.
    pub const fn any(self) -> bool {
        let mut i = 0;
        match self {
            Policies::Tensors(tensors) => {
                while i < tensors.len() && tensors[i].policy().is_none() {
                    i += 1;
                }
                i < tensors.len()
            }
            Policies::Layers(layers) => {
                while i < layers.len() && !layers[i].any() {
                    i += 1;
                }
                i < layers.len()
            }
        }
    }

    /// Whether the arguments for tensors are what they should be.
    pub const fn check(self) -> Check {
        let mut check = Check::OK;
        if let Policies::Tensors(tensors) = self {
            let mut i = 0;
            while i < tensors.len() {
                check = check.and(tensors[i].check());
                i += 1;
            }
        }
        check
    }

    /// For each tensor, in order.
    pub(crate) fn rules<T, W: Weights<T>>(self, weights: &W) -> Vec<TensorRule> {
        let mut list = Rules {
            levels: vec![(self, 0)],
            rules: Vec::new(),
        };
        weights.visit(&mut list);
        list.rules
    }

    /// Of its layer of this number.
    fn layer(self, i: usize) -> Policies {
        match self {
            Policies::Layers(layers) => layers.get(i).copied().unwrap_or(Policies::NONE),
            Policies::Tensors(_) => Policies::NONE,
        }
    }

    /// Of its tensor of this name.
    fn tensor(self, name: &str) -> Option<&'static TensorPolicy> {
        match self {
            Policies::Tensors(tensors) => tensors.iter().find(|policy| policy.tensor == name),
            Policies::Layers(_) => None,
        }
    }
}

/// What is asked of a tensor in a model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TensorRule {
    pub(crate) policy: Policy,
    /// The dimensions that Keras gives it.
    pub(crate) dims: &'static [usize],
}

/// Makes the list, walking through policies and weights side by side.
struct Rules {
    /// The layers at hand, outermost first, and how many layers inside each have been seen.
    levels: Vec<(Policies, usize)>,
    rules: Vec<TensorRule>,
}

impl<T> Visitor<T> for Rules {
    fn enter(&mut self, _: &'static str) {
        if let Some((policies, seen)) = self.levels.last_mut() {
            let inner = policies.layer(*seen);
            *seen += 1;
            self.levels.push((inner, 0));
        }
    }

    fn tensor(&mut self, name: &'static str, _: &[usize], _: &[T]) {
        let policy = self.levels.last().and_then(|level| level.0.tensor(name));
        self.rules.push(TensorRule {
            policy: policy.map_or(Policy::NONE, TensorPolicy::policy),
            dims: policy.map_or(&[], |policy| policy.dims),
        });
    }

    fn leave(&mut self) {
        self.levels.pop();
    }
}
