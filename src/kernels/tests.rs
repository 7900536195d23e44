//! Each kernel against its definition and against `matrixmultiply`, and all instruction sets
//! against each other, bit for bit.

use super::gemm::LARGE;
use super::grad_input_blocks::BLOCK;
use super::rule::{self, Fused, Rule, Store};
use super::sparse::skips_zeros;
use super::{Adjust, Element, descends, tiny};
use crate::activations::{Activation, Relu};
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Dim;
use crate::simd::{Isa, Job, Level, dispatch_on};
use alloc::vec;
use alloc::vec::Vec;
use core::marker::PhantomData;
use typenum::{U1, U3, U8, U16, U30};

/// What the tests need beyond [`Element`].
trait Tested: Element {
    const TOLERANCE: f64;
    fn bits(self) -> u64;
    /// `c = a b` for row-major `a [m][k]`, `b [k][n]` with these row and column strides.
    fn product(
        size: [usize; 3],
        a: (&[Self], [usize; 2]),
        b: (&[Self], [usize; 2]),
        c: (&mut [Self], [usize; 2]),
    );
}

macro_rules! tested {
    ($t:ty, $tolerance:literal, $gemm:ident) => {
        impl Tested for $t {
            const TOLERANCE: f64 = $tolerance;
            fn bits(self) -> u64 {
                self.to_bits().into()
            }
            #[allow(unsafe_code)] // a C-like interface; the slices are indexed below their ends
            fn product(
                [m, k, n]: [usize; 3],
                (a, sa): (&[Self], [usize; 2]),
                (b, sb): (&[Self], [usize; 2]),
                (c, sc): (&mut [Self], [usize; 2]),
            ) {
                let last = |rows: usize, columns: usize, s: [usize; 2]| {
                    rows.saturating_sub(1) * s[0] + columns.saturating_sub(1) * s[1]
                };
                assert!(m * k == 0 || a.len() > last(m, k, sa));
                assert!(k * n == 0 || b.len() > last(k, n, sb));
                assert!(m * n == 0 || c.len() > last(m, n, sc));
                let s = |s: usize| s as isize;
                // SAFETY: the last element of each matrix has just been found inside its slice.
                unsafe {
                    matrixmultiply::$gemm(
                        m,
                        k,
                        n,
                        1.0,
                        a.as_ptr(),
                        s(sa[0]),
                        s(sa[1]),
                        b.as_ptr(),
                        s(sb[0]),
                        s(sb[1]),
                        0.0,
                        c.as_mut_ptr(),
                        s(sc[0]),
                        s(sc[1]),
                    );
                }
            }
        }
    };
}
tested!(f32, 2e-5, sgemm);
tested!(f64, 1e-13, dgemm);

