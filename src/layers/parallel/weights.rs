//! The weights of several lists of layers.

use crate::layer::{Entry, Visitor, VisitorMut, Weights};

/// The weights of up to four lists of layers.
#[derive(Debug)]
pub struct ParallelWeights<A, B, C, D> {
    /// Those of the first list.
    pub first: A,
    /// Those of the second list.
    pub second: B,
    /// Those of the third list.
    pub third: C,
    /// Those of the fourth list.
    pub fourth: D,
}

impl<T, A, B, C, D> Weights<T> for ParallelWeights<A, B, C, D>
where
    A: Weights<T>,
    B: Weights<T>,
    C: Weights<T>,
    D: Weights<T>,
{
    const LEN: usize = A::LEN + B::LEN + C::LEN + D::LEN;
    const PARAMS: usize = A::PARAMS + B::PARAMS + C::PARAMS + D::PARAMS;
    const FROZEN: usize = A::FROZEN + B::FROZEN + C::FROZEN + D::FROZEN;
    const ENTRIES: &'static [Entry] = &[
        Entry::Layer {
            name: "first",
            entries: A::ENTRIES,
        },
        Entry::Layer {
            name: "second",
            entries: B::ENTRIES,
        },
        Entry::Layer {
            name: "third",
            entries: C::ENTRIES,
        },
        Entry::Layer {
            name: "fourth",
            entries: D::ENTRIES,
        },
    ];

    fn visit(&self, visitor: &mut dyn Visitor<T>) {
        for (name, weights) in [
            ("first", &self.first as &dyn Visited<T>),
            ("second", &self.second),
            ("third", &self.third),
            ("fourth", &self.fourth),
        ] {
            visitor.enter(name);
            weights.show(visitor);
            visitor.leave();
        }
    }

    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut<T>) {
        for (name, weights) in [
            ("first", &mut self.first as &mut dyn Visited<T>),
            ("second", &mut self.second),
            ("third", &mut self.third),
            ("fourth", &mut self.fourth),
        ] {
            visitor.enter(name);
            weights.lend(visitor);
            visitor.leave();
        }
    }
}

/// [`Weights`] of any type.
trait Visited<T> {
    fn show(&self, visitor: &mut dyn Visitor<T>);
    fn lend(&mut self, visitor: &mut dyn VisitorMut<T>);
}
impl<T, W: Weights<T>> Visited<T> for W {
    fn show(&self, visitor: &mut dyn Visitor<T>) {
        self.visit(visitor);
    }
    fn lend(&mut self, visitor: &mut dyn VisitorMut<T>) {
        self.visit_mut(visitor);
    }
}
