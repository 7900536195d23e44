//! Numbers as they lie in a file that was found to be right.

use super::numbers;
use crate::kernels::Element;
use crate::layer::{Visitor, VisitorMut, Weights};

/// The numbers of a network, each tensor's somewhere among the bytes.
#[derive(Clone)]
pub(crate) struct Stored<'a> {
    bytes: &'a [u8],
    /// Where each tensor begins, in the network's order.
    begins: core::slice::Iter<'a, usize>,
}

impl<'a> Stored<'a> {
    pub(crate) fn new(bytes: &'a [u8], begins: &'a [usize]) -> Self {
        Self {
            bytes,
            begins: begins.iter(),
        }
    }

    /// Gives them to the network.
    pub(crate) fn give<T: Element, W: Weights<T>>(&self, weights: &mut W) {
        struct Give<'a>(Stored<'a>);
        impl<T: Element> VisitorMut<T> for Give<'_> {
            fn tensor(&mut self, _: &'static str, dims: &[usize], data: &mut [T]) {
                numbers::set(dims, data, self.0.next::<T>(dims));
            }
        }
        weights.visit_mut(&mut Give(self.clone()));
    }

    /// Their CRC-32, in the order of the network.
    pub(crate) fn checksum<T: Element, W: Weights<T>>(&self, weights: &W) -> u32 {
        struct Sum<'a>(Stored<'a>, crc32fast::Hasher);
        impl<T: Element> Visitor<T> for Sum<'_> {
            fn tensor(&mut self, _: &'static str, dims: &[usize], _: &[T]) {
                self.1.update(self.0.next::<T>(dims));
            }
        }
        let mut sum = Sum(self.clone(), crc32fast::Hasher::new());
        weights.visit(&mut sum);
        sum.1.finalize()
    }

    /// The bytes of the next tensor.
    fn next<T>(&mut self, dims: &[usize]) -> &'a [u8] {
        let begin = self.begins.next().copied().unwrap_or_default();
        let len = dims.iter().product::<usize>() * size_of::<T>();
        self.bytes.get(begin..begin + len).unwrap_or_default()
    }
}
