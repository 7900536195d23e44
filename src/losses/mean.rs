//! The losses that are the mean of a function of each number and its target.

/// Implements such a loss: for a prediction p and a target y, the value and its derivative by p, perhaps
/// `times` a constant (which a tiny network then need not wait for).
macro_rules! mean_over_numbers {
    ($loss:ident: |$self:ident, $isa:ident, $p:ident, $y:ident| $value:expr, $slope:expr
     $(, times $factor:literal)? $(, check $check:expr)?) => {
        impl<T: Element> Take<T> for $loss {
            #[inline(always)]
            fn take<I: Isa>(&$self, $isa: I, lane: T, $p: T, $y: T) -> T {
                let _ = $isa; // not every loss has need of it
                lane + $value
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Element, P: Plain<T>> Loss<T, P, P> for $loss {
            #[inline(always)]
            fn loss<I: Isa>(&self, isa: I, prediction: &[T], target: &P) -> T {
                total(isa, self, prediction, target.numbers()) / T::of(prediction.len() as f64)
            }

            #[inline(always)]
            fn gradient<I: Isa>(
                &$self,
                $isa: I,
                prediction: &[T],
                target: &P,
                _: bool,
                scale: T,
                gradient: &mut [T],
            ) {
                let _ = $isa;
                let scale = scale / T::of(prediction.len() as f64);
                $(let scale = T::of($factor) * scale;)?
                let pairs = prediction.iter().zip(target.numbers());
                for (g, (&$p, &$y)) in gradient.iter_mut().zip(pairs) {
                    *g = scale * $slope;
                }
            }

            #[inline(always)]
            fn complaint(&self, target: &P) -> Option<Complaint> {
                not_finite(target.numbers())
            }

            $(fn check(&$self) -> Result<()> {
                $check
            })?
        }
    };
}
pub(super) use mean_over_numbers;
