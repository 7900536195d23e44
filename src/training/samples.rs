//! Samples and targets, checked before anything is computed with them.

use super::{Number, as_f64};
use crate::cast::{Plain, numbers_of};
use crate::error::{Error, Result};
use crate::kernels::Element;
use crate::layer::Model;
use crate::losses::{Complaint, Loss};
use crate::rows::all_finite;
use crate::simd::{Isa, Job, dispatch};
use crate::team::{MOST, Parts, Share, Team};

/// Whether there is something to train on, in pairs, all finite, with labels in range.
pub fn check<M: Model, L, Y>(
    team: Team<'_>,
    loss: &L,
    (x_name, x): (&'static str, &[M::Input]),
    (y_name, y): (&'static str, &[Y]),
) -> Result<()>
where
    L: Loss<Number<M>, M::Prediction, Y>,
{
    if x.is_empty() {
        return Err(Error::Empty { what: x_name });
    }
    if x.len() != y.len() {
        return Err(Error::LengthMismatch {
            left: x_name,
            left_len: x.len(),
            right: y_name,
            right_len: y.len(),
        });
    }
    // Ordinary data is waved through in one sweep; only bad data is searched for its sample.
    let numbers = numbers_of::<Number<M>, _>(x);
    if !dispatch(Sweep { team, numbers })
        && let Some(index) = x.iter().position(|x| !all_finite(x.numbers()))
    {
        return Err(Error::NotFinite {
            what: x_name,
            index,
        });
    }
    if let Some(limit) = M::INDICES {
        for (sample, x) in x.iter().enumerate() {
            let whole = |x: f64| x >= 0.0 && x < limit as f64 && (x as usize) as f64 == x;
            let mut numbers = x.numbers().iter().map(|&x| as_f64(x)).enumerate();
            if let Some((place, found)) = numbers.find(|&(_, x)| !whole(x)) {
                return Err(Error::IndexOutOfRange {
                    what: x_name,
                    sample,
                    place,
                    found,
                    limit,
                });
            }
        }
    }
    for (index, y) in y.iter().enumerate() {
        match loss.complaint(y) {
            None => {}
            Some(Complaint::NotFinite) => {
                return Err(Error::NotFinite {
                    what: y_name,
                    index,
                });
            }
            Some(Complaint::NoSuchClass { class, classes }) => {
                return Err(Error::LabelOutOfRange {
                    index,
                    label: class,
                    classes,
                });
            }
        }
    }
    Ok(())
}

/// Whether all of some numbers are finite. A team shares the work: what takes time is to fetch them from
/// memory.
struct Sweep<'a, T> {
    team: Team<'a>,
    numbers: &'a [T],
}

impl<T: Element> Job for Sweep<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> bool {
        let Sweep { team, mut numbers } = self;
        let split = team.split(numbers.len(), 1, 1);
        if split.len() == 1 {
            return all_finite(numbers);
        }
        let mut found = [true; MOST];
        let mut parts = Parts::new();
        for (i, found) in found.iter_mut().enumerate().take(split.len()) {
            let (part, rest) = numbers.split_at(split.rows(i).len());
            parts.push((part, found));
            numbers = rest;
        }
        team.share(isa, &Finite, &mut parts);
        found.iter().all(|&all| all)
    }
}

/// The same for a part of them.
struct Finite;

impl<'p, T: Element> Share<(&'p [T], &'p mut bool)> for Finite {
    #[inline(always)]
    fn run<I: Isa>(&self, _: I, (numbers, all): (&'p [T], &'p mut bool)) {
        *all = all_finite(numbers);
    }
}
