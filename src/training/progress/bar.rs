//! The bar on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::format;
use std::io::IsTerminal;

/// Whether there is a terminal to draw on.
pub fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

pub struct Bar(ProgressBar);

/// `38400/60000 [===================>..........] - ETA 0s 15us/sample - loss: 0.5 - accuracy: 0.8`
const TEMPLATE: &str = "{pos:>{digits}}/{len} [{bar:30}] - {msg}";

impl Bar {
    pub fn new() -> Self {
        Self(ProgressBar::hidden())
    }

    pub fn begin(&mut self, epoch: usize, epochs: usize, samples: usize) {
        std::eprintln!("Epoch {epoch}/{epochs}");
        let digits = format!("{samples}").len();
        let template = TEMPLATE.replace("{digits}", &format!("{digits}"));
        let target = ProgressDrawTarget::stderr_with_hz(20);
        self.0 = ProgressBar::with_draw_target(Some(samples as u64), target);
        if let Ok(style) = ProgressStyle::with_template(&template) {
            self.0.set_style(style.progress_chars("=>."));
        }
    }

    pub fn draw(&mut self, done: usize, seconds: f64, values: &str) {
        let left = (self.0.length().unwrap_or(0) as usize).saturating_sub(done);
        let eta = seconds / done.max(1) as f64 * left as f64;
        self.0.set_position(done as u64);
        let time = super::time(seconds, done);
        let each = time.rsplit(' ').next().unwrap_or("");
        self.0
            .set_message(format!("ETA {eta:.0}s {each} - {values}"));
    }

    pub fn end(&mut self, time: &str, values: &str) {
        self.0.set_position(self.0.length().unwrap_or(0));
        self.0.abandon_with_message(format!("{time} - {values}"));
    }

    pub fn abandon(&mut self) {
        self.0.abandon();
    }
}
