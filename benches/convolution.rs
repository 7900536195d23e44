//! The three passes of convolutions of 32 images with 3x3 filters, beside what the processor can do at
//! best: `cargo bench --bench convolution`.
//!
//! Operations are counted as if every tap lay inside the image, two for each product; the kernels leave
//! taps outside out, so figures above 100 % are possible. `PLYWOOD_ISA` chooses the instruction set.

mod support;

use criterion::{Bencher, BenchmarkId, Criterion, criterion_group, criterion_main};
use plywood::kernels::Element;
use plywood::kernels::conv::{Conv, ConvWeightGrad, Correlate, flip};
use plywood::rows::{Rows, RowsMut};
use plywood::shape::Window;
use plywood::simd::{Isa, Job, Level, dispatch};
use support::numbers::{Numbers, numbers};
use support::{OfPeak, work};

const BATCH: usize = 32;
/// Channels, filters, pixels a side, whether the image keeps its size.
const SHAPES: [(usize, usize, usize, bool); 8] = [
    (16, 16, 28, true),
    (64, 64, 14, true),
    (128, 128, 14, true),
    (256, 256, 7, true),
    (512, 512, 7, true),
    (3, 64, 32, true),
    (1, 8, 28, false),
    (8, 16, 13, false),
];

/// A convolution with a batch.
struct Images {
    conv: Conv,
    x: Numbers,
    w: Numbers,
    flipped: Numbers,
    y: Numbers,
    dz: Numbers,
    dx: Numbers,
    dw: Numbers,
}

impl Images {
    fn new((channels, filters, side, same): (usize, usize, usize, bool)) -> Self {
        let window = Window {
            input: side,
            output: if same { side } else { side - 2 },
            kernel: 3,
            stride: 1,
            dilation: 1,
            before: usize::from(same),
        };
        let conv = Conv {
            windows: [window; 2],
            channels,
            filters,
            groups: 1,
        };
        let (from, to) = widths(&conv);
        Self {
            conv,
            x: numbers(BATCH, from),
            w: numbers(9 * channels, filters),
            flipped: numbers(9 * filters, channels),
            y: numbers(BATCH, to),
            dz: numbers(BATCH, to),
            dx: numbers(BATCH, from),
            dw: numbers(9 * channels, filters),
        }
    }

    fn operations(&self) -> usize {
        let (_, to) = widths(&self.conv);
        2 * BATCH * 9 * self.conv.channels * to
    }
}

/// Numbers of an image before and after.
fn widths(conv: &Conv) -> (usize, usize) {
    let [down, across] = conv.windows;
    (
        down.input * across.input * conv.channels,
        down.output * across.output * conv.filters,
    )
}

struct Forward<'a>(&'a mut Images);

impl Job for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (from, to) = widths(&self.0.conv);
        let Images { conv, x, w, y, .. } = self.0;
        let (x, y) = (Rows::new(x, from), RowsMut::new(y, to));
        f32::correlate(isa, Correlate::forward(conv, 0, x, w, None, y));
    }
}

struct InputGrad<'a>(&'a mut Images);

impl Job for InputGrad<'_> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (from, to) = widths(&self.0.conv);
        let Images {
            conv,
            w,
            flipped,
            dz,
            dx,
            ..
        } = self.0;
        flip(conv, w, flipped);
        let (dz, dx) = (Rows::new(dz, to), RowsMut::new(dx, from));
        f32::correlate(isa, Correlate::backward(conv, 0, dz, flipped, None, dx));
    }
}

struct WeightGrad<'a>(&'a mut Images);

impl Job for WeightGrad<'_> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (from, to) = widths(&self.0.conv);
        let Images {
            conv, x, dz, dw, ..
        } = self.0;
        dw.fill(0.0);
        let (x, dz) = (Rows::new(x, from), Rows::new(dz, to));
        f32::conv_weight_grad(isa, ConvWeightGrad::new(conv, 0, x, 0, dz, None, dw));
    }
}

fn benches(c: &mut Criterion<OfPeak>) {
    println!("instruction set: {}", Level::current());
    type Run = fn(&mut Bencher<'_, OfPeak>, &mut Images);
    let passes: [(&str, Run); 3] = [
        ("convolution forward", |b, images| {
            b.iter(|| dispatch(Forward(images)));
        }),
        ("convolution input gradient", |b, images| {
            b.iter(|| dispatch(InputGrad(images)));
        }),
        ("convolution weight gradient", |b, images| {
            b.iter(|| dispatch(WeightGrad(images)));
        }),
    ];
    for (name, run) in passes {
        let mut group = c.benchmark_group(name);
        for shape in SHAPES {
            let mut images = Images::new(shape);
            group.throughput(work(images.operations()));
            let (channels, filters, side, _) = shape;
            let id = BenchmarkId::from_parameter(format!("{channels}x{side}x{side}->{filters}"));
            group.bench_function(id, |b| run(b, &mut images));
        }
        group.finish();
    }
}

criterion_group! {
    name = all;
    config = Criterion::default().with_measurement(OfPeak::new()).without_plots();
    targets = benches
}
criterion_main!(all);
