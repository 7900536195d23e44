//! The three passes of a convolution against their definition, and all instruction sets against each
//! other, bit for bit.

mod pooled;

use super::weight_tables::reach;
use super::{Conv, Correlate, Picks, input_grad, prepare, weight_grad};
use crate::kernels::Element;
use crate::kernels::channelwise::Channelwise;
use crate::random::Stream;
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Window;
use crate::simd::{Isa, Job, Level, dispatch_on, exact};
use alloc::vec;
use alloc::vec::Vec;

/// A convolution, with what goes in and what comes out.
struct Case<T> {
    conv: Conv,
    rows: usize,
    x: Vec<T>,
    w: Vec<T>,
    bias: Vec<T>,
    dz: Vec<T>,
    /// The same gradient as a pooling layer behind leaves it.
    picked: Option<Picked<T>>,
}

/// The windows of a pooling layer, the gradient by its outputs, and which inputs these were.
struct Picked<T> {
    pool: Channelwise,
    dz: Vec<T>,
    winners: Vec<T>,
}

/// Output, gradient by the input, gradient by the weights.
type Passes<T> = [Vec<T>; 3];

fn window(stream: &mut Stream, below: &mut dyn FnMut(&mut Stream, usize) -> usize) -> Window {
    let (kernel, dilation) = (1 + below(stream, 4), 1 + below(stream, 3));
    let stride = 1 + below(stream, 3);
    let extent = (kernel - 1) * dilation + 1;
    let before = below(stream, extent);
    let input = extent.saturating_sub(2 * before).max(1) + below(stream, 14);
    Window {
        input,
        output: (input + 2 * before - extent) / stride + 1,
        kernel,
        stride,
        dilation,
        before,
    }
}

fn below(stream: &mut Stream, end: usize) -> usize {
    (stream.uniform() * end as f64) as usize
}

/// How many of some sizes are tried: of a slow run under Miri only the first one.
fn sizes(count: usize) -> usize {
    if cfg!(miri) { 1 } else { count }
}

/// A window that moves by one over neighbouring taps, mostly with a border.
fn dense(stream: &mut Stream) -> Window {
    let (kernel, input) = (1 + below(stream, 8), 8 + below(stream, 6));
    let before = below(stream, kernel);
    Window {
        input,
        output: input + 2 * before - kernel + 1,
        kernel,
        stride: 1,
        dilation: 1,
        before,
    }
}

/// The windows of a pooling layer.
fn pooling(input: usize, kernel: usize, stride: usize, before: usize) -> Window {
    Window {
        input,
        output: (input + 2 * before - kernel) / stride + 1,
        kernel,
        stride,
        dilation: 1,
        before,
    }
}

/// The same taps side by side, as often as they fit.
fn undilated(window: Window) -> Window {
    let mut window = Window {
        dilation: 1,
        before: window.before.min(window.kernel - 1),
        ..window
    };
    window.output = (window.input + 2 * window.before - window.kernel) / window.stride + 1;
    window
}

impl<T: Element> Case<T> {
    fn random(seed: u64) -> Self {
        let mut stream = Stream::new(seed);
        let windows = [(); 2].map(|()| window(&mut stream, &mut below));
        let groups = [1, 1, 2, 3][below(&mut stream, 4)];
        let sizes = [1, 2, 3, 4, 5, 8, 12, 16, 17, 24, 32, 48];
        let mut size = || groups * sizes[below(&mut stream, if groups == 1 { 12 } else { 8 })];
        let (channels, filters) = (size(), size());
        Self::new(&mut stream, windows, [channels, filters, groups])
    }

    /// One channel, as in grey pictures: it has a way of its own for some kernels.
    fn one_channel(seed: u64) -> Self {
        let mut stream = Stream::new(seed);
        let windows = [(); 2].map(|()| dense(&mut stream));
        let filters = [1, 2, 8, 16, 32][below(&mut stream, 5)];
        Self::new(&mut stream, windows, [1, filters, 1])
    }

