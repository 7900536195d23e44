//! The samples of a batch, from where the user has them into rows.

use crate::cast::Plain;
use crate::kernels::{BLOCK, prefetch, prefetch_ends};
use crate::layer::Model;
use crate::layer::chain::Inputs;
use crate::layout;
use crate::rows::{Rows, RowsMut};
use crate::shape::Shape;
use crate::simd::Isa;
use crate::team::{Parts, Share, Split, Team};

/// Samples of so many numbers are copied as they come: asking for them would take longer.
const FEW: usize = 16;

/// How many samples to look up before the first of them is copied: what has been looked up is forgotten
/// when too much else is.
const PAGES: usize = 32;

/// The samples of a batch, where the user has them, and the rows that they are copied to.
pub(super) struct Gather<'a, M: Model> {
    /// All samples.
    pub(super) samples: &'a [M::Input],
    /// The numbers of those in the batch.
    pub(super) batch: &'a [u32],
    /// As many rows.
    pub(super) x: RowsMut<'a, M::Element>,
}

impl<M: Model> Gather<'_, M> {
    #[inline(always)]
    fn copy(&mut self) {
        // Shuffled samples lie where no processor expects them. First it looks up their pages, several at
        // a time; then each sample comes while the one before is copied.
        let numbers = |i: u32| self.samples[i as usize].numbers();
        let mut rows = self.x.iter_mut();
        if const { M::InputShape::SIZE <= FEW } {
            for (&i, row) in self.batch.iter().zip(rows) {
                layout::inward::<M::InputShape, _>(numbers(i), row);
            }
            return;
        }
        for batch in self.batch.chunks(PAGES) {
            for &i in batch {
                prefetch_ends(numbers(i));
            }
            for (at, (&i, row)) in batch.iter().zip(&mut rows).enumerate() {
                if let Some(&next) = batch.get(at + 1) {
                    prefetch(numbers(next));
                }
                layout::inward::<M::InputShape, _>(numbers(i), row);
            }
        }
    }

    fn reborrow(&mut self) -> Gather<'_, M> {
        Gather {
            x: self.x.reborrow(),
            ..*self
        }
    }
}

impl<M: Model> Inputs<M::Element> for Gather<'_, M> {
    #[inline(always)]
    fn count(&self) -> usize {
        self.batch.len()
    }

    #[inline(always)]
    fn split_at(self, row: usize) -> (Self, Self) {
        let (batch, other_batch) = self.batch.split_at(row);
        let (x, other_x) = self.x.split_at(row);
        let part = |batch, x| Gather { batch, x, ..self };
        (part(batch, x), part(other_batch, other_x))
    }

    #[inline(always)]
    fn rows<I: Isa>(&mut self, isa: I, team: Team<'_>) -> Rows<'_, M::Element> {
        // Reading a number from far away takes as long as some products.
        let split = team.split(self.batch.len(), BLOCK, 8 * self.x.width());
        if split.len() == 1 {
            self.copy();
        } else {
            share(isa, team, self.reborrow(), split);
        }
        self.x.as_rows()
    }
}

/// The work of copying samples.
struct Copying;

impl<'p, M: Model> Share<Gather<'p, M>> for Copying {
    #[inline(always)]
    fn run<I: Isa>(&self, _: I, mut part: Gather<'p, M>) {
        part.copy();
    }
}

/// Copies the samples, some on each thread. (Not inlined: the parts take room on the stack.)
#[inline(never)]
fn share<M: Model, I: Isa>(isa: I, team: Team<'_>, mut rest: Gather<'_, M>, split: Split) {
    let mut parts = Parts::new();
    for i in 0..split.len() {
        let (part, others) = rest.split_at(split.rows(i).len());
        parts.push(part);
        rest = others;
    }
    team.share(isa, &Copying, &mut parts);
}
