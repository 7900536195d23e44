//! What the benches have in common: work is counted in floating-point operations, and reported
//! beside what one core can do at best, measured again and again, as clocks drift.

#[allow(dead_code)] // for the benches of kernels
pub mod numbers;
pub mod peak;

use criterion::Throughput;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long a measured peak is taken for the processor's.
const FRESH: Duration = Duration::from_millis(100);

/// Wall time, with operations a second as the throughput, and which part of the core's peak that is.
pub struct OfPeak {
    formatter: Formatter,
    measured: Cell<Instant>,
}

impl OfPeak {
    /// Measures the peak.
    pub fn new() -> Self {
        let peak = peak::measure();
        println!("peak of one core: {:.1} GFLOP/s of f32", peak / 1e9);
        OfPeak {
            formatter: Formatter { peak: peak.into() },
            measured: Instant::now().into(),
        }
    }
}

/// So many floating-point operations.
pub fn work(operations: usize) -> Throughput {
    Throughput::Elements(operations as u64)
}

impl Measurement for OfPeak {
    type Intermediate = <WallTime as Measurement>::Intermediate;
    type Value = <WallTime as Measurement>::Value;

    fn start(&self) -> Self::Intermediate {
        WallTime.start()
    }
    fn end(&self, start: Self::Intermediate) -> Self::Value {
        WallTime.end(start)
    }
    fn add(&self, a: &Self::Value, b: &Self::Value) -> Self::Value {
        WallTime.add(a, b)
    }
    fn zero(&self) -> Self::Value {
        WallTime.zero()
    }
    /// Called behind each sample: the peak beside which a row stands is one of its last moments.
    fn to_f64(&self, value: &Self::Value) -> f64 {
        if self.measured.get().elapsed() > FRESH {
            self.formatter.peak.set(peak::measure());
            self.measured.set(Instant::now());
        }
        WallTime.to_f64(value)
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        &self.formatter
    }
}

struct Formatter {
    /// Operations a second.
    peak: Cell<f64>,
}

impl ValueFormatter for Formatter {
    /// Called with the nanoseconds of a run.
    fn format_throughput(&self, throughput: &Throughput, nanoseconds: f64) -> String {
        let Throughput::Elements(operations) = *throughput else {
            return WallTime
                .formatter()
                .format_throughput(throughput, nanoseconds);
        };
        let rate = operations as f64 / nanoseconds;
        let part = 100.0 * rate * 1e9 / self.peak.get();
        format!("{rate:.2} GFLOP/s = {part:.1} %")
    }
    fn scale_values(&self, typical: f64, values: &mut [f64]) -> &'static str {
        WallTime.formatter().scale_values(typical, values)
    }
    fn scale_throughputs(
        &self,
        typical: f64,
        throughput: &Throughput,
        values: &mut [f64],
    ) -> &'static str {
        WallTime
            .formatter()
            .scale_throughputs(typical, throughput, values)
    }
    fn scale_for_machines(&self, values: &mut [f64]) -> &'static str {
        WallTime.formatter().scale_for_machines(values)
    }
}
