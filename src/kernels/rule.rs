//! What an optimiser does with a gradient, as plain numbers that a kernel can take along.
//!
//! Each rule is written once, for any vector (`Step`). Which one it is, is decided once for a
//! whole tensor (`with_rule!`), so that its loop is compiled for it alone.
//!
//! The [`Fused`] rules meet gradients while these are still in registers: every kernel that makes
//! gradients is compiled for each of them. That saves some hundredths of a step's time, and costs
//! some of the library's build time: so it is done for the rules that most trainings take, and the
//! others find their gradients in memory.

#![allow(unsafe_code)] // vectors are read and written through pointers, as `Simd` asks

use super::scalar::Scalar;
use super::vector::Simd;
use crate::math::Real;
use crate::simd::Isa;

/// One optimiser step for one weight `w` with gradient `g`. All learning rates and corrections of
/// the step are already worked in, so that nothing here depends on the number of the step.
/// Means of gradients also come a little nearer to zero in each step (less than 1e-18 in `f32`), so that
/// they end there and not among the subnormal numbers, which are slow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule<T> {
    /// One that kernels take along.
    Fused(Fused<T>),
    /// See [`Sgd`].
    Sgd(Sgd<T>),
    /// See [`Decayed`].
    Decayed(Decayed<T>),
    /// See [`RmsProp`].
    RmsProp(RmsProp<T>),
    /// See [`Adagrad`].
    Adagrad(Adagrad<T>),
    /// See [`Adadelta`].
    Adadelta(Adadelta<T>),
    /// See [`Adamax`].
    Adamax(Adamax<T>),
    /// See [`Nadam`].
    Nadam(Nadam<T>),
    /// See [`Lion`].
    Lion(Lion<T>),
}

/// A rule that kernels take along to where gradients are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fused<T> {
    /// See [`Store`].
    Store(Store),
    /// See [`Add`].
    Add(Add),
    /// See [`Momentum`].
    Momentum(Momentum<T>),
    /// See [`Adam`].
    Adam(Adam<T>),
}

/// Stores the gradient in slot 0 and leaves the weight alone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Store {
    /// Whether to add it to what is there.
    pub add: bool,
}

/// `w = w + g`: what is left of plain gradient descent where gradients have been multiplied by the
/// negative learning rate from the beginning, see [`Rule::taken_along`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Add;

/// `w = w - rate g`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd<T> {
    /// Learning rate.
    pub rate: T,
}

/// `g += l2 w; w = keep w - rate g`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decayed<T> {
    /// Learning rate.
    pub rate: T,
    /// Coupled L2 penalty.
    pub l2: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
}

/// `g += l2 w; v = momentum v - rate g; w = keep w + v`, or with Nesterov's look-ahead
/// `w = keep w + momentum v - rate g`. Slot 0 is v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum<T> {
    /// Learning rate.
    pub rate: T,
    /// Share of the last velocity that is kept.
    pub momentum: T,
    /// Whether to look ahead.
    pub nesterov: bool,
    /// Coupled L2 penalty.
    pub l2: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
}

/// `m += (1 - beta_1)(g - m); v += (1 - beta_2)(g^2 - v); w = keep w - rate m / (sqrt(v) + epsilon)`.
/// Slot 0 is m, slot 1 is v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam<T> {
    /// Learning rate, corrected for the bias of the first steps.
    pub rate: T,
    /// 1 - beta_1.
    pub fade_1: T,
    /// 1 - beta_2.
    pub fade_2: T,
    /// Keeps the quotient finite.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
}

/// `v = rho v + (1 - rho) g^2; s = rate g / sqrt(v + epsilon); w = keep w - s`, with momentum
/// `u = momentum u + s; w = keep w - u`. Slot 0 is v, slot 1 is u.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp<T> {
    /// Learning rate.
    pub rate: T,
    /// Share of the last mean square that is kept.
    pub rho: T,
    /// Share of the last step that is kept.
    pub momentum: T,
    /// Keeps the quotient finite.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
}

/// `v += g^2; w = keep w - rate g / sqrt(v + epsilon)`. Slot 0 is v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adagrad<T> {
    /// Learning rate.
    pub rate: T,
    /// Keeps the quotient finite; what v would begin with joins it, so that slots begin with zero.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
}

