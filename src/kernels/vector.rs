//! The vocabulary of the kernels: a vector of numbers, and what can be done with it.
//!
//! A type that implements [`Simd`] is a token, not a vector: whoever holds one is on a processor
//! that has its instructions, which is why its arithmetic is safe to call. The vectors themselves
//! are the plain register types of the instruction set.
//!
//! There is a token for every power of two up to the widest register, because a matrix of 1, 2, 4
//! or 8 columns is handled by the same kernels with a narrower vector. A [`Kernel`] is written
//! once for any token; each instruction set hands it the right one.

use crate::math::Real;

/// Vectors of `LANES` numbers, as one instruction set has them. Everything is lane by lane and
/// rounds as IEEE 754 says, so that equal calls give equal bits with every token whose
/// multiply-add is fused.
pub trait Simd: Copy {
    /// One number.
    type E: Real;
    /// A register of them.
    type V: Copy;
    /// How many numbers a vector holds.
    const LANES: usize;
    /// How many rows the large register tile has, two vectors wide: as many as leave registers
    /// for the operands. 8, 6 or 4.
    const ROWS: usize;
    /// Whether there are wider vectors, so that these serve only rows of exactly one vector.
    const NARROW: bool;
    /// Whether rows may have an odd number of vectors.
    const ODD: bool = Self::NARROW || Self::LANES == 16;

    /// `x` in each lane.
    fn splat(self, x: Self::E) -> Self::V;
    /// Reads `LANES` numbers.
    ///
    /// # Safety
    /// They must be readable.
    unsafe fn load(self, from: *const Self::E) -> Self::V;
    /// Writes `LANES` numbers.
    ///
    /// # Safety
    /// They must be writable.
    unsafe fn store(self, v: Self::V, to: *mut Self::E);
    /// `a b + c`.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a b`.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// The square root.
    fn sqrt(self, a: Self::V) -> Self::V;
    /// The smaller one; `b` where either is NaN, or both are zeros.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// The larger one; `b` where either is NaN, or both are zeros.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;

    /// `a0 b0 a1 b1 ...`, in two vectors.
    #[inline(always)]
    fn interleave(self, a: Self::V, b: Self::V) -> [Self::V; 2] {
        let (mut from, mut to) = ([num_traits::zero(); 32], [num_traits::zero(); 32]);
        // SAFETY: two vectors have at most 32 lanes.
        unsafe {
            self.store(a, from.as_mut_ptr());
            self.store(b, from.as_mut_ptr().add(16));
            for i in 0..Self::LANES {
                (to[2 * i], to[2 * i + 1]) = (from[i], from[16 + i]);
            }
            [
                self.load(to.as_ptr()),
                self.load(to.as_ptr().add(Self::LANES)),
            ]
        }
    }

