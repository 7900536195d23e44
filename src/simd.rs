//! Which instructions a computation may use, chosen once for a whole call.
//!
//! A computation is a [`Job`]: its `run` is generic over an [`Isa`], and [`dispatch`] runs it inside
//! a function compiled for the best instruction set of this processor. Everything a job calls is
//! inlined into that function (`#[inline(always)]` down to the loops), so one check at the door is
//! all that the choice costs.
//!
//! [`Avx512`], [`Avx2`], [`Neon`] and [`Fused`] give the same bits: each product is added with one
//! fused multiply-add, in one order. [`Plain`] is for processors without that instruction, where it
//! would have to be emulated; there a product is rounded before it is added, and results differ in
//! the last digits. So they do with [`Simd128`]: WebAssembly has no multiply-add that gives the same
//! bits everywhere.

use core::fmt;

/// The instruction sets that Plywood has code for, from the humblest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Portable code, products rounded before they are added.
    Plain = 1,
    /// WebAssembly with vectors, if the compiler was told of them (`-C target-feature=+simd128`).
    /// Products are rounded before they are added.
    Simd128 = 2,
    /// Portable code with fused multiply-add, slow where the processor has none. The reference
    /// for the bits of the levels above it.
    Fused = 3,
    /// 64-bit ARM.
    Neon = 4,
    /// x86-64 with AVX2 and FMA.
    Avx2 = 5,
    /// x86-64 with AVX-512 (F, VL, DQ, BW).
    Avx512 = 6,
}

impl Level {
    /// Every level, in ascending order.
    pub const ALL: [Level; 6] = [
        Level::Plain,
        Level::Simd128,
        Level::Fused,
        Level::Neon,
        Level::Avx2,
        Level::Avx512,
    ];

    /// The level's name, as the environment variable `PLYWOOD_ISA` takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Plain => "plain",
            Level::Simd128 => "simd128",
            Level::Fused => "fused",
            Level::Neon => "neon",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    /// Whether products are added without being rounded first: all levels that do so give the same
    /// bits.
    pub const fn fused(self) -> bool {
        !matches!(self, Level::Plain | Level::Simd128)
    }

    /// Whether this processor can run code of this level.
    pub fn available(self) -> bool {
        match self {
            Level::Plain => true,
            Level::Simd128 => HAS_SIMD128,
            Level::Fused => HAS_FUSED,
            Level::Neon => HAS_NEON,
            Level::Avx2 => x86::has_avx2(),
            Level::Avx512 => x86::has_avx512(),
        }
    }

    /// The level that [`dispatch`] uses on this processor: the widest available one, or what the
    /// environment variable `PLYWOOD_ISA` names if that one is available (feature `std`).
    pub fn current() -> Level {
        use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
        static CHOSEN: AtomicU8 = AtomicU8::new(0);
        match CHOSEN.load(Relaxed) {
            1 => Level::Plain,
            2 => Level::Simd128,
            3 => Level::Fused,
            4 => Level::Neon,
            5 => Level::Avx2,
            6 => Level::Avx512,
            _ => {
                let level = Level::asked_for().unwrap_or_else(Level::best);
                CHOSEN.store(level as u8, Relaxed);
                level
            }
        }
    }

    fn best() -> Level {
        if Level::Avx512.available() {
            Level::Avx512
        } else if Level::Avx2.available() {
            Level::Avx2
        } else if HAS_NEON {
            Level::Neon
        } else if cfg!(target_feature = "fma") {
            Level::Fused
        } else if HAS_SIMD128 {
            Level::Simd128
        } else {
            Level::Plain
        }
    }

    #[cfg(feature = "std")]
    fn asked_for() -> Option<Level> {
        let name = std::env::var("PLYWOOD_ISA").ok()?;
        Level::ALL
            .into_iter()
            .find(|level| level.name() == name && level.available())
    }