    /// Samples of few numbers, and others between them.
    fn sparse(seed: u64) -> Self {
        let mut stream = Stream::new(seed);
        let windows = [(); 2].map(|()| match below(&mut stream, 2) {
            0 => window(&mut stream, &mut below),
            _ => dense(&mut stream),
        });
        let sizes = [(); 2].map(|()| [8, 16, 24, 32, 40][below(&mut stream, sizes(5))]);
        let mut case = Self::new(&mut stream, windows, [sizes[0], sizes[1], 1]);
        let (_, width) = case.widths();
        for dz in RowsMut::new(&mut case.dz, width).iter_mut() {
            let share = [0.0, 0.1, 0.2, 1.0][below(&mut stream, 4)];
            for dz in dz {
                if stream.uniform() >= share {
                    *dz = T::zero();
                }
            }
        }
        case
    }

    fn new(stream: &mut Stream, windows: [Window; 2], sizes: [usize; 3]) -> Self {
        let [channels, filters, groups] = sizes;
        let conv = Conv {
            windows,
            channels,
            filters,
            groups,
        };
        let rows = below(stream, 4);
        let mut numbers = |rows: usize, width: usize, pad: f64| {
            let mut data = vec![T::of(pad); rows * padded(width)];
            for row in RowsMut::new(&mut data, width).iter_mut() {
                row.fill_with(|| T::of(stream.normal()));
            }
            data
        };
        let [down, across] = windows;
        Case {
            conv,
            rows,
            x: numbers(rows, down.input * across.input * channels, f64::NAN),
            w: numbers(conv.taps() * conv.depth(), filters, 0.0),
            bias: numbers(1, filters, 0.0),
            dz: numbers(rows, down.output * across.output * filters, 0.0),
            picked: None,
        }
    }

    /// A pooling layer behind, of several channels or, with windows side by side, of few.
    fn picked(seed: u64) -> Self {
        let mut stream = Stream::new(seed);
        let few = below(&mut stream, 2) == 0;
        let windows = [(); 2].map(|()| match below(&mut stream, 2) {
            0 => window(&mut stream, &mut below),
            _ => dense(&mut stream),
        });
        let windows = [windows[0], undilated(windows[1])];
        let channels =
            [[8, 16, 24, 40], [1, 2, 3, 5]][usize::from(few)][below(&mut stream, sizes(4))];
        let filters = [8, 16, 24, 32, 40][below(&mut stream, sizes(5))];
        let case = Self::new(&mut stream, windows, [channels, filters, 1]);
        let pool = case.conv.windows.map(|window| {
            let input = window.output;
            let kernel = 1 + below(&mut stream, input.min(3));
            let stride = if few { kernel } else { 1 } + below(&mut stream, 3);
            pooling(input, kernel, stride, below(&mut stream, kernel))
        });
        case.behind(pool, stream)
    }

    /// Windows of at most two by two numbers, all of them inside, behind a convolution of few channels.
    fn halved(seed: u64) -> Self {
        let mut stream = Stream::new(seed);
        let windows = [(); 2].map(|()| {
            let kernel = [3, 3, 1, 2, 4, 5, 7][below(&mut stream, 7)];
            let (stride, dilation) = (1 + below(&mut stream, 2), 1 + below(&mut stream, 4) / 3);
            let extent = (kernel - 1) * dilation + 1;
            let input = extent + stride + below(&mut stream, 9);
            Window {
                input,
                output: (input - extent) / stride + 1,
                kernel,
                stride,
                dilation,
                before: 0,
            }
        });
        let windows = [windows[0], undilated(windows[1])];
        let (channels, filters) = (
            [1, 1, 1, 2, 3, 5][below(&mut stream, 6)],
            [8, 16, 24, 32][below(&mut stream, sizes(4))],
        );
        let case = Self::new(&mut stream, windows, [channels, filters, 1]);
        let pool = case.conv.windows.map(|window| {
            let kernel = [1, 2, 2, 2][below(&mut stream, 4)];
            pooling(window.output, kernel, kernel + below(&mut stream, 2), 0)
        });
        case.behind(pool, stream)
    }