    /// 0 in each lane.
    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(num_traits::zero())
    }

    /// `a`, but not outside of `-limit` to `limit`; NaN where `a` is.
    #[inline(always)]
    fn clamp(self, limit: Self::E, a: Self::V) -> Self::V {
        let low = self.splat(-limit);
        self.max(low, self.min(self.splat(limit), a))
    }

    /// `-a`, exactly, zeros included.
    #[inline(always)]
    fn neg(self, a: Self::V) -> Self::V {
        self.sub(self.splat(-Self::E::default()), a)
    }

    /// Reads `count` numbers, at most `LANES`, and fills up with zeros.
    ///
    /// # Safety
    /// They must be readable.
    #[inline(always)]
    unsafe fn load_first(self, from: *const Self::E, count: usize) -> Self::V {
        let mut all = [num_traits::zero(); 16];
        // SAFETY: `count <= LANES <= 16`, and the caller vouches for the source.
        unsafe {
            core::ptr::copy_nonoverlapping(from, all.as_mut_ptr(), count);
            self.load(all.as_ptr())
        }
    }

    /// Writes the first `count` numbers, at most `LANES`.
    ///
    /// # Safety
    /// They must be writable.
    #[inline(always)]
    unsafe fn store_first(self, v: Self::V, to: *mut Self::E, count: usize) {
        let mut all = [num_traits::zero(); 16];
        // SAFETY: `count <= LANES <= 16`, and the caller vouches for the target.
        unsafe {
            self.store(v, all.as_mut_ptr());
            core::ptr::copy_nonoverlapping(all.as_ptr(), to, count);
        }
    }

    /// Writes the places of those of `LANES` numbers that are not zero, counted from `first`, and
    /// says how many they are. (Without branches: nobody can predict them.)
    ///
    /// # Safety
    /// The numbers must be readable, and `LANES` places writable.
    #[inline(always)]
    unsafe fn nonzero(self, from: *const Self::E, first: u32, to: *mut u32) -> usize {
        let mut count = 0;
        for i in 0..Self::LANES {
            // SAFETY: the caller's, for at most as many places are written as numbers read.
            unsafe {
                *to.add(count) = first + i as u32;
                count += usize::from(!num_traits::Zero::is_zero(&*from.add(i)));
            }
        }
        count
    }

    /// `v` where `a` is equal to `b`, 0 elsewhere.
    #[inline(always)]
    fn where_equal(self, a: Self::V, b: Self::V, v: Self::V) -> Self::V {
        let [mut a_lanes, mut b_lanes, mut lanes] = [[num_traits::zero(); 16]; 3];
        // SAFETY: a vector has at most 16 lanes.
        unsafe {
            self.store(a, a_lanes.as_mut_ptr());
            self.store(b, b_lanes.as_mut_ptr());
            self.store(v, lanes.as_mut_ptr());
            for i in 0..Self::LANES {
                if a_lanes[i] != b_lanes[i] {
                    lanes[i] = num_traits::zero();
                }
            }
            self.load(lanes.as_ptr())
        }
    }

    /// `x` where `a` is above `b`, `y` elsewhere, also where either is NaN.
    #[inline(always)]
    fn where_above(self, a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V {
        let [mut a_lanes, mut b_lanes, mut x_lanes, mut lanes] = [[num_traits::zero(); 16]; 4];
        // SAFETY: a vector has at most 16 lanes.
        unsafe {
            self.store(a, a_lanes.as_mut_ptr());
            self.store(b, b_lanes.as_mut_ptr());
            self.store(x, x_lanes.as_mut_ptr());
            self.store(y, lanes.as_mut_ptr());
            for i in 0..Self::LANES {
                if a_lanes[i] > b_lanes[i] {
                    lanes[i] = x_lanes[i];
                }
            }
            self.load(lanes.as_ptr())
        }
    }

    /// Looks up numbers in a table of eight: four lie at `low`, four at `high`. Each lane of `at` says which,
    /// counted from [`Real::WHOLE`]. (What is no place in the table is taken modulo 8.)
    ///
    /// # Safety
    /// All eight must be readable.
    #[inline(always)]
    unsafe fn look_up(self, low: *const Self::E, high: *const Self::E, at: Self::V) -> Self::V {
        let mut lanes = [num_traits::zero(); 16];
        // SAFETY: a vector has at most 16 lanes; the caller vouches for the table.
        unsafe {
            self.store(at, lanes.as_mut_ptr());
            for lane in &mut lanes[..Self::LANES] {
                let at = lane.above_whole() % 8;
                *lane = *if at < 4 {
                    low.add(at)
                } else {
                    high.add(at - 4)
                };
            }
            self.load(lanes.as_ptr())
        }
    }

    /// Which of `LANES` numbers are not zero: bit i for number i.
    ///
    /// # Safety
    /// They must be readable.
    #[inline(always)]
    unsafe fn mask(self, from: *const Self::E) -> u32 {
        let mut mask = 0;
        for i in 0..Self::LANES {
            // SAFETY: the caller's.
            mask |= u32::from(!num_traits::Zero::is_zero(unsafe { &*from.add(i) })) << i;
        }
        mask
    }

    /// The sum of each vector's lanes, by halves: lane i takes lane i + `LANES`/2, then those
    /// i + `LANES`/4, down to one.
    #[inline(always)]
    fn sum4(self, v: [Self::V; 4]) -> [Self::E; 4] {
        v.map(|v| {
            let mut lane = [num_traits::zero(); 16];
            // SAFETY: a vector has at most 16 lanes.
            unsafe { self.store(v, lane.as_mut_ptr()) };
            let mut half = Self::LANES / 2;
            while half > 0 {
                for i in 0..half {
                    lane[i] += lane[i + half];
                }
                half /= 2;
            }
            lane[0]
        })
    }
}

/// The 16 lanes of a dot, halved down to those of one register. `part` gives the registers that they fill.
#[inline(always)]
pub fn halved<S: Simd>(s: S, part: impl Fn(usize) -> S::V) -> S::V {
    match S::LANES {
        16 => part(0),
        8 => s.add(part(0), part(1)),
        4 => s.add(s.add(part(0), part(2)), s.add(part(1), part(3))),
        _ => unreachable!("no dots are made of such vectors"),
    }
}

