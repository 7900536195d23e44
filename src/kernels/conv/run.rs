//! The positions of a window along one dimension, in runs that see the same taps.

use crate::shape::Window;

/// Positions at equal distances whose windows have the same taps inside the source. Position number a
/// and tap number b of the run meet the source at `source + a advance + b tap_advance`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first position.
    pub first: usize,
    /// How far apart the positions are.
    pub step: usize,
    /// How many positions.
    pub count: usize,
    /// The first tap.
    pub tap: usize,
    /// How far apart the taps are.
    pub tap_step: usize,
    /// How many taps.
    pub taps: usize,
    /// Where the first tap of the first position lies.
    pub source: usize,
    /// How far the source moves with the position.
    pub advance: usize,
    /// How far the source moves with the tap.
    pub tap_advance: usize,
}

impl Run {
    /// The same positions, with a single one of their taps.
    #[inline(always)]
    pub fn tap(&self, number: usize) -> Self {
        Run {
            tap: self.tap + number * self.tap_step,
            taps: 1,
            source: self.source + number * self.tap_advance,
            ..*self
        }
    }
}

/// All positions of a window, run by run.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    window: Window,
    backward: bool,
    /// The residue of the positions at hand; 0 forward.
    residue: usize,
    next: usize,
}

impl Sweep {
    /// The positions are outputs, the source is the input.
    #[inline(always)]
    pub fn forward(window: Window) -> Self {
        Self {
            window,
            backward: false,
            residue: 0,
            next: 0,
        }
    }

    /// The positions are inputs, the source is the output's gradient; taps are counted from the last.
    #[inline(always)]
    pub fn backward(window: Window) -> Self {
        Self {
            backward: true,
            ..Self::forward(window)
        }
    }

    /// How many positions there are.
    pub fn positions(&self) -> usize {
        match self.backward {
            false => self.window.output,
            true => self.window.input,
        }
    }

    /// How many places the source has.
    pub fn sources(&self) -> usize {
        match self.backward {
            false => self.window.input,
            true => self.window.output,
        }
    }

    /// Whether it goes forward in steps of one, over all of the kernel's taps, side by side.
    pub fn is_dense(&self) -> bool {
        !self.backward && self.window.stride == 1 && self.window.dilation == 1
    }

    /// The run of a single position.
    fn at(&self, position: usize) -> Run {
        let Window {
            output,
            kernel,
            stride,
            dilation,
            before,
            ..
        } = self.window;
        let mut run = Run {
            first: position,
            step: 1,
            count: 1,
            tap: 0,
            tap_step: 1,
            taps: 0,
            source: 0,
            advance: stride,
            tap_advance: dilation,
        };
        if !self.backward {
            (run.tap, run.taps, run.source) = self.window.inside(position);
            return run;
        }
        // output place = (position + before - tap dilation) / stride, without a rest
        run.step = stride;
        run.advance = 1;
        run.tap_step = stride / common(stride, dilation);
        run.tap_advance = run.tap_step * dilation / stride;
        let at = position + before;
        // The last of these taps comes first: it meets the lowest place.
        let inside = |tap: usize| tap * dilation <= at && (at - tap * dilation) / stride < output;
        let meets = |tap: &usize| {
            tap * dilation <= at && (at - tap * dilation).is_multiple_of(stride) && inside(*tap)
        };
        if let Some(last) = (0..kernel).rev().find(meets) {
            run.tap = kernel - 1 - last;
            run.taps = (0..=last).filter(meets).count();
            run.source = (at - last * dilation) / stride;
        }
        run
    }
}

/// The greatest common divisor.
fn common(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common(b, a % b) }
}

impl Iterator for Sweep {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        let step = if self.backward { self.window.stride } else { 1 };
        while self.next >= self.positions() {
            if self.residue + 1 >= step.min(self.positions()) {
                return None;
            }
            self.residue += 1;
            self.next = self.residue;
        }
        let mut run = self.at(self.next);
        if !self.backward && run.taps == self.window.kernel {
            // All windows that lie inside, at once.
            let Window {
                input,
                output,
                stride,
                before,
                ..
            } = self.window;
            let last = ((input + before - self.window.extent()) / stride).min(output - 1);
            run.count = last + 1 - run.first;
            self.next = last + 1;
            return Some(run);
        }
        loop {
            self.next += step;
            if self.next >= self.positions() {
                return Some(run);
            }
            let other = self.at(self.next);
            let continues = (other.tap, other.taps) == (run.tap, run.taps)
                && (run.taps == 0 || other.source == run.source + run.count * run.advance);
            if !continues {
                return Some(run);
            }
            run.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    /// All (position, tap, source) by the definition, and by the runs.
    #[test]
    #[cfg_attr(miri, ignore = "too large, and safe code")]
    fn runs_are_what_the_definition_says() {
        for input in 1..9 {
            for kernel in 1..5 {
                for stride in 1..4 {
                    for dilation in 1..4 {
                        for before in 0..=kernel {
                            let extent = (kernel - 1) * dilation + 1;
                            let room = input + 2 * before;
                            if room < extent {
                                continue;
                            }
                            let window = Window {
                                input,
                                output: (room - extent) / stride + 1,
                                kernel,
                                stride,
                                dilation,
                                before,
                            };
                            check(window);
                        }
                    }
                }
            }
        }
    }

    fn check(window: Window) {
        let (mut forward, mut backward) = (BTreeSet::new(), BTreeSet::new());
        for position in 0..window.output {
            for tap in 0..window.kernel {
                let at = position * window.stride + tap * window.dilation;
                if at >= window.before && at - window.before < window.input {
                    let place = at - window.before;
                    forward.insert((position, tap, place));
                    backward.insert((place, window.kernel - 1 - tap, position));
                }
            }
        }
        for (sweep, expected) in [
            (Sweep::forward(window), forward),
            (Sweep::backward(window), backward),
        ] {
            let (mut found, mut positions) = (BTreeSet::new(), BTreeSet::new());
            for run in sweep {
                for a in 0..run.count {
                    let position = run.first + a * run.step;
                    assert!(positions.insert(position), "{window:?}: {position} twice");
                    for b in 0..run.taps {
                        let source = run.source + a * run.advance + b * run.tap_advance;
                        found.insert((position, run.tap + b * run.tap_step, source));
                    }
                }
            }
            assert_eq!(found, expected, "{window:?}");
            assert!(
                positions.iter().copied().eq(0..sweep.positions()),
                "{window:?}"
            );
        }
    }
}