/// `v = rho v + (1 - rho) g^2; d = sqrt(u + epsilon) / sqrt(v + epsilon) g;
/// u = rho u + (1 - rho) d^2; w = keep w - rate d`. Slot 0 is v, slot 1 is u.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adadelta<T> {
    /// Learning rate.
    pub rate: T,
    /// Share of the last mean squares that is kept.
    pub rho: T,
    /// Keeps the quotient finite, and lets the first steps begin.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
}

/// `m += (1 - beta_1)(g - m); u = max(beta_2 u, |g|); w = keep w - rate m / (u + epsilon)`.
/// Slot 0 is m, slot 1 is u.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adamax<T> {
    /// Learning rate, corrected for the bias of the first steps.
    pub rate: T,
    /// 1 - beta_1.
    pub fade: T,
    /// beta_2.
    pub beta: T,
    /// Keeps the quotient finite.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
}

/// `m += (1 - beta_1)(g - m); v += (1 - beta_2)(g^2 - v);
/// w = keep w - (rate_m m + rate_g g) / (sqrt(v) + epsilon)`. Slot 0 is m, slot 1 is v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nadam<T> {
    /// Learning rate of the mean gradient, corrected for the bias of the first steps.
    pub rate_m: T,
    /// Learning rate of the gradient itself.
    pub rate_g: T,
    /// 1 - beta_1.
    pub fade_1: T,
    /// 1 - beta_2.
    pub fade_2: T,
    /// Keeps the quotient finite.
    pub epsilon: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
}

/// `w = keep w - rate sign(beta_1 m + (1 - beta_1) g); m = beta_2 m + (1 - beta_2) g`. Slot 0 is m.
/// (What is smaller than the smallest normal number has less than a whole sign.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion<T> {
    /// Learning rate.
    pub rate: T,
    /// 1 - beta_1.
    pub fade_1: T,
    /// 1 - beta_2.
    pub fade_2: T,
    /// 1 minus the decoupled weight decay of a step.
    pub keep: T,
}

/// A rule, for vectors.
pub(super) trait Step<T>: Copy {
    /// How many numbers it keeps for each weight.
    const SLOTS: usize;
    /// Whether it changes the weights.
    const MOVES: bool = true;
    /// Weights and what the slots hold for them, after the step.
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, slots: [S::V; 2]) -> (S::V, [S::V; 2]);

    /// Takes the step for the weights at `w`, whose slots lie at `slots`, `apart` from each other.
    ///
    /// # Safety
    /// A vector of weights must be readable and writable there, and one in each slot.
    #[inline(always)]
    unsafe fn take<S: Simd<E = T>>(self, s: S, g: S::V, w: *mut T, slots: *mut T, apart: usize)
    where
        T: Real,
    {
        // SAFETY: the caller's.
        unsafe {
            let mut state = [s.zero(); 2];
            for slot in 0..Self::SLOTS {
                state[slot] = s.load(slots.add(slot * apart));
            }
            let (new, state) = self.step(s, g, s.load(w), state);
            if Self::MOVES {
                s.store(new, w);
            }
            for slot in 0..Self::SLOTS {
                s.store(state[slot], slots.add(slot * apart));
            }
        }
    }

    /// The part of [`take`](Self::take) up to where it has to wait; gives what `finish` needs for the rest.
    /// By default all of it.
    ///
    /// # Safety
    /// As for `take`.
    #[inline(always)]
    unsafe fn begin<S: Simd<E = T>>(
        self,
        s: S,
        g: S::V,
        w: *mut T,
        slots: *mut T,
        apart: usize,
    ) -> [S::V; 2]
    where
        T: Real,
    {
        // SAFETY: the caller's.
        unsafe { self.take(s, g, w, slots, apart) };
        [g; 2]
    }

    /// What `begin` has left.
    ///
    /// # Safety
    /// As for `take`.
    #[inline(always)]
    unsafe fn finish<S: Simd<E = T>>(self, _: S, _: [S::V; 2], _: *mut T) {}
}