/// The transpose of a square of numbers, whose rows are the first `LANES` vectors.
///
/// Each round turns number (row, column), read as one binary number, by one place to the left; after as
/// many rounds as a column has binary places, row and column have changed places.
#[inline(always)]
pub fn transpose<S: Simd>(s: S, mut rows: [S::V; 16]) -> [S::V; 16] {
    let half = S::LANES / 2;
    for _ in 0..S::LANES.trailing_zeros() {
        let before = rows;
        for i in 0..half {
            [rows[2 * i], rows[2 * i + 1]] = s.interleave(before[i], before[half + i]);
        }
    }
    rows
}

/// A computation that is written once for all vectors.
pub trait Kernel<T> {
    /// The stride of the rows that its vectors run along: no vector may be longer.
    fn stride(&self) -> usize;
    /// Computes it.
    fn run<S: Simd<E = T>>(self, s: S);
}

/// The vectors of one instruction set: its tokens, and `run`, which chooses among them.
macro_rules! vectors {
    ($run:ident: $element:ty, $($stride:pat => $token:expr),*) => {
        /// Runs a kernel with the widest vectors that its stride allows.
        ///
        /// # Safety
        /// The processor must have the instructions of this module.
        #[inline(always)]
        pub unsafe fn $run<K: Kernel<$element>>(kernel: K) {
            match kernel.stride() {
                $($stride => kernel.run($token),)*
            }
        }
    };
}

/// A token whose operations are one intrinsic each.
macro_rules! token {
    (
        $name:ident: [$element:ty; $lanes:literal] in $vector:ty, $rows:literal rows, narrow $narrow:literal,
        $splat:path, $load:path, $store:path,
        $fma:path, $add:path, $sub:path, $mul:path, $div:path, $sqrt:path,
        $min:path, $max:path
        $(, interleave $interleave:path)?
        $(, sum4 $sum4:path)?
        $(, nonzero $nonzero:path)?
        $(, mask $mask:path)?
        $(, where_equal $where_equal:path)?
        $(, where_above $where_above:path)?
        $(, look_up $look_up:path)?
    ) => {
        #[derive(Clone, Copy)]
        pub struct $name(pub(super) ());

        // SAFETY of all that follows: tokens are made by `vectors!` only, in functions whose
        // callers vouch for the instructions; for memory, callers of `load` and `store` do.
        impl Simd for $name {
            type E = $element;
            type V = $vector;
            const LANES: usize = $lanes;
            const ROWS: usize = $rows;
            const NARROW: bool = $narrow;
            #[inline(always)]
            fn splat(self, x: $element) -> $vector {
                // SAFETY: see above.
                unsafe { $splat(x) }
            }
            #[inline(always)]
            unsafe fn load(self, from: *const $element) -> $vector {
                // SAFETY: see above.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, v: $vector, to: *mut $element) {
                // SAFETY: see above.
                unsafe { $store(to, v) }
            }
            #[inline(always)]
            fn fma(self, a: $vector, b: $vector, c: $vector) -> $vector {
                // SAFETY: see above.
                unsafe { $fma(a, b, c) }
            }
            #[inline(always)]
            fn add(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: see above.
                unsafe { $add(a, b) }
            }
            #[inline(always)]
            fn sub(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: see above.
                unsafe { $sub(a, b) }
            }
            #[inline(always)]
            fn mul(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: see above.
                unsafe { $mul(a, b) }
            }
            #[inline(always)]
            fn div(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: see above.
                unsafe { $div(a, b) }
            }
            #[inline(always)]
            fn sqrt(self, a: $vector) -> $vector {
                // SAFETY: see above.
                unsafe { $sqrt(a) }
            }
            #[inline(always)]
            fn min(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: see above.
                unsafe { $min(a, b) }
            }
            #[inline(always)]
            fn max(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: see above.
                unsafe { $max(a, b) }
            }
            $(
                #[inline(always)]
                fn interleave(self, a: $vector, b: $vector) -> [$vector; 2] {
                    // SAFETY: see above.
                    unsafe { $interleave(a, b) }
                }
            )?
            $(
                #[inline(always)]
                unsafe fn nonzero(self, from: *const $element, first: u32, to: *mut u32) -> usize {
                    // SAFETY: see above.
                    unsafe { $nonzero(from, first, to) }
                }
            )?
            $(
                #[inline(always)]
                unsafe fn mask(self, from: *const $element) -> u32 {
                    // SAFETY: see above.
                    unsafe { $mask(from) }
                }
            )?
            $(
                #[inline(always)]
                fn where_equal(self, a: $vector, b: $vector, v: $vector) -> $vector {
                    // SAFETY: see above.
                    unsafe { $where_equal(a, b, v) }
                }
            )?
            $(
                #[inline(always)]
                fn where_above(
                    self,
                    a: $vector,
                    b: $vector,
                    x: $vector,
                    y: $vector,
                ) -> $vector {
                    // SAFETY: see above.
                    unsafe { $where_above(a, b, x, y) }
                }
            )?
            $(
                #[inline(always)]
                unsafe fn look_up(
                    self,
                    low: *const $element,
                    high: *const $element,
                    at: $vector,
                ) -> $vector {
                    // SAFETY: see above.
                    unsafe { $look_up(low, high, at) }
                }
            )?
            $(
                #[inline(always)]
                fn sum4(self, v: [$vector; 4]) -> [$element; 4] {
                    // SAFETY: see above.
                    unsafe { $sum4(v) }
                }
            )?
        }
    };
}