/// Numbers between -1 and 1, a quarter of them zero.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        self.0 >> 33
    }
    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }
    fn number<T: Element>(&mut self) -> T {
        let x = self.next() as f64 / (1u64 << 30) as f64 - 1.0;
        T::of(if self.below(4) == 0 { 0.0 } else { x })
    }
    /// A size at or near a width of vectors or tiles, or any other.
    fn size(&mut self) -> usize {
        match self.below(if cfg!(miri) { 1 } else { 4 }) {
            0 => 1 + self.below(10),
            1 => [1, 2, 4, 8, 16, 32][self.below(6)] + self.below(2),
            2 => [7, 15, 31, 47, 48, 49, 63, 64, 65][self.below(9)],
            _ => 1 + self.below(40),
        }
    }
    /// Rows of `n` numbers, padded with zeros.
    fn rows<T: Element>(&mut self, rows: usize, n: usize) -> Vec<T> {
        let mut data = vec![T::zero(); rows * padded(n)];
        for row in data.chunks_exact_mut(padded(n)) {
            row[..n].fill_with(|| self.number());
        }
        data
    }
    fn fused<T: Element>(&mut self, settles: bool) -> Fused<T> {
        let (rate, keep) = (T::of(0.1), T::of(0.99));
        let momentum = |nesterov| {
            Fused::Momentum(rule::Momentum {
                rate,
                momentum: T::of(0.9),
                nesterov,
                l2: T::of(0.01),
                keep,
                settles,
            })
        };
        match self.below(6) {
            0 => Fused::Store(Store::default()),
            1 => Fused::Store(Store { add: true }),
            2 => momentum(false),
            3 => momentum(true),
            4 => Fused::Adam(rule::Adam {
                rate,
                fade_1: T::of(0.1),
                fade_2: T::of(0.001),
                epsilon: T::of(1e-7),
                keep,
                settles,
            }),
            _ => Fused::Add(rule::Add),
        }
    }
    fn rule<T: Element>(&mut self, settles: bool) -> Rule<T> {
        let (rate, keep) = (T::of(0.1), T::of(0.99));
        match self.below(11) {
            0 => Rule::Decayed(rule::Decayed {
                rate,
                l2: T::of(0.01),
                keep,
            }),
            1 => Rule::RmsProp(rule::RmsProp {
                rate,
                rho: T::of(0.9),
                momentum: T::of(0.5),
                epsilon: T::of(1e-7),
                keep,
                settles,
            }),
            2 => Rule::Adagrad(rule::Adagrad {
                rate,
                epsilon: T::of(1e-7),
                keep,
            }),
            3 => Rule::Adadelta(rule::Adadelta {
                rate,
                rho: T::of(0.9),
                epsilon: T::of(1e-7),
                keep,
                settles,
            }),
            4 => Rule::Adamax(rule::Adamax {
                rate,
                fade: T::of(0.1),
                beta: T::of(0.999),
                epsilon: T::of(1e-7),
                keep,
                settles,
            }),
            5 => Rule::Nadam(rule::Nadam {
                rate_m: rate,
                rate_g: T::of(0.02),
                fade_1: T::of(0.1),
                fade_2: T::of(0.001),
                epsilon: T::of(1e-7),
                keep,
                settles,
            }),
            6 => Rule::Lion(rule::Lion {
                rate,
                fade_1: T::of(0.1),
                fade_2: T::of(0.01),
                keep,
                settles,
            }),
            7 => Rule::Sgd(rule::Sgd { rate }),
            _ => Rule::Fused(self.fused(settles)),
        }
    }
    /// Numbers of a rule's slots, which hold squares, and some that settle.
    fn slots<T: Element>(&mut self, rule: &Rule<T>, k: usize, n: usize) -> Vec<T> {
        let mut slots: Vec<T> = self.rows(rule.slots() * k, n);
        for x in &mut slots {
            *x = x.abs();
            if !x.is_zero() && self.below(8) == 0 {
                *x = T::LITTLE / T::of(2.0);
            }
        }
        slots
    }
}

/// How many of so many random cases to try: Miri takes its time.
fn cases(count: usize) -> usize {
    if cfg!(miri) { 3 } else { count }
}

/// All four kernels on one set of matrices.
#[derive(Clone)]
struct Case<T> {
    rows: usize,
    k: usize,
    n: usize,
    rule: Fused<T>,
    /// Whether the gradient by inputs that are zero is not wanted.
    masked: bool,
    /// Whether relu follows.
    rectifies: bool,
    x: Vec<T>,
    w: Vec<T>,
    b: Vec<T>,
    dz: Vec<T>,
    slots: Vec<T>,
    bias_slots: Vec<T>,
}

/// What they give.
#[derive(Clone, PartialEq, Debug)]
struct Results<T> {
    y: Vec<T>,
    dx: Vec<T>,
    w: Vec<T>,
    slots: Vec<T>,
    b: Vec<T>,
    bias_slots: Vec<T>,
}

impl<T: Tested> Results<T> {
    fn bits(&self) -> Vec<u64> {
        [
            &self.y,
            &self.dx,
            &self.w,
            &self.slots,
            &self.b,
            &self.bias_slots,
        ]
        .into_iter()
        .flatten()
        .map(|x| x.bits())
        .collect()
    }
}

/// What stands where results will be.
const OVERWRITTEN: f64 = 77.0;

impl<T: Tested> Case<T> {
    fn new(random: &mut Random, rows: usize, k: usize, n: usize) -> Self {
        let settles = random.below(2) == 0;
        let rule = random.fused(settles);
        let b: Vec<T> = random.rows(1, n);
        let slots = random.slots(&Rule::Fused(rule), k, n);
        let bias_slots = random.slots(&Rule::Fused(rule), 1, n);
        Self {
            rows,
            k,
            n,
            rule,
            masked: random.below(2) == 1,
            rectifies: random.below(2) == 1,
            x: random.rows(rows, k),
            w: random.rows(k, n),
            b,
            dz: random.rows(rows, n),
            slots,
            bias_slots,
        }
    }

