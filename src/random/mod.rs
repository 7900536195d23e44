//! Random numbers: one stream for each purpose, all from the seeds that the user gives.
//!
//! The generator is xoshiro256++, named and not "standard", so that a seed means the same numbers
//! in every release; what is made from its bits is made here, for the same reason. Where each number of
//! a batch takes one, as in dropout, they come from [`Places`] instead.

mod places;

pub use places::Places;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of a seed.
    #[inline]
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1), in steps of 2^-53.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in 0..n: Lemire's multiplication, without the bias of a remainder.
    #[inline]
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        let mut product = u128::from(self.bits()) * u128::from(n);
        if (product as u64) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u64) < threshold {
                product = u128::from(self.bits()) * u128::from(n);
            }
        }
        (product >> 64) as usize
    }

    /// Normal with mean 0 and standard deviation 1, by Marsaglia's polar method.
    pub fn normal(&mut self) -> f64 {
        use crate::math::Real;
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let ln = <f64 as Real>::ln(crate::simd::exact(), s);
                return u * num_traits::Float::sqrt(-2.0 * ln / s);
            }
        }
    }

    /// Puts a list into random order: Fisher and Yates.
    pub fn shuffle<X>(&mut self, list: &mut [X]) {
        for place in (1..list.len()).rev() {
            self.fill(list, place);
        }
    }

    /// One step of it: an item comes to this place that was there or before it.
    #[inline(always)]
    pub(crate) fn fill<X>(&mut self, list: &mut [X], place: usize) {
        list.swap(place, self.below(place + 1));
    }
}

/// A number that depends on every bit of both: two rounds of SplitMix64.
#[inline]
pub const fn mix(seed: u64, index: u64) -> u64 {
    splitmix(splitmix(seed) ^ index)
}

#[inline]
const fn splitmix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_numbers_forever() {
        let mut stream = Stream::new(42);
        assert_eq!(
            [stream.bits(), stream.bits(), stream.bits()],
            [
                15021278609987233951,
                5881210131331364753,
                18149643915985481100
            ]
        );
    }

    #[test]
    fn numbers_below_are_uniform() {
        let mut stream = Stream::new(1);
        let mut counts = [0; 7];
        for _ in 0..70_000 {
            counts[stream.below(7)] += 1;
        }
        assert!(
            counts.iter().all(|n| (9_600..10_400).contains(n)),
            "{counts:?}"
        );
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut stream = Stream::new(2);
        let list: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let mean = list.iter().sum::<f64>() / 1e5;
        let variance = list.iter().map(|x| x * x).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02);
    }

    #[test]
    fn shuffling_loses_nothing() {
        let mut list: Vec<u32> = (0..100).collect();
        Stream::new(3).shuffle(&mut list);
        assert_ne!(list, (0..100).collect::<Vec<_>>());
        list.sort_unstable();
        assert_eq!(list, (0..100).collect::<Vec<_>>());
    }
}