    #[cfg(not(feature = "std"))]
    fn asked_for() -> Option<Level> {
        None
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An instruction set as a type: what a [`Job`] is compiled for. There are no others than those
/// here: whoever has a value of one may use its instructions.
pub trait Isa: sealed::Sealed + Copy + Send + Sync + 'static {
    /// The same as a value.
    const LEVEL: Level;
    /// Whether a product is added without being rounded first.
    const FUSED: bool = Self::LEVEL.fused();
    /// Runs a job in a function of its own, compiled for these instructions: for work that another
    /// thread may do, or that is too large to be inlined.
    fn enter<J: Job>(self, job: J) -> J::Output;
}

/// See [`Level::Plain`].
#[derive(Clone, Copy, Debug)]
pub struct Plain(());
/// See [`Level::Simd128`]. A value of this type exists only where the compiler was told of these
/// instructions.
#[derive(Clone, Copy, Debug)]
pub struct Simd128(());
/// See [`Level::Fused`].
#[derive(Clone, Copy, Debug)]
pub struct Fused(());
/// See [`Level::Neon`]. A value of this type exists only where the processor has these instructions.
#[derive(Clone, Copy, Debug)]
pub struct Neon(());
/// See [`Level::Avx2`]. A value of this type exists only where the processor has these instructions.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());
/// See [`Level::Avx512`]. A value of this type exists only where the processor has these
/// instructions.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

impl Isa for Plain {
    const LEVEL: Level = Level::Plain;
    #[inline(always)]
    fn enter<J: Job>(self, job: J) -> J::Output {
        run_apart(self, job)
    }
}
impl Isa for Simd128 {
    const LEVEL: Level = Level::Simd128;
    #[inline(always)]
    fn enter<J: Job>(self, job: J) -> J::Output {
        run_apart(self, job)
    }
}
impl Isa for Fused {
    const LEVEL: Level = Level::Fused;
    #[inline(always)]
    fn enter<J: Job>(self, job: J) -> J::Output {
        run_apart(self, job)
    }
}
impl Isa for Neon {
    const LEVEL: Level = Level::Neon;
    #[inline(always)]
    fn enter<J: Job>(self, job: J) -> J::Output {
        run_apart(self, job)
    }
}
impl Isa for Avx2 {
    const LEVEL: Level = Level::Avx2;
    #[inline(always)]
    fn enter<J: Job>(self, job: J) -> J::Output {
        x86::enter_avx2(self, job)
    }
}
impl Isa for Avx512 {
    const LEVEL: Level = Level::Avx512;
    #[inline(always)]
    fn enter<J: Job>(self, job: J) -> J::Output {
        x86::enter_avx512(self, job)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Plain {}
    impl Sealed for super::Simd128 {}
    impl Sealed for super::Fused {}
    impl Sealed for super::Neon {}
    impl Sealed for super::Avx2 {}
    impl Sealed for super::Avx512 {}
}

/// A computation that can be compiled for any instruction set.
pub trait Job {
    /// What it computes.
    type Output;
    /// Computes it. Mark it, and what it calls in inner loops, `#[inline(always)]`.
    fn run<I: Isa>(self, isa: I) -> Self::Output;
}

/// Runs a job with the best instructions of this processor ([`Level::current`]).
#[inline(always)]
pub fn dispatch<J: Job>(job: J) -> J::Output {
    dispatch_on(Level::current(), job)
}

/// Whether there is code for [`Level::Fused`]: where it is the best level, and in the tests of the
/// kernels, which compare the others with it. Elsewhere it would only make each model's code larger.
const HAS_FUSED: bool = cfg!(any(target_feature = "fma", test));

/// Every 64-bit ARM processor has NEON, unless the compiler was told to do without.
const HAS_NEON: bool = cfg!(all(target_arch = "aarch64", target_feature = "neon"));

/// A module of WebAssembly with vectors does not even load where there are none.
const HAS_SIMD128: bool = cfg!(all(target_arch = "wasm32", target_feature = "simd128"));

/// Runs a job with the instructions of one level, or with portable code if there are none.
#[inline(always)]
pub fn dispatch_on<J: Job>(level: Level, job: J) -> J::Output {
    match level {
        Level::Fused if HAS_FUSED => run_apart(Fused(()), job),
        Level::Neon if HAS_NEON => run_apart(Neon(()), job),
        Level::Simd128 if HAS_SIMD128 => run_apart(Simd128(()), job),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => x86::run_avx2(job),
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => x86::run_avx512(job),
        _ => run_apart(Plain(()), job),
    }
}

/// Not inlined, so that the versions that do not run take no room on the stack.
#[inline(never)]
fn run_apart<I: Isa, J: Job>(isa: I, job: J) -> J::Output {
    job.run(isa)
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // entering a function compiled for more instructions, after asking for them
mod x86 {
    use super::{Avx2, Avx512, Job, Plain, run_apart};

    #[cfg(feature = "std")]
    macro_rules! has {
        ($($feature:tt),*) => { $(std::arch::is_x86_feature_detected!($feature))&&* };
    }
    #[cfg(not(feature = "std"))]
    macro_rules! has {
        ($($feature:tt),*) => { $(cfg!(target_feature = $feature))&&* };
    }

    #[inline]
    pub fn has_avx2() -> bool {
        has!("avx2", "fma", "popcnt")
    }

    #[inline]
    pub fn has_avx512() -> bool {
        has!(
            "avx2", "fma", "popcnt", "avx512f", "avx512vl", "avx512dq", "avx512bw"
        )
    }

    /// Not inlined by a caller that happens to have the same features: whoever enters wants a
    /// function of its own.
    #[target_feature(enable = "avx2,fma,popcnt")]
    #[inline(never)]
    fn inside_avx2<J: Job>(job: J) -> J::Output {
        job.run(Avx2(()))
    }

    #[target_feature(enable = "avx2,fma,popcnt,avx512f,avx512vl,avx512dq,avx512bw")]
    #[inline(never)]
    fn inside_avx512<J: Job>(job: J) -> J::Output {
        job.run(Avx512(()))
    }

    #[inline(always)]
    pub fn enter_avx2<J: Job>(_: Avx2, job: J) -> J::Output {
        // SAFETY: a value of this type exists only where the processor has AVX2 and FMA.
        unsafe { inside_avx2(job) }
    }

    #[inline(always)]
    pub fn enter_avx512<J: Job>(_: Avx512, job: J) -> J::Output {
        // SAFETY: a value of this type exists only where the processor has all of these.
        unsafe { inside_avx512(job) }
    }

    #[inline(always)]
    pub fn run_avx2<J: Job>(job: J) -> J::Output {
        if has_avx2() {
            // SAFETY: the processor has just said that it has AVX2 and FMA.
            unsafe { inside_avx2(job) }
        } else {
            run_apart(Plain(()), job)
        }
    }

    #[inline(always)]
    pub fn run_avx512<J: Job>(job: J) -> J::Output {
        if has_avx512() {
            // SAFETY: the processor has just said that it has all of these.
            unsafe { inside_avx512(job) }
        } else {
            run_apart(Plain(()), job)
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod x86 {
    use super::{Avx2, Avx512, Job, Plain, run_apart};

    // Nobody has a value of these types here.
    pub fn enter_avx2<J: Job>(_: Avx2, job: J) -> J::Output {
        run_apart(Plain(()), job)
    }
    pub fn enter_avx512<J: Job>(_: Avx512, job: J) -> J::Output {
        run_apart(Plain(()), job)
    }
    pub const fn has_avx2() -> bool {
        false
    }
    pub const fn has_avx512() -> bool {
        false
    }
}

/// A token for scalar code outside of any job: fused multiply-add where the processor has it.
#[inline(always)]
pub(crate) fn exact() -> impl Isa {
    Fused(())
}