    fn empty_results(&self) -> Results<T> {
        let mut dx = vec![T::zero(); self.rows * padded(self.k)];
        let rows = dx.chunks_exact_mut(padded(self.k));
        rows.for_each(|row| row[..self.k].fill(T::of(OVERWRITTEN)));
        Results {
            y: vec![T::zero(); self.rows * padded(self.n)],
            dx,
            w: self.w.clone(),
            slots: self.slots.clone(),
            b: self.b.clone(),
            bias_slots: self.bias_slots.clone(),
        }
    }

    fn run(&self, level: Level) -> Results<T> {
        dispatch_on(level, Big(self))
    }

    /// The four definitions in `f64`; the rule is applied to what comes out.
    fn oracle(&self) -> Results<T> {
        let mut to = self.empty_results();
        let (pk, pn) = (padded(self.k), padded(self.n));
        let x = |r: usize, k: usize| self.x[r * pk + k].as_f64();
        let w = |k: usize, j: usize| self.w[k * pn + j].as_f64();
        let dz = |r: usize, j: usize| self.dz[r * pn + j].as_f64();
        let sum = |count: usize, f: &dyn Fn(usize) -> f64| (0..count).map(f).sum::<f64>();
        for r in 0..self.rows {
            for j in 0..self.n {
                let y = self.b[j].as_f64() + sum(self.k, &|k| x(r, k) * w(k, j));
                to.y[r * pn + j] = T::of(if self.rectifies { y.max(0.0) } else { y });
            }
            let masked = self.masked && self.n > 8 && skips_zeros(self.rows, self.k, pn);
            for k in 0..self.k {
                let dead = masked && x(r, k) == 0.0;
                let dx = if dead {
                    0.0
                } else {
                    sum(self.n, &|j| dz(r, j) * w(k, j))
                };
                to.dx[r * pk + k] = T::of(dx);
            }
        }
        for k in 0..self.k {
            for j in 0..self.n {
                let g = T::of(sum(self.rows, &|r| x(r, k) * dz(r, j)));
                let at = k * pn + j;
                dispatch_on(
                    Level::Fused,
                    Apply(Rule::Fused(self.rule), g, &mut to.w, at, &mut to.slots, pn),
                );
            }
        }
        let len = self.b.len();
        for j in 0..self.n {
            let g = T::of(sum(self.rows, &|r| dz(r, j)));
            dispatch_on(
                Level::Fused,
                Apply(
                    Rule::Fused(self.rule),
                    g,
                    &mut to.b,
                    j,
                    &mut to.bias_slots,
                    len,
                ),
            );
        }
        to
    }
}

/// The rule, for the gradient of weight `at` in rows of this stride.
struct Apply<'a, T>(Rule<T>, T, &'a mut [T], usize, &'a mut [T], usize);

impl<T: Element> Job for Apply<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Apply(rule, g, w, at, slots, stride) = self;
        let (row, column) = (at / stride, at % stride);
        let first = row * rule.slots() * stride + column;
        let slots = slots.get_mut(first..).unwrap_or_default();
        rule.apply(isa, &mut w[at..=at], &[g], slots, stride);
    }
}

struct Big<'a, T>(&'a Case<T>);

impl<T: Tested> Job for Big<'_, T> {
    type Output = Results<T>;
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Results<T> {
        let case = self.0;
        let mut to = case.empty_results();
        let (x, dz) = (Rows::new(&case.x, case.k), Rows::new(&case.dz, case.n));
        T::affine(
            isa,
            x,
            &case.w,
            Some(&case.b),
            case.rectifies,
            RowsMut::new(&mut to.y, case.n),
        );
        let wanted = case.masked.then_some(x);
        T::affine_input_grad(isa, dz, &case.w, wanted, RowsMut::new(&mut to.dx, case.k));
        T::affine_weight_grad(isa, x, 0, dz, case.rule, &mut to.w, &mut to.slots);
        T::bias_grad(isa, dz, case.rule, &mut to.b, &mut to.bias_slots);
        to
    }
}