/// Evaluates an expression with the rule itself under a name.
macro_rules! with_rule {
    ($rule:expr, $name:ident => $body:expr) => {
        match $rule {
            $crate::kernels::rule::Rule::Fused(rule) => {
                $crate::kernels::rule::with_fused!(rule, $name => $body)
            }
            $crate::kernels::rule::Rule::Sgd($name) => $body,
            $crate::kernels::rule::Rule::Decayed($name) => $body,
            $crate::kernels::rule::Rule::RmsProp($name) => $body,
            $crate::kernels::rule::Rule::Adagrad($name) => $body,
            $crate::kernels::rule::Rule::Adadelta($name) => $body,
            $crate::kernels::rule::Rule::Adamax($name) => $body,
            $crate::kernels::rule::Rule::Nadam($name) => $body,
            $crate::kernels::rule::Rule::Lion($name) => $body,
        }
    };
}
/// The same for a fused rule.
macro_rules! with_fused {
    ($rule:expr, $name:ident => $body:expr) => {
        match $rule {
            $crate::kernels::rule::Fused::Store($name) => $body,
            $crate::kernels::rule::Fused::Add($name) => $body,
            $crate::kernels::rule::Fused::Momentum($name) => $body,
            $crate::kernels::rule::Fused::Adam($name) => $body,
        }
    };
}
pub(super) use {with_fused, with_rule};

impl<T: Real> Rule<T> {
    /// How many numbers the rule keeps for each weight.
    pub const fn slots(&self) -> usize {
        match self {
            Rule::Fused(rule) => rule.slots(),
            Rule::Sgd(_) | Rule::Decayed(_) => 0,
            Rule::Adagrad(_) | Rule::Lion(_) => 1,
            Rule::RmsProp(_) | Rule::Adadelta(_) | Rule::Adamax(_) | Rule::Nadam(_) => 2,
        }
    }

    /// What kernels take along of the rule, if they can, and what gradients have to be multiplied by
    /// before.
    ///
    /// The gradients of a step are linear in those of the loss. So plain gradient descent multiplies
    /// these by its rate, a few numbers for each sample, and has only an addition left for each weight,
    /// which processors do beside the products of the next tile.
    #[inline(always)]
    pub(crate) fn taken_along(self) -> Option<(T, Fused<T>)> {
        match self {
            Rule::Fused(rule) => Some((T::one(), rule)),
            Rule::Sgd(sgd) => Some((-sgd.rate, Fused::Add(Add))),
            _ => None,
        }
    }

    /// Applies the rule to neighbouring weights: `slots` holds their numbers for slot 0 from its
    /// beginning on, those for slot 1 `apart` later.
    #[inline(always)]
    pub fn apply<I: Isa>(&self, isa: I, w: &mut [T], g: &[T], slots: &mut [T], apart: usize) {
        with_rule!(*self, rule => one_by_one(isa, rule, w, g, slots, apart));
    }
}

impl<T: Real> Fused<T> {
    /// See [`Rule::slots`].
    pub const fn slots(&self) -> usize {
        match self {
            Fused::Add(_) => 0,
            Fused::Store(_) | Fused::Momentum(_) => 1,
            Fused::Adam(_) => 2,
        }
    }

    /// See [`Rule::apply`].
    #[inline(always)]
    pub fn apply<I: Isa>(&self, isa: I, w: &mut [T], g: &[T], slots: &mut [T], apart: usize) {
        with_fused!(*self, rule => one_by_one(isa, rule, w, g, slots, apart));
    }
}

/// Applies a rule to neighbouring weights, see [`Rule::apply`].
#[inline(always)]
fn one_by_one<T: Real, I: Isa, R: Step<T>>(
    isa: I,
    rule: R,
    w: &mut [T],
    g: &[T],
    slots: &mut [T],
    apart: usize,
) {
    let (s, len) = (Scalar::new(isa), w.len());
    assert!(g.len() >= len, "the gradient does not fit the weights");
    assert!(
        R::SLOTS == 0 || slots.len() >= (R::SLOTS - 1) * apart + len,
        "the optimiser's numbers do not fit the weights"
    );
    let (w, slots) = (w.as_mut_ptr(), slots.as_mut_ptr());
    for i in 0..len {
        // SAFETY: there are so many weights, gradients and numbers of each slot.
        unsafe { rule.take(s, g[i], w.add(i), slots.wrapping_add(i), apart) };
    }
}

