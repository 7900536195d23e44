//! The bar on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::format;
use std::io::IsTerminal;

/// Whether there is a terminal to draw on.
pub fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// The same while nobody knows how many samples there are.
const UNKNOWN: &str = "{pos}/? - {msg}";

pub struct Bar(ProgressBar);

/// `38400/60000 [===================>..........] - ETA 0s 15us/sample - loss: 0.5 - accuracy: 0.8`
const TEMPLATE: &str = "{pos:>{digits}}/{len} [{bar:30}] - {msg}";

impl Bar {
    pub fn new() -> Self {
        Self(ProgressBar::hidden())
    }

    pub fn begin(&mut self, epoch: usize, epochs: usize, samples: Option<usize>) {
        std::eprintln!("Epoch {epoch}/{epochs}");
        let template = match samples {
            Some(samples) => {
                TEMPLATE.replace("{digits}", &format!("{}", format!("{samples}").len()))
            }
            None => UNKNOWN.into(),
        };
        let target = ProgressDrawTarget::stderr_with_hz(20);
        self.0 = ProgressBar::with_draw_target(samples.map(|samples| samples as u64), target);
        if let Ok(style) = ProgressStyle::with_template(&template) {
            self.0.set_style(style.progress_chars("=>."));
        }
    }

    pub fn draw(&mut self, done: usize, seconds: f64, values: &str) {
        self.0.set_position(done as u64);
        let time = super::time(seconds, done);
        let each = time.rsplit(' ').next().unwrap_or("");
        let message = match self.0.length() {
            Some(samples) => {
                let left = (samples as usize).saturating_sub(done);
                let eta = seconds / done.max(1) as f64 * left as f64;
                format!("ETA {eta:.0}s {each} - {values}")
            }
            None => format!("{each} - {values}"),
        };
        self.0.set_message(message);
    }

    pub fn end(&mut self, time: &str, values: &str) {
        if let Some(samples) = self.0.length() {
            self.0.set_position(samples);
        }
        self.0.abandon_with_message(format!("{time} - {values}"));
    }

    pub fn abandon(&mut self) {
        self.0.abandon();
    }
}