struct Tiny<'a, N>(&'a Case<f32>, PhantomData<N>);

impl<N: Dim> Job for Tiny<'_, N> {
    type Output = Results<f32>;
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Results<f32> {
        let Case {
            k,
            n,
            x,
            w,
            b,
            dz,
            rule,
            ..
        } = self.0;
        let mut to = self.0.empty_results();
        let (x, dz) = (Rows::new(x, *k), Rows::new(dz, *n));
        tiny::affine::<_, I, N>(isa, x, w, Some(b), RowsMut::new(&mut to.y, *n));
        tiny::affine_input_grad::<_, I, N>(isa, dz, w, RowsMut::new(&mut to.dx, *k));
        tiny::affine_weight_grad::<_, I, N>(isa, x, dz, *rule, &mut to.w, &mut to.slots);
        tiny::bias_grad::<_, I, N>(isa, dz, *rule, &mut to.b, &mut to.bias_slots);
        to
    }
}

fn close<T: Tested>(found: &[T], expected: &[T], terms: usize, what: &str) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let (found, expected) = (found.as_f64(), expected.as_f64());
        let tolerance = T::TOLERANCE * (1.0 + terms as f64 / 8.0) * (1.0 + expected.abs());
        assert!(
            (found - expected).abs() <= tolerance,
            "{what}: {found} instead of {expected}"
        );
    }
}

fn agrees_with_definition<T: Tested>() {
    let mut random = Random(1);
    for _ in 0..cases(150) {
        let (rows, k, n) = (random.below(40), random.size(), random.size());
        let mut case = Case::<T>::new(&mut random, rows, k, n);
        // A gradient near zero makes the quotient ill-conditioned.
        if let Fused::Adam(rule) = &mut case.rule {
            rule.epsilon = T::one();
        }
        let expected = case.oracle();
        for level in Level::ALL.into_iter().filter(|level| level.available()) {
            let found = case.run(level);
            let what = alloc::format!("{rows} x {k} x {n} on {level}, {:?}", case.rule);
            close(&found.y, &expected.y, k, &what);
            close(&found.dx, &expected.dx, n, &what);
            close(&found.w, &expected.w, rows, &what);
            close(&found.slots, &expected.slots, rows, &what);
            close(&found.b, &expected.b, rows, &what);
            close(&found.bias_slots, &expected.bias_slots, rows, &what);
        }
    }
}

#[test]
fn agrees_with_definition_f32() {
    agrees_with_definition::<f32>();
}

#[test]
fn agrees_with_definition_f64() {
    agrees_with_definition::<f64>();
}