    /// The same with a pooling layer of these windows behind.
    fn behind(self, windows: [Window; 2], mut stream: Stream) -> Self {
        let filters = self.conv.filters;
        let mut case = self;
        let pool = Channelwise {
            windows,
            channels: filters,
        };
        let (width, [down, across]) = (pool.outputs(), pool.windows);
        let mut dz = vec![T::zero(); case.rows * padded(width)];
        let mut winners = Vec::new();
        case.dz.fill(T::zero());
        let (_, y_width) = case.widths();
        let mut whole = RowsMut::new(&mut case.dz, y_width);
        for (dz, whole) in RowsMut::new(&mut dz, width)
            .iter_mut()
            .zip(whole.iter_mut())
        {
            for (i, dz) in dz.iter_mut().enumerate() {
                let (place, filter) = (i / filters, i % filters);
                let mut tap = |window: Window, place: usize| {
                    let (first, count, at) = window.inside(place);
                    let tap = below(&mut stream, count);
                    (first + tap, at + tap, count > 0)
                };
                let (i, p, is_row) = tap(down, place / across.output);
                let (j, q, is_column) = tap(across, place % across.output);
                winners.push(T::of((i * across.kernel + j) as f64));
                if is_row && is_column && stream.uniform() < 0.6 {
                    *dz = T::of(stream.normal());
                    whole[(p * across.input + q) * filters + filter] += *dz;
                }
            }
        }
        case.picked = Some(Picked { pool, dz, winners });
        case
    }

    fn widths(&self) -> (usize, usize) {
        let [down, across] = self.conv.windows;
        (
            down.input * across.input * self.conv.channels,
            down.output * across.output * self.conv.filters,
        )
    }

    /// All products of the definition, in f64: sample, input place, weight place, output place.
    fn definition(&self) -> [Vec<f64>; 3] {
        let Conv {
            windows: [down, across],
            channels,
            filters,
            ..
        } = self.conv;
        let (depth, breadth) = (self.conv.depth(), self.conv.breadth());
        let (x_width, y_width) = self.widths();
        let mut y = vec![0.0; self.rows * padded(y_width)];
        let mut dx = vec![0.0; self.rows * padded(x_width)];
        let mut dw = vec![0.0; self.w.len()];
        let number = |x: T| x.as_f64();
        for sample in 0..self.rows {
            for place in 0..y_width {
                let filter = place % filters;
                let at_y = sample * padded(y_width) + place;
                y[at_y] = number(self.bias[filter]);
                let (oy, ox) = (
                    place / filters / across.output,
                    place / filters % across.output,
                );
                for tap in 0..self.conv.taps() {
                    let (ky, kx) = (tap / across.kernel, tap % across.kernel);
                    let iy = (oy * down.stride + ky * down.dilation).wrapping_sub(down.before);
                    let ix =
                        (ox * across.stride + kx * across.dilation).wrapping_sub(across.before);
                    if iy >= down.input || ix >= across.input {
                        continue;
                    }
                    for c in 0..depth {
                        let channel = filter / breadth * depth + c;
                        let at_x = sample * padded(x_width)
                            + (iy * across.input + ix) * channels
                            + channel;
                        let at_w = (tap * depth + c) * padded(filters) + filter;
                        y[at_y] += number(self.x[at_x]) * number(self.w[at_w]);
                        dx[at_x] += number(self.dz[at_y]) * number(self.w[at_w]);
                        dw[at_w] += number(self.dz[at_y]) * number(self.x[at_x]);
                    }
                }
            }
        }
        [y, dx, dw]
    }
}

impl<T: Element> Job for &Case<T> {
    type Output = Passes<T>;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Passes<T> {
        let (x_width, y_width) = self.widths();
        let mut y = vec![T::zero(); self.rows * padded(y_width)];
        let mut dx = vec![T::zero(); self.rows * padded(x_width)];
        let mut dw = vec![T::zero(); self.w.len()];
        let mut prepared = vec![T::zero(); self.conv.prepared_len()];
        prepare(&self.conv, &self.w, &mut prepared);
        let x = Rows::new(&self.x, x_width);
        let (dz, picks) = match &self.picked {
            None => (Rows::new(&self.dz, y_width), None),
            Some(Picked { pool, dz, winners }) => {
                let (pool, dz) = (*pool, Rows::new(dz, pool.outputs()));
                (dz, Some(Picks { pool, winners }))
            }
        };
        // The rows of the weights in two parts, as two threads would take them.
        let stride = padded(self.conv.filters);
        let middle = self.w.len() / stride / 2;
        let to = RowsMut::new(&mut dx, x_width);
        input_grad(isa, &self.conv, dz, picks, &prepared, to);
        // Without padding, behind which nothing may be read.
        let plain: Vec<T> = x.iter().flatten().copied().collect();
        let plain = Rows::dense(&plain, x_width);
        let (low, high) = dw.split_at_mut(middle * stride);
        for (first, dw) in [(0, low), (middle, high)] {
            weight_grad(isa, &self.conv, plain, first, dz, picks, dw);
        }
        for group in 0..self.conv.groups {
            let to = RowsMut::new(&mut y, y_width);
            let bias = Some(&self.bias[..]);
            T::correlate(
                isa,
                Correlate::forward(&self.conv, group, x, &self.w, bias, to),
            );
        }
        [y, dx, dw]
    }
}