/// `keep w + step`.
#[inline(always)]
fn decayed<S: Simd>(s: S, keep: S::E, w: S::V, step: S::V) -> S::V {
    s.fma(s.splat(keep), w, step)
}

/// The mean of gradients, a little nearer to zero.
///
/// What is multiplied by less than 1 again and again never gets to zero, but to the subnormal numbers,
/// and stays there: a relu that has died would make every later step slow, since roots, quotients, and on
/// some processors all products of such numbers take many times as long. So each step also takes away
/// what is too little to matter, the root of the smallest normal number eight times: 9e-19 in `f32`,
/// 1e-153 in `f64`. Squares of gradients so small would vanish in [`mean_square`].
#[inline(always)]
fn mean<T: Real, S: Simd<E = T>>(s: S, m: S::V) -> S::V {
    s.sub(m, s.clamp(T::ROOT_MIN_NORMAL * T::of(8.0), m))
}

/// The mean of squares, less the smallest normal number, but not less than zero; NaN where it is.
#[inline(always)]
fn mean_square<T: Real, S: Simd<E = T>>(s: S, v: S::V) -> S::V {
    s.max(s.zero(), s.sub(v, s.splat(T::MIN_NORMAL)))
}

/// `g + l2 w`.
#[inline(always)]
fn penalized<S: Simd>(s: S, l2: S::E, w: S::V, g: S::V) -> S::V {
    if l2 == num_traits::zero() {
        g
    } else {
        s.fma(s.splat(l2), w, g)
    }
}

impl<T> Step<T> for Store {
    const SLOTS: usize = 1;
    const MOVES: bool = false;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let m = if self.add { s.add(m, g) } else { g };
        (w, [m, v])
    }
}

impl<T> Step<T> for Add {
    const SLOTS: usize = 0;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, state: [S::V; 2]) -> (S::V, [S::V; 2]) {
        (s.add(w, g), state)
    }
}

impl<T: Real> Step<T> for Sgd<T> {
    const SLOTS: usize = 0;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, state: [S::V; 2]) -> (S::V, [S::V; 2]) {
        (s.fma(s.splat(-self.rate), g, w), state)
    }
}

impl<T: Real> Step<T> for Decayed<T> {
    const SLOTS: usize = 0;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, state: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let g = penalized(s, self.l2, w, g);
        let w = s.mul(s.splat(self.keep), w);
        (s.fma(s.splat(-self.rate), g, w), state)
    }
}

impl<T: Real> Step<T> for Momentum<T> {
    const SLOTS: usize = 1;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let (down, momentum) = (s.splat(-self.rate), s.splat(self.momentum));
        let g = penalized(s, self.l2, w, g);
        let m = mean(s, s.fma(down, g, s.mul(momentum, m)));
        let w = if self.nesterov {
            s.fma(momentum, m, s.fma(down, g, s.mul(s.splat(self.keep), w)))
        } else {
            decayed(s, self.keep, w, m)
        };
        (w, [m, v])
    }
}

impl<T: Real> Adam<T> {
    /// The means, and the root of the second one.
    #[inline(always)]
    fn means<S: Simd<E = T>>(self, s: S, g: S::V, [m, v]: [S::V; 2]) -> ([S::V; 2], S::V) {
        let m = mean(s, s.fma(s.splat(self.fade_1), s.sub(g, m), m));
        let v = s.fma(s.splat(self.fade_2), s.fma(g, g, s.neg(v)), v);
        let v = mean_square(s, v);
        ([m, v], s.sqrt(v))
    }

    /// The weights after the step.
    #[inline(always)]
    fn moved<S: Simd<E = T>>(self, s: S, w: S::V, m: S::V, root: S::V) -> S::V {
        let scale = s.add(root, s.splat(self.epsilon));
        let step = s.div(s.mul(s.splat(-self.rate), m), scale);
        decayed(s, self.keep, w, step)
    }
}