fn agrees_with_matrixmultiply<T: Tested>() {
    let mut random = Random(2);
    for (rows, k, n) in [
        (1, 784, 128),
        (2, 700, 10),
        (32, 128, 256),
        (33, 65, 49),
        (7, 100, 5),
    ] {
        let mut case = Case::<T>::new(&mut random, rows, k, n);
        case.rule = Fused::Store(Store::default());
        (case.masked, case.rectifies) = (false, false);
        case.slots = vec![T::zero(); case.w.len()];
        case.bias_slots = vec![T::zero(); case.b.len()];
        let (pk, pn) = (padded(k), padded(n));
        let mut expected = case.empty_results();
        T::product(
            [rows, k, n],
            (&case.x, [pk, 1]),
            (&case.w, [pn, 1]),
            (&mut expected.y, [pn, 1]),
        );
        T::product(
            [rows, n, k],
            (&case.dz, [pn, 1]),
            (&case.w, [1, pn]),
            (&mut expected.dx, [pk, 1]),
        );
        T::product(
            [k, rows, n],
            (&case.x, [1, pk]),
            (&case.dz, [pn, 1]),
            (&mut expected.slots, [pn, 1]),
        );
        for (i, y) in expected.y.iter_mut().enumerate() {
            *y += case.b.get(i % pn).copied().unwrap_or_default();
        }
        for level in Level::ALL.into_iter().filter(|level| level.available()) {
            let found = case.run(level);
            let what = alloc::format!("{rows} x {k} x {n} on {level}");
            close(&found.y, &expected.y, k, &what);
            close(&found.dx, &expected.dx, n, &what);
            close(&found.slots, &expected.slots, rows, &what);
            assert_eq!(found.w, case.w, "{what}: the weights were not to change");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too large")]
fn agrees_with_matrixmultiply_f32() {
    agrees_with_matrixmultiply::<f32>();
}

#[test]
#[cfg_attr(miri, ignore = "too large")]
fn agrees_with_matrixmultiply_f64() {
    agrees_with_matrixmultiply::<f64>();
}

/// Also: the padding of weights and of `dx` stays zero.
fn same_bits<T: Tested>() {
    let mut random = Random(3);
    for i in 0..cases(2000) {
        let (mut rows, mut k, mut n) = (random.below(14), random.size(), random.size());
        match i % 100 {
            // More inputs than are listed at a time when zeros are skipped.
            0 => (rows, k) = (1, k + 1100),
            // Blocks of samples, of more columns than are transposed at a time.
            1 | 2 => (rows, n) = (rows + 30, n + 120),
            // More samples than the near caches hold.
            3 if i % 400 == 3 => (rows, k, n) = (rows + 1100, k + 70, n + 50),
            3..20 => rows += 20,
            _ => {}
        }
        let case = Case::<T>::new(&mut random, rows, k, n);
        let expected = case.run(Level::Fused);
        let check = |level: Level, expected: &Results<T>| {
            let same = case.run(level).bits() == expected.bits();
            assert!(same, "{rows} x {k} x {n} on {level}, {:?}", case.rule);
        };
        for level in [Level::Neon, Level::Avx2, Level::Avx512] {
            if level.available() {
                check(level, &expected);
            }
        }
        // `Plain` leaves large products to `matrixmultiply`.
        if Level::Simd128.available() && case.rows * k * n < LARGE {
            check(Level::Simd128, &case.run(Level::Plain));
        }
        for row in expected.dx.chunks_exact(padded(k)) {
            assert!(row[k..].iter().all(|x| x.is_zero()));
        }
        for row in expected.w.chunks_exact(padded(n)) {
            assert!(row[n..].iter().all(|w| w.is_zero()));
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "Miri runs the portable level only")]
fn same_bits_f32() {
    same_bits::<f32>();
}

#[test]
#[cfg_attr(miri, ignore = "Miri runs the portable level only")]
fn same_bits_f64() {
    same_bits::<f64>();
}

/// A tiny layer against the large kernels. (Their order of sums is the same for less than a block of
/// samples; zeros are not skipped in matrices this small.)
fn check_tiny<N: Dim>(k: usize) {
    let mut random = Random(11);
    for rows in 0..BLOCK {
        let mut case = Case::new(&mut random, rows, k, N::USIZE);
        case.rectifies = false;
        for level in Level::ALL.into_iter().filter(|level| level.available()) {
            let mut expected = case.run(level);
            if k >= 4 && N::USIZE > 16 {
                expected.y = in_four_sums(&case, level);
            }
            let mut found = dispatch_on(level, Tiny::<N>(&case, PhantomData));
            for y in [&mut found.y, &mut expected.y] {
                let rows = y.chunks_exact_mut(padded(N::USIZE));
                rows.for_each(|y| y[N::USIZE..].fill(0.0));
            }
            assert_eq!(
                found.bits(),
                expected.bits(),
                "{rows} x {k} x {} on {level}",
                N::USIZE
            );
        }
    }
}

/// The outputs of a tiny layer by its own order: input i goes into sum i modulo 4.
fn in_four_sums(case: &Case<f32>, level: Level) -> Vec<f32> {
    let (pk, pn) = (padded(case.k), padded(case.n));
    let mut y = vec![0.0; case.rows * pn];
    for row in 0..case.rows {
        for j in 0..case.n {
            let mut sums = [case.b[j], 0.0, 0.0, 0.0];
            for k in 0..case.k {
                let (x, w, sum) = (case.x[row * pk + k], case.w[k * pn + j], &mut sums[k % 4]);
                *sum = match level.fused() {
                    true => f32::mul_add(x, w, *sum),
                    false => x * w + *sum,
                };
            }
            y[row * pn + j] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        }
    }
    y
}

/// But for the order of sums in the forward pass of more than 16 outputs, which is its own.
#[test]
#[cfg_attr(miri, ignore = "too large")]
fn tiny_gives_the_same_bits() {
    check_tiny::<U1>(2);
    check_tiny::<U1>(16);
    check_tiny::<U3>(32);
    check_tiny::<U8>(9);
    check_tiny::<U16>(5);
    check_tiny::<U30>(20);
}

/// A gradient that is stored and then applied weight by weight, and one applied in the kernel.
#[test]
fn rules_give_the_bits_of_apply() {
    let mut random = Random(5);
    for _ in 0..cases(200) {
        let (rows, k, n) = (1 + random.below(9), random.size(), random.size());
        let case = Case::<f32>::new(&mut random, rows, k, n);
        let mut stored = case.clone();
        stored.rule = Fused::Store(Store::default());
        stored.slots = vec![0.0; case.w.len()];
        stored.bias_slots = vec![0.0; case.b.len()];
        for level in Level::ALL.into_iter().filter(|level| level.available()) {
            let (found, gradients) = (case.run(level), stored.run(level));
            let mut expected = Results {
                y: found.y.clone(),
                dx: found.dx.clone(),
                ..case.empty_results()
            };
            let stride = padded(n);
            for (at, &g) in gradients.slots.iter().enumerate() {
                dispatch_on(
                    level,
                    Apply(
                        Rule::Fused(case.rule),
                        g,
                        &mut expected.w,
                        at,
                        &mut expected.slots,
                        stride,
                    ),
                );
            }
            let len = case.b.len();
            for (at, &g) in gradients.bias_slots.iter().enumerate() {
                let slots = &mut expected.bias_slots;
                dispatch_on(
                    level,
                    Apply(Rule::Fused(case.rule), g, &mut expected.b, at, slots, len),
                );
            }
            assert_eq!(
                found.bits(),
                expected.bits(),
                "{rows} x {k} x {n} on {level}, {:?}",
                case.rule
            );
        }
    }
}

/// Both products with one sample in one pass: dx, and what becomes of w.
struct Descends<'a, T>(&'a Case<T>);

impl<T: Tested> Job for Descends<'_, T> {
    type Output = [Vec<T>; 2];
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Self::Output {
        let case = self.0;
        let Results { mut dx, mut w, .. } = case.empty_results();
        let (x, dz) = (Rows::new(&case.x, case.k), Rows::new(&case.dz, case.n));
        T::descent(isa, x, dz, &mut w, RowsMut::new(&mut dx, case.k));
        [dx, w]
    }
}

/// One pass over the weights, and two.
fn one_pass_or_two<T: Tested>() {
    let mut random = Random(14);
    for i in 0..cases(400) {
        let (mut k, mut n) = (random.size(), random.size());
        (k, n) = (k + 60, n + 8);
        if i % 8 == 0 {
            // More inputs than are listed at a time.
            k += 600;
        }
        if !descends(k, n, padded(n)) {
            continue;
        }
        let mut case = Case::<T>::new(&mut random, 1, k, n);
        (case.rule, case.masked) = (Fused::Add(rule::Add), true);
        (case.slots, case.bias_slots) = (Vec::new(), Vec::new());
        for level in Level::ALL.into_iter().filter(|level| level.available()) {
            let Results { dx, w, .. } = case.run(level);
            let found = dispatch_on(level, Descends(&case));
            let bits = |[dx, w]: [Vec<T>; 2]| dx.iter().chain(&w).map(|x| x.bits()).collect();
            let (found, expected): (Vec<u64>, Vec<u64>) = (bits(found), bits([dx, w]));
            assert_eq!(found, expected, "{k} x {n} on {level}");
        }
    }
}

#[test]
fn one_pass_gives_the_bits_of_two() {
    one_pass_or_two::<f32>();
    one_pass_or_two::<f64>();
}

/// The rule, for gradients that lie in memory: in rows of `n`.
struct Stored<'a, T> {
    rule: Rule<T>,
    adjust: Adjust<T>,
    n: usize,
    g: &'a [T],
    w: &'a [T],
    slots: &'a [T],
}

impl<T: Element> Job for Stored<'_, T> {
    /// The weights and their slots.
    type Output = [Vec<T>; 2];
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> [Vec<T>; 2] {
        let (mut w, mut slots) = (self.w.to_vec(), self.slots.to_vec());
        let stride = padded(self.n);
        T::apply_rule(
            isa,
            self.rule,
            self.adjust,
            stride,
            self.g,
            &mut w,
            &mut slots,
        );
        [w, slots]
    }
}

