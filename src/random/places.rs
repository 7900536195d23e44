//! Random numbers by their place.

use crate::math::{Real, turn};
use crate::simd::Isa;

/// Random numbers each of which follows from a seed and its place alone: so vectors make many at once,
/// where those of a [`Stream`](super::Stream) wait for each other.
///
/// The 32 bits at a place are Wellons' hash `lowbias32` of the place and half of the seed, and again of
/// that and the other half.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    seed: [u32; 2],
}

impl Places {
    /// The numbers of a seed, all of whose bits should be random.
    #[inline(always)]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed: [seed as u32, (seed >> 32) as u32],
        }
    }

    /// 32 random bits.
    #[inline(always)]
    pub const fn bits(self, place: u32) -> u32 {
        let [low, high] = self.seed;
        hash(hash(place.wrapping_add(low)) ^ high)
    }

    /// Fills a slice with normal numbers with mean 0 and standard deviation 1, by the method of Box and
    /// Muller: two numbers are the coordinates of a point, of random direction and distance.
    #[inline(always)]
    pub fn normal<T: Real, I: Isa>(self, isa: I, to: &mut [T]) {
        let (some, others) = to.split_at_mut(to.len().div_ceil(2));
        let paired = others.len();
        for (i, (a, b)) in some.iter_mut().zip(others).enumerate() {
            [*a, *b] = self.point(isa, i as u32);
        }
        if let Some(last) = some.get_mut(paired) {
            [*last, _] = self.point(isa, paired as u32);
        }
    }

    /// A point of the plane, normally distributed.
    #[inline(always)]
    fn point<T: Real, I: Isa>(self, isa: I, place: u32) -> [T; 2] {
        // In the middle of 2^32 steps from 0 to 1: never 0.
        let [u, v] = [2 * place, 2 * place + 1]
            .map(|place| (f64::from(self.bits(place)) + 0.5) * (1.0 / 4_294_967_296.0));
        let distance = (T::of(-2.0) * T::ln(isa, T::of(u))).sqrt();
        turn(isa, T::of(v - 0.5)).map(|coordinate| distance * coordinate)
    }
}

/// `lowbias32`: every bit of the result depends on every bit of x.
#[inline(always)]
const fn hash(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
    x ^ (x >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::exact;

    #[test]
    fn a_seed_means_the_same_numbers_forever() {
        let places = Places::new(42);
        assert_eq!(
            [0, 1, 2].map(|place| places.bits(place)),
            [1612446537, 1438145734, 3746176474]
        );
    }

    #[test]
    fn every_bit_is_one_half_of_the_time_whatever_its_neighbours_are() {
        for seed in [1, 2, 1 << 32, u64::MAX] {
            let places = Places::new(crate::random::mix(seed, 0));
            for (shift, rows) in [(0, 0), (1, 0), (16, 0), (0, 1)] {
                let other = Places::new(crate::random::mix(seed, rows));
                let mut ones = [0; 32];
                for place in 0..20_000 {
                    let mut bits = places.bits(place);
                    if shift + rows > 0 {
                        bits ^= other.bits(place + shift as u32);
                    }
                    for (i, ones) in ones.iter_mut().enumerate() {
                        *ones += bits >> i & 1;
                    }
                }
                // Five deviations.
                let fair = ones.iter().all(|ones| (9_646..10_354).contains(ones));
                assert!(
                    fair,
                    "seed {seed}, {shift} places and {rows} rows on: {ones:?}"
                );
            }
        }
    }

    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let mut list = vec![0.0_f64; 200_001];
        Places::new(7).normal(exact(), &mut list);
        let moment = |n| list.iter().map(|x| x.powi(n)).sum::<f64>() / list.len() as f64;
        for (n, wanted, off) in [
            (1, 0.0, 0.01),
            (2, 1.0, 0.02),
            (3, 0.0, 0.04),
            (4, 3.0, 0.12),
        ] {
            let found = moment(n);
            assert!((found - wanted).abs() < off, "moment {n} is {found}");
        }
        let halves = list.split_at(100_000);
        let product = halves
            .0
            .iter()
            .zip(halves.1)
            .map(|(a, b)| a * b)
            .sum::<f64>()
            / 1e5;
        assert!(
            product.abs() < 0.015,
            "the two coordinates correlate: {product}"
        );
        let mut single = vec![0.0_f32; 200_001];
        Places::new(7).normal(exact(), &mut single);
        for (a, b) in list.iter().zip(single) {
            // (The logarithm is taken of what is left of u in `f32`: near 1 that is little.)
            assert!((a - f64::from(b)).abs() < 4e-4, "{a} and {b}");
        }
    }
}