/// The kernels, compiled for one instruction set and one type of number. Not generic, so that
/// they are compiled here and not in the crates that use them. No features are named where the
/// whole program is compiled for them.
macro_rules! compiled {
    ($name:ident: $element:ty, $kernel:ident => $run:expr $(, features $features:literal)?) => {
        pub mod $name {
            use crate::kernels::rule::{Fused, Step, with_rule};
            use crate::kernels::conv::{ALL, ConvWeightGrad, Correlate, HALVED, OneWay, PICKED, Pooled, Sparse, Square};
            use crate::kernels::{
                Applied, Apply, BiasGrad, BlockInputGrad, Descent, Forward, InputGrad, Ruled, Turn, WeightGrad,
            };

            $(#[target_feature(enable = $features)])?
            pub fn forward($kernel: Forward<'_, $element>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            pub fn input_grad($kernel: InputGrad<'_, $element>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            pub fn block_input_grad($kernel: BlockInputGrad<'_, $element>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            pub fn weight_grad($kernel: WeightGrad<'_, $element>) {
                match $kernel.rule() {
                    Fused::Add(_) => added($kernel),
                    Fused::Store(rule) => ruled(Ruled($kernel, rule)),
                    Fused::Momentum(rule) => ruled(Ruled($kernel, rule)),
                    Fused::Adam(rule) => ruled(Ruled($kernel, rule)),
                }
            }
            // A function for each rule: unoptimised, all of them together take more stack than a
            // thread may have.
            $(#[target_feature(enable = $features)])?
            #[inline(never)]
            fn added($kernel: WeightGrad<'_, $element>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            #[inline(never)]
            fn ruled<R: Step<$element>>($kernel: Ruled<'_, $element, R>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            pub fn descent($kernel: Descent<'_, $element>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            pub fn bias_grad($kernel: BiasGrad<'_, $element>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            pub fn correlate($kernel: Correlate<'_, $element>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            pub fn pooled($kernel: Pooled<'_, $element>) {
                match $kernel.side() {
                    3 => square(Square::<_, 3>($kernel)),
                    5 => square(Square::<_, 5>($kernel)),
                    _ => square(Square::<_, 0>($kernel)),
                }
            }
            $(#[target_feature(enable = $features)])?
            #[inline(never)]
            fn square<const K: usize>($kernel: Square<'_, $element, K>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            pub fn conv_weight_grad($kernel: ConvWeightGrad<'_, $element>) {
                match $kernel.way() {
                    ALL => one_way(OneWay::<_, ALL>($kernel)),
                    PICKED => one_way(OneWay::<_, PICKED>($kernel)),
                    _ => one_way(OneWay::<_, HALVED>($kernel)),
                }
            }
            $(#[target_feature(enable = $features)])?
            #[inline(never)]
            fn one_way<const WAY: usize>($kernel: OneWay<'_, $element, WAY>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            pub fn sparse_conv_grad($kernel: Sparse<'_, $element>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            pub fn turn($kernel: Turn<'_, $element>) {
                $run
            }
            $(#[target_feature(enable = $features)])?
            pub fn apply($kernel: Apply<'_, $element>) {
                with_rule!($kernel.rule(), rule => applied(Applied($kernel, rule)));
            }
            $(#[target_feature(enable = $features)])?
            #[inline(never)]
            fn applied<R: Step<$element>>($kernel: Applied<'_, $element, R>) {
                $run
            }
        }
    };
}

pub(super) use {compiled, token, vectors};