/// Gradients that are stored first, and adjusted on the way, give the bits of those that the rule gets one
/// by one.
fn stored_gradients<T: Tested>() {
    let mut random = Random(9);
    for _ in 0..cases(300) {
        let (k, n) = (random.size(), random.size());
        let settles = random.below(2) == 0;
        let rule = random.rule(settles);
        let (g, w) = (random.rows(k, n), random.rows(k, n));
        let slots = random.slots(&rule, k, n);
        for level in Level::ALL.into_iter().filter(|level| level.available()) {
            for (scale, limit) in [(1.0, f64::INFINITY), (0.5, 0.25)] {
                let found = Stored {
                    rule,
                    adjust: Adjust {
                        scale: T::of(scale),
                        limit: T::of(limit),
                    },
                    n,
                    g: &g,
                    w: &w,
                    slots: &slots,
                };
                let mut expected = [w.clone(), slots.clone()];
                for (at, g) in g.iter().enumerate() {
                    let g = T::of((g.as_f64() * scale).clamp(-limit, limit));
                    let [w, slots] = &mut expected;
                    dispatch_on(level, Apply(rule, g, w, at, slots, padded(n)));
                }
                let found = dispatch_on(level, found);
                assert!(found == expected, "{k} x {n} on {level}, {rule:?}");
            }
        }
    }
}

