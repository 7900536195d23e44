//! The samples of a batch, from where the user has them into rows.

use crate::cast::Plain;
use crate::kernels::{BLOCK, prefetch, prefetch_ends};
use crate::layer::Model;
use crate::layout;
use crate::rows::RowsMut;
use crate::shape::Shape;
use crate::simd::Isa;
use crate::team::{self, Share, Split, Team};

/// Samples of so many numbers are copied as they come: asking for them would take longer.
const FEW: usize = 16;

/// How many samples to look up before the first of them is copied: what has been looked up is forgotten
/// when too much else is.
const PAGES: usize = 32;

/// Copies the samples of a batch from where the user has them.
pub(super) struct Gather<'a, M: Model>(pub(super) &'a [M::Input]);

impl<'p, M: Model> Share<(&'p [u32], RowsMut<'p, M::Element>)> for Gather<'_, M> {
    #[inline(always)]
    fn run<I: Isa>(&self, _: I, (batch, mut rows): (&'p [u32], RowsMut<'p, M::Element>)) {
        // Shuffled samples lie where no processor expects them. First it looks up their pages, several at
        // a time; then each sample comes while the one before is copied.
        let numbers = |i: u32| self.0[i as usize].numbers();
        let mut rows = rows.iter_mut();
        if const { M::InputShape::SIZE <= FEW } {
            for (&i, row) in batch.iter().zip(rows) {
                layout::inward::<M::InputShape, _>(numbers(i), row);
            }
            return;
        }
        for batch in batch.chunks(PAGES) {
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
}

/// The samples of a batch, in rows; a team shares the work.
#[inline(always)]
pub(super) fn gather<M: Model, I: Isa>(
    isa: I,
    team: Team<'_>,
    samples: &[M::Input],
    batch: &[u32],
    rows: RowsMut<M::Element>,
) {
    // Reading a number from far away takes as long as some products.
    let split = team.split(batch.len(), BLOCK, 8 * rows.width());
    if split.len() == 1 {
        return Gather::<M>(samples).run(isa, (batch, rows));
    }
    share(isa, team, Gather::<M>(samples), batch, rows, split);
}

/// The same, shared. (Not inlined: the parts take room on the stack.)
#[inline(never)]
fn share<M: Model, I: Isa>(
    isa: I,
    team: Team<'_>,
    gather: Gather<'_, M>,
    batch: &[u32],
    mut rows: RowsMut<M::Element>,
    split: Split,
) {
    let mut parts = team::Parts::new();
    for i in 0..split.len() {
        let range = split.rows(i);
        let (part, rest) = rows.split_at(range.len());
        parts.push((&batch[range], part));
        rows = rest;
    }
    team.share(isa, &gather, parts);
}
