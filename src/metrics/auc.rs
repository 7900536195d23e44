//! Areas under curves.

use super::truth::Truth;
use super::{Metric, share};
use crate::cast::Plain;
use crate::error::{Result, check};
use crate::kernels::Element;
use crate::math::Real;
use crate::simd::{Isa, exact};

/// The area under a curve over all thresholds, approximated by some of them, as in Keras: 200,
/// evenly between 0 and 1. Outputs are probabilities; a target above 0, or the output of the class,
/// is a yes. All outputs count together.
///
/// ```
/// use plywood::prelude::*;
/// let roc = Auc::new();
/// let precise = Auc::new().num_thresholds(2000);
/// let precision_over_recall = Auc::new().curve(Curve::Pr);
/// let of_a_linear_output = Auc::new().from_logits(true);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Auc {
    num_thresholds: usize,
    curve: Curve,
    from_logits: bool,
}

/// What an area is under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Curve {
    /// The receiver operating characteristic: recall over the share of false alarms. 0.5 is what
    /// chance gives.
    #[default]
    Roc,
    /// Precision over recall, interpolated between thresholds (Davis and Goadrich, 2006).
    Pr,
}

impl Auc {
    /// Under the receiver operating characteristic, with 200 thresholds.
    pub fn new() -> Self {
        Self {
            num_thresholds: 200,
            curve: Curve::Roc,
            from_logits: false,
        }
    }

    /// How many thresholds there are, 0 and 1 among them: from 2 to 1 000 000.
    pub fn num_thresholds(mut self, count: usize) -> Self {
        self.num_thresholds = count;
        self
    }

    /// Which curve.
    pub fn curve(mut self, curve: Curve) -> Self {
        self.curve = curve;
        self
    }

    /// Whether the outputs are to go through a sigmoid first.
    pub fn from_logits(mut self, from_logits: bool) -> Self {
        self.from_logits = from_logits;
        self
    }
}

impl Default for Auc {
    fn default() -> Self {
        Self::new()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, P: Plain<T>, Y: Truth<T, P>> Metric<T, P, Y> for Auc {
    fn name(&self) -> &'static str {
        "auc"
    }

    /// For the places from each threshold to the next: how many outputs there are that should be no,
    /// and how many that should be yes.
    fn state(&self) -> usize {
        2 * self.num_thresholds
    }

    #[inline(always)]
    fn add<I: Isa>(&self, isa: I, prediction: &[T], target: &Y, state: &mut [f64]) {
        let last = (self.num_thresholds - 1) as f64;
        for (i, &p) in prediction.iter().enumerate() {
            let p = if self.from_logits {
                T::sigmoid(isa, p)
            } else {
                p
            };
            // An output at a threshold is not above it: it belongs to the place before.
            let place = p.as_f64().clamp(0.0, 1.0) * last;
            let floor = place as usize;
            let place = if floor as f64 == place {
                floor.saturating_sub(1)
            } else {
                floor
            };
            state[2 * place + usize::from(target.at(i) > 0.0)] += 1.0;
        }
    }

    fn value(&self, state: &[f64]) -> f64 {
        let places = || state.chunks_exact(2).map(|c| (c[0], c[1]));
        let (all_no, all_yes) = places().fold((0.0, 0.0), |(a, b), (no, yes)| (a + no, b + yes));
        // From the last threshold, above which there is nothing, down to the first one.
        let (mut wrong, mut right, mut area) = (0.0, 0.0, 0.0);
        for (no, yes) in places().rev() {
            let (next_wrong, next_right) = (wrong + no, right + yes);
            area += match self.curve {
                Curve::Roc => {
                    let height = share(right, all_yes) + share(next_right, all_yes);
                    (share(next_wrong, all_no) - share(wrong, all_no)) * height / 2.0
                }
                Curve::Pr => {
                    let (found, next_found) = (right + wrong, next_right + next_wrong);
                    let slope = share(yes, no + yes);
                    let rest = right - slope * found;
                    let ratio = if found > 0.0 { next_found / found } else { 1.0 };
                    share(slope * (yes + rest * Real::ln(exact(), ratio)), all_yes)
                }
            };
            (wrong, right) = (next_wrong, next_right);
        }
        area
    }

    fn check(&self) -> Result<()> {
        let (count, ok) = (self.num_thresholds, 2..=1_000_000);
        check(
            "num_thresholds",
            "from 2 to 1000000",
            count,
            ok.contains(&count),
        )
    }
}