impl<T: Real> Step<T> for Adam<T> {
    const SLOTS: usize = 2;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, slots: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let (slots, root) = self.means(s, g, slots);
        (self.moved(s, w, slots[0], root), slots)
    }

    #[inline(always)]
    unsafe fn begin<S: Simd<E = T>>(
        self,
        s: S,
        g: S::V,
        _: *mut T,
        slots: *mut T,
        apart: usize,
    ) -> [S::V; 2] {
        // SAFETY: the caller's.
        unsafe {
            let other = slots.add(apart);
            let ([m, v], root) = self.means(s, g, [s.load(slots), s.load(other)]);
            s.store(m, slots);
            s.store(v, other);
            [m, root]
        }
    }

    #[inline(always)]
    unsafe fn finish<S: Simd<E = T>>(self, s: S, [m, root]: [S::V; 2], w: *mut T) {
        // SAFETY: the caller's.
        unsafe { s.store(self.moved(s, s.load(w), m, root), w) };
    }
}

impl<T: Real> Step<T> for RmsProp<T> {
    const SLOTS: usize = 2;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [v, u]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let fade = s.splat(T::one() - self.rho);
        let v = mean_square(s, s.fma(s.splat(self.rho), v, s.mul(fade, s.mul(g, g))));
        let scale = s.sqrt(s.add(v, s.splat(self.epsilon)));
        let step = s.div(s.mul(s.splat(self.rate), g), scale);
        let u = mean(s, s.fma(s.splat(self.momentum), u, step));
        (decayed(s, self.keep, w, s.neg(u)), [v, u])
    }
}

impl<T: Real> Step<T> for Adagrad<T> {
    const SLOTS: usize = 1;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [v, u]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let v = s.fma(g, g, v);
        let scale = s.sqrt(s.add(v, s.splat(self.epsilon)));
        let step = s.div(s.mul(s.splat(-self.rate), g), scale);
        (decayed(s, self.keep, w, step), [v, u])
    }
}

impl<T: Real> Step<T> for Adadelta<T> {
    const SLOTS: usize = 2;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [v, u]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let (rho, fade) = (s.splat(self.rho), s.splat(T::one() - self.rho));
        let root = |x| s.sqrt(s.add(x, s.splat(self.epsilon)));
        let v = mean_square(s, s.fma(rho, v, s.mul(fade, s.mul(g, g))));
        let d = s.div(s.mul(root(u), g), root(v));
        let u = mean_square(s, s.fma(rho, u, s.mul(fade, s.mul(d, d))));
        let step = s.mul(s.splat(-self.rate), d);
        (decayed(s, self.keep, w, step), [v, u])
    }
}

impl<T: Real> Step<T> for Adamax<T> {
    const SLOTS: usize = 2;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [m, u]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let m = mean(s, s.fma(s.splat(self.fade), s.sub(g, m), m));
        let u = mean(s, s.max(s.mul(s.splat(self.beta), u), s.max(g, s.neg(g))));
        let scale = s.add(u, s.splat(self.epsilon));
        let step = s.div(s.mul(s.splat(-self.rate), m), scale);
        (decayed(s, self.keep, w, step), [m, u])
    }
}

impl<T: Real> Step<T> for Nadam<T> {
    const SLOTS: usize = 2;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let m = mean(s, s.fma(s.splat(self.fade_1), s.sub(g, m), m));
        let v = s.fma(s.splat(self.fade_2), s.fma(g, g, s.neg(v)), v);
        let v = mean_square(s, v);
        let ahead = s.fma(s.splat(-self.rate_m), m, s.mul(s.splat(-self.rate_g), g));
        let step = s.div(ahead, s.add(s.sqrt(v), s.splat(self.epsilon)));
        (decayed(s, self.keep, w, step), [m, v])
    }
}

impl<T: Real> Step<T> for Lion<T> {
    const SLOTS: usize = 1;
    #[inline(always)]
    fn step<S: Simd<E = T>>(self, s: S, g: S::V, w: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let toward = |fade| s.fma(s.splat(fade), s.sub(g, m), m);
        let large = s.mul(s.splat(T::one() / T::MIN_NORMAL), toward(self.fade_1));
        let step = s.mul(s.splat(-self.rate), s.clamp(T::one(), large));
        (
            decayed(s, self.keep, w, step),
            [mean(s, toward(self.fade_2)), v],
        )
    }
}