fn agree<T: Element>(cases: u64, case: impl Fn(u64) -> Case<T>, tolerance: f64) {
    for seed in 0..cases {
        let case = case(seed);
        let (x_width, y_width) = case.widths();
        let widths = [y_width, x_width, case.conv.filters];
        let plain = |data: &[T], width: usize| -> Vec<f64> {
            let rows = Rows::new(data, width);
            rows.iter().flatten().map(|x| x.as_f64()).collect()
        };
        let mut fused: Option<Passes<T>> = None;
        for level in Level::ALL.into_iter().filter(|level| level.available()) {
            let found = dispatch_on(level, &case);
            for ((found, expected), width) in found.iter().zip(case.definition()).zip(widths) {
                let expected = Rows::new(&expected, width);
                for (found, expected) in plain(found, width).iter().zip(expected.iter().flatten()) {
                    assert!(
                        (found - expected).abs() <= tolerance * (30.0 + expected.abs()),
                        "{level} {seed} {:?}: {found} instead of {expected}",
                        case.conv
                    );
                }
            }
            if !level.fused() {
                continue;
            }
            match &fused {
                None => fused = Some(found),
                Some(fused) => {
                    for ((found, fused), width) in found.iter().zip(fused).zip(widths) {
                        assert_eq!(plain(found, width), plain(fused, width), "{level} {seed}");
                    }
                }
            }
        }
    }
}

#[test]
fn passes_are_their_definition_f32() {
    let cases = if cfg!(miri) { 4 } else { 200 };
    agree(cases, Case::<f32>::random, 1e-6);
}

#[test]
fn passes_are_their_definition_f64() {
    let cases = if cfg!(miri) { 2 } else { 100 };
    agree(cases, Case::<f64>::random, 1e-14);
}

#[test]
fn passes_over_one_channel_are_their_definition() {
    let cases = if cfg!(miri) { 2 } else { 200 };
    agree(cases, Case::<f32>::one_channel, 1e-5);
    agree(cases, Case::<f64>::one_channel, 1e-14);
}

#[test]
fn passes_over_few_numbers_are_their_definition() {
    let cases = if cfg!(miri) { 2 } else { 100 };
    agree(cases, Case::<f32>::sparse, 1e-5);
    agree(cases, Case::<f64>::sparse, 1e-14);
}

#[test]
fn passes_over_picks_are_their_definition() {
    let cases = if cfg!(miri) { 2 } else { 400 };
    agree(cases, Case::<f32>::picked, 1e-5);
    agree(cases, Case::<f64>::picked, 1e-14);
}

#[test]
fn passes_over_halves_are_their_definition() {
    let cases = if cfg!(miri) { 2 } else { 200 };
    agree(cases, Case::<f32>::halved, 1e-5);
    agree(cases, Case::<f64>::halved, 1e-14);
    let has_tables = |&seed: &u64| {
        let Case { conv, picked, .. } = Case::<f32>::halved(seed);
        picked.is_some_and(|picked| reach(&conv, &picked.pool) > 0)
    };
    let count = (0..cases).filter(has_tables).count() as u64;
    assert!(
        2 * count >= cases || cfg!(miri),
        "only {count} of {cases} have tables"
    );
}

#[test]
fn rows_shared_otherwise_are_the_same() {
    for seed in 0..if cfg!(miri) { 1 } else { 40 } {
        let case = Case::<f32>::sparse(seed);
        let (x_width, y_width) = case.widths();
        let (x, dz) = (Rows::new(&case.x, x_width), Rows::new(&case.dz, y_width));
        let mut whole = vec![0.0; case.w.len()];
        weight_grad(exact(), &case.conv, x, 0, dz, None, &mut whole);
        let stride = padded(case.conv.filters);
        for (i, expected) in whole.chunks(7 * stride).enumerate() {
            let mut part = vec![0.0; expected.len()];
            weight_grad(exact(), &case.conv, x, 7 * i, dz, None, &mut part);
            assert_eq!(part, expected, "{seed} {:?}", case.conv);
        }
    }
}
