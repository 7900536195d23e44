//! What a pooling layer behind a convolution has chosen: the way back of its gradient. A convolution that does
//! the pooling, too, writes it.
//!
//! Each output of max-pooling is one of its inputs, so the gradient by these is the one by the outputs,
//! moved, with zeros in between. Nobody has to write them: a convolution that knows where each number
//! belongs can take it from there.

use crate::kernels::channelwise::Channelwise;
use core::ops::Range;

/// Which of the numbers of each window were chosen.
#[derive(Clone, Copy, Debug)]
pub struct Picks<'a, T> {
    /// The windows over the convolution's output.
    pub pool: Channelwise,
    /// For each output of the pooling layer, sample by sample without padding, the number of the tap.
    pub winners: &'a [T],
}

impl<T> Picks<'_, T> {
    /// Those of some samples.
    #[inline(always)]
    pub fn rows(self, rows: Range<usize>) -> Self {
        let len = self.pool.outputs();
        Self {
            winners: &self.winners[rows.start * len..rows.end * len],
            ..self
        }
    }
}

/// Where a convolution that does a pooling layer's forward pass along with its own says what is chosen.
#[derive(Debug)]
pub struct PicksMut<'a, T> {
    /// The windows over the convolution's output.
    pub pool: Channelwise,
    /// As in [`Picks`]; empty where nobody wants to know.
    pub winners: &'a mut [T],
}

impl<'a, T> PicksMut<'a, T> {
    /// Those of the first so many samples, and of the rest.
    #[inline(always)]
    pub fn split_at(self, rows: usize) -> (Self, Self) {
        let pool = self.pool;
        let middle = match self.winners.is_empty() {
            true => 0,
            false => rows * pool.outputs(),
        };
        let (first, rest) = self.winners.split_at_mut(middle);
        (
            PicksMut {
                pool,
                winners: first,
            },
            PicksMut {
                pool,
                winners: rest,
            },
        )
    }
}
