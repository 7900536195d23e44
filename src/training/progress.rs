//! What `fit` tells while it runs: a bar on a terminal, lines elsewhere, or nothing.

use super::{Score, Verbose};

#[cfg(feature = "progress")]
mod bar;

/// The time since a moment, in seconds; always 0 without a clock.
pub(super) struct Clock {
    /// What has passed before.
    #[cfg(feature = "std")]
    before: f64,
    #[cfg(feature = "std")]
    start: std::time::Instant,
}

impl Clock {
    /// Begins to count from here on.
    pub(super) fn start(before: f64) -> Self {
        #[cfg(not(feature = "std"))]
        let _ = before;
        Self {
            #[cfg(feature = "std")]
            before,
            #[cfg(feature = "std")]
            start: std::time::Instant::now(),
        }
    }

    pub(super) fn seconds(&self) -> f64 {
        #[cfg(feature = "std")]
        return self.before + self.start.elapsed().as_secs_f64();
        #[cfg(not(feature = "std"))]
        0.0
    }
}

/// The report of a training under way. Nothing is told without `std`.
#[cfg_attr(not(feature = "std"), expect(dead_code))] // who tells nothing needs nothing
pub(super) struct Progress {
    style: Style,
    epochs: usize,
    epoch: usize,
    /// How many an epoch has, if it is known.
    #[cfg_attr(not(feature = "progress"), allow(dead_code))] // only the bar shows it
    samples: Option<usize>,
    done: usize,
    clock: Clock,
    /// The bar is drawn again when this many samples are done: often enough for the eye, too seldom
    /// to cost anything.
    next: usize,
}

enum Style {
    Silent,
    #[cfg(feature = "std")]
    Lines,
    #[cfg(feature = "progress")]
    Bar(bar::Bar),
}

impl Style {
    #[cfg(not(feature = "std"))]
    fn of(_: Verbose) -> Self {
        Style::Silent
    }

    #[cfg(feature = "std")]
    fn of(verbose: Verbose) -> Self {
        match verbose {
            Verbose::Silent => Style::Silent,
            Verbose::Lines => Style::Lines,
            #[cfg(feature = "progress")]
            Verbose::Bar if bar::is_terminal() => Style::Bar(bar::Bar::new()),
            Verbose::Bar => Style::Lines,
        }
    }
}

impl Progress {
    pub(super) fn new(verbose: Verbose, epochs: usize, samples: Option<usize>) -> Self {
        Self {
            style: Style::of(verbose),
            epochs,
            epoch: 0,
            samples,
            done: 0,
            clock: Clock::start(0.0),
            next: usize::MAX,
        }
    }

    /// An epoch begins, or goes on behind so many samples and seconds.
    pub(super) fn begin(&mut self, epoch: usize, done: usize, seconds: f64) {
        self.epoch = epoch;
        self.done = done;
        self.clock = Clock::start(seconds);
        #[cfg(feature = "progress")]
        if let Style::Bar(bar) = &mut self.style {
            bar.begin(epoch, self.epochs, self.samples);
            self.next = done + 1;
        }
    }

    /// How long the epoch has taken so far.
    pub(super) fn seconds(&self) -> f64 {
        self.clock.seconds()
    }

    /// A batch is done; `score` is that of all samples of the epoch so far, given how many.
    #[inline(always)]
    pub(super) fn advance(&mut self, batch: usize, score: impl FnOnce(usize) -> Score) {
        self.done += batch;
        if self.done >= self.next {
            self.draw(&score(self.done));
        }
    }

    /// How many samples more can be done before there is anything to tell.
    pub(super) fn quiet(&self) -> usize {
        self.next.saturating_sub(self.done + 1)
    }

    #[cold]
    fn draw(&mut self, score: &Score) {
        let seconds = self.clock.seconds();
        // Twenty times a second, at the speed so far.
        let speed = self.done as f64 / seconds.max(1e-6);
        self.next = self.done + (speed / 20.0) as usize + 1;
        let _ = score;
        #[cfg(feature = "progress")]
        if let Style::Bar(bar) = &mut self.style {
            bar.draw(self.done, seconds, &values(score, None));
        }
    }

    /// An epoch is over.
    pub(super) fn end(&mut self, score: &Score, validation: Option<&Score>, seconds: f64) {
        match &mut self.style {
            Style::Silent => {
                let _ = (score, validation, seconds);
            }
            #[cfg(feature = "std")]
            Style::Lines => {
                let values = values(score, validation);
                let time = time(seconds, self.done);
                std::println!("Epoch {}/{} - {time} - {values}", self.epoch, self.epochs);
            }
            #[cfg(feature = "progress")]
            Style::Bar(bar) => {
                let values = values(score, validation);
                bar.end(&time(seconds, self.done), &values);
            }
        }
    }

    /// The training ends with an error.
    pub(super) fn abandon(&mut self) {
        #[cfg(feature = "progress")]
        if let Style::Bar(bar) = &mut self.style {
            bar.abandon();
        }
    }
}

/// `loss: 0.2140 - accuracy: 0.9192 - val_loss: 0.3312`
#[cfg(feature = "std")]
fn values(score: &Score, validation: Option<&Score>) -> std::string::String {
    use std::fmt::Write;
    let mut text = std::string::String::new();
    for (prefix, score) in [("", Some(score)), (" - val_", validation)] {
        let Some(score) = score else { continue };
        let separator = if prefix.is_empty() { " - " } else { prefix };
        let _ = write!(text, "{prefix}loss: {:.4}", score.loss);
        for (name, value) in score.metrics() {
            let _ = write!(text, "{separator}{name}: {value:.4}");
        }
    }
    text
}

/// `0.9s 15us/sample`
#[cfg(feature = "std")]
fn time(seconds: f64, samples: usize) -> std::string::String {
    let each = seconds / samples.max(1) as f64;
    let each = match each {
        s if s >= 1.0 => std::format!("{s:.1}s"),
        s if s >= 1e-3 => std::format!("{:.0}ms", s * 1e3),
        s if s >= 1e-5 => std::format!("{:.0}us", s * 1e6),
        s if s >= 1e-6 => std::format!("{:.1}us", s * 1e6),
        s => std::format!("{:.0}ns", s * 1e9),
    };
    std::format!("{seconds:.1}s {each}/sample")
}
