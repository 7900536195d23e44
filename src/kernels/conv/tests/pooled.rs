//! A convolution and a pooling layer in one pass, against both one after the other: bit for bit, and on all
//! instruction sets.

use super::{below, sizes};
use crate::kernels::Element;
use crate::kernels::channelwise::{Channelwise, pool};
use crate::kernels::conv::{Conv, Correlate, PicksMut, Pooled, joins};
use crate::random::Stream;
use crate::rows::{Rows, RowsMut, padded};
use crate::shape::Window;
use crate::simd::{Isa, Job, Level, dispatch_on};
use alloc::vec;
use alloc::vec::Vec;

struct Case<T> {
    conv: Conv,
    pool: Channelwise,
    rows: usize,
    x: Vec<T>,
    w: Vec<T>,
    bias: Option<Vec<T>>,
}

impl<T: Element> Case<T> {
    fn random(seed: u64) -> Self {
        let mut stream = Stream::new(seed);
        let one_channel = below(&mut stream, 2) == 0;
        let windows = [(); 2].map(|()| {
            let mut size = |end| 1 + below(&mut stream, end);
            let (kernel, stride, dilation) = match one_channel {
                true => ([3, 5][(seed / 2 % 2) as usize], 1, 1),
                false => (size(4), size(3), size(2)),
            };
            let output = 1 + size(if cfg!(miri) { 3 } else { 9 });
            Window {
                input: (kernel - 1) * dilation + 1 + (output - 1) * stride + size(stride) - 1,
                output,
                kernel,
                stride,
                dilation,
                before: 0,
            }
        });
        let filters = [8, 16, 24, 32, 40, 1, 2, 4, 5][below(&mut stream, sizes(9))];
        let channels = if one_channel {
            1
        } else {
            [1, 3, 2, 8, 17][below(&mut stream, sizes(4) + 1)]
        };
        let conv = Conv {
            windows,
            channels,
            filters,
            groups: 1,
        };
        let pool = Channelwise {
            windows: windows.map(|Window { output, .. }| Window {
                input: output,
                output: output / 2,
                kernel: 2,
                stride: 2,
                ..Window::ONE
            }),
            channels: filters,
        };
        let rows = below(&mut stream, 4);
        // Whole numbers, among which there are equals; and sometimes what is none.
        let mut number = |wild: bool| {
            let x = (2.0 * stream.normal()).round();
            match below(&mut stream, if wild { 200 } else { 2 }) {
                2 => T::NAN,
                3 => T::INFINITY,
                _ => T::of(x),
            }
        };
        let [down, across] = windows;
        let (width, w_len) = (down.input * across.input * channels, conv.taps() * channels);
        let mut x = vec![T::NAN; rows * padded(width)];
        for row in RowsMut::new(&mut x, width).iter_mut() {
            row.fill_with(|| number(seed.is_multiple_of(4)));
        }
        let mut w = vec![T::zero(); w_len * padded(filters)];
        for row in RowsMut::new(&mut w, filters).iter_mut() {
            row.fill_with(|| number(false));
        }
        let mut bias = vec![T::zero(); padded(filters)];
        bias[..filters].fill_with(|| number(false));
        Case {
            conv,
            pool,
            rows,
            x,
            w,
            bias: (!seed.is_multiple_of(3)).then_some(bias),
        }
    }
}