#[test]
fn stored_gradients_give_the_same_bits() {
    stored_gradients::<f32>();
    stored_gradients::<f64>();
}

#[test]
fn adjusted_gradients_stay_what_is_not_a_number() {
    let (w, slots) = ([0.0; 3 * 32], [0.0; 3 * 32]);
    let mut g = [f32::NAN; 3 * 32];
    (g[1], g[2], g[3]) = (f32::INFINITY, f32::NEG_INFINITY, 1e30);
    for level in Level::ALL.into_iter().filter(|level| level.available()) {
        let stored = Stored {
            rule: Rule::Fused(Fused::Store(Store::default())),
            adjust: Adjust {
                scale: 1.0,
                limit: 2.0,
            },
            n: 20,
            g: &g,
            w: &w,
            slots: &slots,
        };
        let [_, found] = dispatch_on(level, stored);
        assert_eq!(found[1..4], [2.0, -2.0, 2.0], "{level}");
        assert!(found[0].is_nan() && found[4..].iter().all(|g| g.is_nan()));
    }
}

/// The sign of any number but the smallest: 0 of 0.
#[test]
fn lion_goes_by_the_sign() {
    let rule = Rule::Lion(rule::Lion {
        rate: 0.5,
        fade_1: 1.0,
        fade_2: 0.0,
        keep: 1.0,
        settles: false,
    });
    let least = f32::MIN_POSITIVE;
    let g = [
        0.0,
        -0.0,
        least,
        -least,
        1.0,
        f32::MAX,
        f32::NEG_INFINITY,
        3e-20,
    ];
    for level in Level::ALL.into_iter().filter(|level| level.available()) {
        let stored = Stored {
            rule,
            adjust: Adjust::nothing(),
            n: 8,
            g: &g,
            w: &[0.0; 8],
            slots: &[0.0; 8],
        };
        let [w, _] = dispatch_on(level, stored);
        assert_eq!(w, [0.0, 0.0, -0.5, 0.5, -0.5, -0.5, 0.5, -0.5], "{level}");
    }
}

/// A batch gives each sample what it gets alone.
#[test]
#[cfg_attr(miri, ignore = "too large")]
fn batches_do_not_matter() {
    let mut random = Random(6);
    for (rows, k, n) in [(13, 70, 33), (9, 800, 17), (5, 20, 8), (7, 40, 1)] {
        let mut case = Case::<f32>::new(&mut random, rows, k, n);
        (case.masked, case.rectifies) = (false, n > 8);
        let together = case.run(Level::current());
        for row in 0..rows {
            let mut alone = case.clone();
            alone.rows = 1;
            alone.x = case.x[row * padded(k)..][..padded(k)].to_vec();
            alone.dz = case.dz[row * padded(n)..][..padded(n)].to_vec();
            let alone = alone.run(Level::current());
            assert_eq!(alone.y, together.y[row * padded(n)..][..padded(n)]);
            assert_eq!(alone.dx, together.dx[row * padded(k)..][..padded(k)]);
        }
    }
}

