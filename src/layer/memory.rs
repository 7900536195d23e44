//! The memory of a batch in a training step: field after field, one for each layer, and in a field row after row.

use super::plan::Plan;

/// Memory that can be cut in two.
pub trait Piece: Sized + Default {
    /// The first so many numbers, and the rest.
    fn cut(self, at: usize) -> (Self, Self);
}

impl<T> Piece for &[T] {
    #[inline(always)]
    fn cut(self, at: usize) -> (Self, Self) {
        self.split_at(at)
    }
}

impl<T> Piece for &mut [T] {
    #[inline(always)]
    fn cut(self, at: usize) -> (Self, Self) {
        self.split_at_mut(at)
    }
}

/// A field for each layer.
type Fields<S, const N: usize> = [S; N];

#[inline(always)]
fn none<S: Piece, const N: usize>() -> Fields<S, N> {
    [(); N].map(|()| S::default())
}

/// The fields at the beginning of a memory, of so many rows and, for each row, as many numbers as `widths` says,
/// and what lies behind them.
#[inline(always)]
pub(super) fn fields<S: Piece, const N: usize>(
    mut memory: S,
    widths: &[usize; N],
    rows: usize,
) -> (Fields<S, N>, S) {
    let mut fields = none();
    for i in 0..N {
        (fields[i], memory) = memory.cut(widths[i] * rows);
    }
    (fields, memory)
}

/// The first so many rows of fields, and the rest.
fn split<S: Piece, const N: usize>(
    fields: Fields<S, N>,
    widths: &[usize; N],
    row: usize,
) -> [Fields<S, N>; 2] {
    let (mut first, mut rest) = (none(), none());
    for (i, field) in fields.into_iter().enumerate() {
        (first[i], rest[i]) = field.cut(widths[i] * row);
    }
    [first, rest]
}

/// The memory of a batch, or of some of its rows, in a model of N layers; see [`plan`](super::plan).
pub(super) struct Memory<S, const N: usize> {
    /// What each layer gives, unless that lies with the caller.
    pub(super) activations: Fields<S, N>,
    /// The gradients by that.
    pub(super) gradients: Fields<S, N>,
    /// What each layer keeps.
    pub(super) caches: Fields<S, N>,
    /// What the outputs of each row add to the loss.
    pub(super) penalties: S,
}

impl<S: Piece, const N: usize> Memory<S, N> {
    /// The parts of a memory for so many rows.
    #[inline(always)]
    pub(super) fn of(plan: &Plan<N>, memory: S, rows: usize) -> Self {
        let (activations, rest) = fields(memory, &plan.training.widths, rows);
        let (gradients, rest) = fields(rest, &plan.training.widths, rows);
        let (caches, rest) = fields(rest, &plan.caches, rows);
        let (penalties, _) = rest.cut(if plan.penalizes { rows } else { 0 });
        Self {
            activations,
            gradients,
            caches,
            penalties,
        }
    }

    /// That of the first so many rows, and that of the rest. (Where rows do not depend on each other, there
    /// are no penalties.)
    pub(super) fn split_at(self, plan: &Plan<N>, row: usize) -> (Self, Self) {
        let widths = &plan.training.widths;
        let [activations, other_activations] = split(self.activations, widths, row);
        let [gradients, other_gradients] = split(self.gradients, widths, row);
        let [caches, other_caches] = split(self.caches, &plan.caches, row);
        let first = Self {
            activations,
            gradients,
            caches,
            penalties: S::default(),
        };
        let rest = Self {
            activations: other_activations,
            gradients: other_gradients,
            caches: other_caches,
            penalties: self.penalties,
        };
        (first, rest)
    }
}