/// What comes out, and which numbers these are: in one pass, or one after the other.
impl<T: Element> Job for (&Case<T>, bool) {
    type Output = [Vec<T>; 2];

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> [Vec<T>; 2] {
        let (case, in_one) = self;
        let [down, across] = case.conv.windows;
        let x = Rows::new(&case.x, down.input * across.input * case.conv.channels);
        // Without padding, behind which nothing may be read.
        let plain: Vec<T> = x.iter().flatten().copied().collect();
        let plain = Rows::dense(&plain, x.width());
        let width = case.pool.outputs();
        let mut y = vec![T::zero(); case.rows * padded(width)];
        let mut winners = vec![T::zero(); case.rows * width];
        let bias = case.bias.as_deref();
        let mut to = RowsMut::new(&mut y, width);
        if in_one {
            let picks = PicksMut {
                pool: case.pool,
                winners: &mut winners,
            };
            let kernel = Pooled::new(&case.conv, plain, &case.w, bias, to.reborrow(), picks);
            T::pooled(isa, kernel);
            // Where nobody wants to know which ones, the numbers are the same.
            let mut again = vec![T::zero(); y.len()];
            let winners = &mut [];
            let pool = case.pool;
            let to = RowsMut::new(&mut again, width);
            let picks = PicksMut { pool, winners };
            T::pooled(
                isa,
                Pooled::new(&case.conv, plain, &case.w, bias, to, picks),
            );
            // (Two NaNs may have different bits: WebAssembly does not say which.)
            let known = |y: f64| if y.is_nan() { f64::NAN } else { y };
            let bits =
                |y: &[T]| -> Vec<u64> { y.iter().map(|y| known(y.as_f64()).to_bits()).collect() };
            assert_eq!(bits(&again), bits(&y));
        } else {
            let inner = down.output * across.output * case.conv.filters;
            let mut z = vec![T::zero(); case.rows * padded(inner)];
            let z_rows = RowsMut::new(&mut z, inner);
            let kernel = Correlate::forward(&case.conv, 0, x, &case.w, bias, z_rows);
            T::correlate(isa, kernel.rectifying(true));
            let pairs = Rows::new(&z, inner);
            let rows = pairs.iter().zip(to.iter_mut());
            for ((z, y), winners) in rows.zip(winners.chunks_exact_mut(width.max(1))) {
                pool::max(&case.pool, z, y, winners);
            }
        }
        let y = Rows::new(&y, width).iter().flatten().copied().collect();
        [y, winners]
    }
}

fn is_both<T: Element>(cases: u64) {
    let mut joined = 0;
    for seed in 0..cases {
        let case = Case::<T>::random(seed);
        if !joins(&case.conv, &case.pool) {
            continue;
        }
        joined += 1;
        let mut fused: Option<[Vec<T>; 2]> = None;
        for level in Level::ALL.into_iter().filter(|level| level.available()) {
            let found = dispatch_on(level, (&case, true));
            let expected = dispatch_on(level, (&case, false));
            same(
                &found,
                &expected,
                &format_args!("{level} {seed} {:?}", case.conv),
            );
            if level.fused() {
                let fused = fused.get_or_insert_with(|| found.clone());
                same(&found, fused, &format_args!("{level} {seed}"));
            }
        }
    }
    assert!(
        2 * joined >= cases,
        "only {joined} of {cases} can be done in one"
    );
}

/// Equal numbers; where there is none, there is none in the other, and which one it was does not matter.
fn same<T: Element>(found: &[Vec<T>; 2], expected: &[Vec<T>; 2], what: &dyn core::fmt::Display) {
    let [y, winners] = found;
    for (i, (&y, &expected_y)) in y.iter().zip(&expected[0]).enumerate() {
        let is_nan = |y: T| y.as_f64().is_nan();
        assert_eq!(is_nan(y), is_nan(expected_y), "{what}: number {i}");
        if !is_nan(y) {
            let both = (y.as_f64().to_bits(), winners[i]);
            let expected = (expected_y.as_f64().to_bits(), expected[1][i]);
            assert_eq!(both, expected, "{what}: number {i}");
        }
    }
    assert_eq!(y.len(), expected[0].len(), "{what}");
}

#[test]
fn one_pass_is_both_f32() {
    is_both::<f32>(if cfg!(miri) { 4 } else { 400 });
}

#[test]
fn one_pass_is_both_f64() {
    is_both::<f64>(if cfg!(miri) { 4 } else { 200 });
}