/// An activation, in place.
struct Activated<'a, A>(&'a mut [f32], usize, PhantomData<A>);

impl<A: Activation> Job for Activated<'_, A> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        A::forward(isa, RowsMut::new(self.0, self.1));
    }
}

/// Relu as kernels do it has the bits of the activation, NaN and negative zeros included.
#[test]
fn relu_is_the_activation() {
    let mut random = Random(9);
    for (rows, k, n) in [
        (1, 70, 33),
        (1, 4, 40),
        (9, 70, 33),
        (5, 20, 8),
        (1, 3, 40),
        (1, 2100, 17),
    ] {
        if cfg!(miri) && k > 50 {
            continue; // too large
        }
        let mut case = Case::<f32>::new(&mut random, rows, k, n);
        if rows > 1 {
            case.x[..k].fill(0.0); // A sample whose outputs are the biases.
        }
        (case.b[0], case.b[1], case.b[2]) = (f32::NAN, -0.0, f32::NEG_INFINITY);
        for level in Level::ALL.into_iter().filter(|level| level.available()) {
            case.rectifies = false;
            let mut expected = case.run(level).y;
            dispatch_on(level, Activated::<Relu>(&mut expected, n, PhantomData));
            case.rectifies = true;
            let found = case.run(level).y;
            for (found, expected) in found.chunks(padded(n)).zip(expected.chunks(padded(n))) {
                // (Nobody says which NaN it is.)
                let bits = |y: f32| if y.is_nan() { None } else { Some(y.to_bits()) };
                let bits = |y: &[f32]| y[..n].iter().map(|&y| bits(y)).collect::<Vec<_>>();
                assert_eq!(bits(found), bits(expected), "{rows} x {k} x {n} on {level}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "the weights do not fit")]
fn too_few_weights_are_refused() {
    let mut case = Case::<f32>::new(&mut Random(7), 2, 3, 5);
    case.w.pop();
    case.run(Level::current());
}

#[test]
#[should_panic(expected = "the optimiser's numbers do not fit")]
fn too_few_slots_are_refused() {
    let mut case = Case::<f32>::new(&mut Random(8), 2, 3, 5);
    case.rule = Fused::Store(Store::default());
    case.slots.clear();
    case.run(Level::current());
}

/// After the last gradient that is not zero, what decays gets to zero, and is not subnormal for long.
fn fades_to_zero<T: Tested>(steps: usize) {
    for seed in 0..cases(20) as u64 {
        let rules: [Rule<T>; 2] = [false, true].map(|settles| Random(seed).rule(settles));
        let rule = rules[0];
        let keeps_all = matches!(rule, Rule::Adagrad(_) | Rule::Fused(Fused::Store(_)));
        let (mut w, mut slots, mut subnormal) = ([T::one()], [T::zero(); 2], 0);
        for step in 0..if cfg!(miri) { 3 } else { steps } {
            let g = T::of(if step == 0 { 1e-3 } else { 0.0 });
            // (With an l2 penalty the weight itself would go on giving gradients.)
            w[0] = T::zero();
            let rule = rules[usize::from(rule::settles(step as u64))];
            dispatch_on(Level::Fused, Apply(rule, g, &mut w, 0, &mut slots, 1));
            let is_subnormal = |x: &T| !x.is_zero() && x.abs() < T::MIN_NORMAL;
            subnormal += slots.iter().filter(|x| is_subnormal(x)).count();
        }
        let gone = slots.iter().all(|x| x.is_zero());
        assert!(keeps_all || cfg!(miri) || gone, "{slots:?} of {rule:?}");
        assert!(subnormal <= 4, "{subnormal} times of {rule:?}");
    }
}

#[test]
fn fades_to_zero_f32() {
    fades_to_zero::<f32>(100_000);
}

#[test]
fn fades_to_zero_f64() {
    fades_to_zero::<f64>(800_000);
}
