//! By hand: a call of `matrixmultiply` for each product of each layer, and loops for the rest.

use crate::jobs::{self, FASHION, Job, SMALL, TINY, Work, calls, epochs, rate};
use num_traits::{Float, NumAssign};
use std::hint::black_box;

pub fn work(job: Job) -> Option<Work> {
    Some(match job {
        Job::Train { batch, threads: 1 } => train(jobs::images::<f32>(), batch),
        Job::TrainF64 { batch } => train(jobs::images::<f64>(), batch),
        Job::Train { .. } | Job::Cnn { .. } | Job::PredictCnn => return None,
        Job::PredictMany => {
            let images = jobs::images::<f32>().0[..256].to_vec();
            let mut net = Net::new(&FASHION, Hidden::Relu, Output::Softmax);
            Work::new(256, move || {
                black_box(net.forward(images.as_flattened(), 256).to_vec());
                0.0
            })
        }
        Job::PredictOne { zeros } => {
            let net = Net::new(&FASHION, Hidden::Relu, Output::Softmax);
            predict(net, jobs::some_images(zeros))
        }
        Job::Tiny => predict(Net::new(&TINY, Hidden::Tanh, Output::Linear), jobs::inputs::<4>()),
        Job::Small => predict(Net::new(&SMALL, Hidden::Relu, Output::Linear), jobs::inputs::<64>()),
        Job::Line => {
            let mut net = Net::new(&[2, 1], Hidden::Relu, Output::Linear);
            epochs(jobs::line(), 2, move |x, y| f64::from(net.step(&x, y.as_flattened())))
        }
        Job::Logistic => {
            let mut net = Net::new(&[1, 1], Hidden::Relu, Output::Sigmoid);
            epochs(jobs::logistic(), 1, move |x, y| f64::from(net.step(&x, y.as_flattened())))
        }
    })
}

fn train<T: Real>(images: (Vec<[T; 784]>, Vec<u8>), batch: usize) -> Work {
    let mut net = Net::new(&FASHION, Hidden::Relu, Output::Softmax);
    epochs(images, batch, move |x, labels| {
        let mut y = vec![T::zero(); 10 * labels.len()];
        for (row, label) in y.chunks_exact_mut(10).zip(labels) {
            row[usize::from(label)] = T::one();
        }
        net.step(&x, &y).to_f64().unwrap()
    })
}

fn predict<const W: usize>(mut net: Net<f32>, inputs: Vec<[f32; W]>) -> Work {
    calls(inputs, move |x| net.forward(x, 1)[0])
}

#[derive(Clone, Copy)]
enum Hidden {
    Relu,
    Tanh,
}

/// The last activation; its loss is the one that goes with it.
#[derive(Clone, Copy)]
enum Output {
    Linear,
    Sigmoid,
    Softmax,
}

struct Layer<T> {
    w: Vec<T>,
    b: Vec<T>,
    /// What it gave last.
    out: Vec<T>,
}

struct Net<T> {
    layers: Vec<Layer<T>>,
    hidden: Hidden,
    output: Output,
    dz: Vec<T>,
    dx: Vec<T>,
}

impl<T: Real> Net<T> {
    fn new(widths: &[usize], hidden: Hidden, output: Output) -> Self {
        let mut weights = jobs::inputs::<1>().into_iter().flatten().cycle();
        let layer = |pair: &[usize]| {
            let [k, n] = [pair[0], pair[1]];
            // Glorot's limit.
            let limit = (6.0 / (k + n) as f32).sqrt();
            let w = weights.by_ref().take(k * n).map(|w| T::from(w * limit).unwrap());
            let w = w.collect();
            let [b, out] = [vec![T::zero(); n], Vec::new()];
            Layer { w, b, out }
        };
        let layers = widths.windows(2).map(layer).collect();
        let [dz, dx] = [Vec::new(), Vec::new()];
        Self { layers, hidden, output, dz, dx }
    }

    fn forward(&mut self, x: &[T], batch: usize) -> &[T] {
        let last = self.layers.len() - 1;
        for i in 0..=last {
            let (before, rest) = self.layers.split_at_mut(i);
            let x = before.last().map_or(x, |layer| &layer.out);
            let Layer { w, b, out } = &mut rest[0];
            let [k, n] = [x.len() / batch, b.len()];
            out.resize(batch * n, T::zero());
            out.chunks_exact_mut(n).for_each(|row| row.copy_from_slice(b));
            let (x, w) = (Matrix::new(x, batch, k), Matrix::new(w, k, n));
            product(T::one(), x, w, T::one(), out);
            match (i == last, self.hidden, self.output) {
                (false, Hidden::Relu, _) => out.iter_mut().for_each(|y| *y = y.max(T::zero())),
                (false, Hidden::Tanh, _) => out.iter_mut().for_each(|y| *y = y.tanh()),
                (true, _, Output::Linear) => {}
                (true, _, Output::Sigmoid) => {
                    let sigmoid = |y: T| (T::one() + (-y).exp()).recip();
                    out.iter_mut().for_each(|y| *y = sigmoid(*y));
                }
                (true, _, Output::Softmax) => out.chunks_exact_mut(n).for_each(softmax),
            }
        }
        &self.layers[last].out
    }

    /// A step of gradient descent; gives the mean loss.
    fn step(&mut self, x: &[T], y: &[T]) -> T {
        let last = self.layers.len() - 1;
        let width = self.layers[last].b.len();
        let batch = y.len() / width;
        let count = T::from(batch).unwrap();
        self.forward(x, batch);

        let p = &self.layers[last].out;
        let one = T::one();
        let (scale, loss): (T, fn(T, T) -> T) = match self.output {
            Output::Linear => (one + one, |p, y| (p - y) * (p - y)),
            Output::Sigmoid => (one, |p, y| -(if y > T::zero() { p } else { T::one() - p }).ln()),
            Output::Softmax => (one, |p, y| if y > T::zero() { -p.ln() } else { T::zero() }),
        };
        let mut total = T::zero();
        self.dz.clear();
        for (&p, &y) in p.iter().zip(y) {
            total += loss(p, y);
            self.dz.push(scale * (p - y) / count);
        }

        let rate = T::from(rate(batch)).unwrap();
        for i in (0..=last).rev() {
            let (before, rest) = self.layers.split_at_mut(i);
            let Layer { w, b, .. } = &mut rest[0];
            let x = before.last().map_or(x, |layer| &layer.out);
            let [k, n] = [x.len() / batch, b.len()];
            let dz = Matrix::new(&self.dz, batch, n);
            if i > 0 {
                self.dx.resize(batch * k, T::zero());
                product(one, dz, Matrix::new(w, k, n).transposed(), T::zero(), &mut self.dx);
                for (dx, &x) in self.dx.iter_mut().zip(x) {
                    *dx *= match self.hidden {
                        Hidden::Relu if x > T::zero() => one,
                        Hidden::Relu => T::zero(),
                        Hidden::Tanh => one - x * x,
                    };
                }
            }
            product(-rate, Matrix::new(x, batch, k).transposed(), dz, one, w);
            for row in self.dz.chunks_exact(n) {
                b.iter_mut().zip(row).for_each(|(b, &dz)| *b -= rate * dz);
            }
            std::mem::swap(&mut self.dz, &mut self.dx);
        }
        total / count
    }
}

fn softmax<T: Real>(row: &mut [T]) {
    let max = row.iter().copied().fold(T::neg_infinity(), T::max);
    row.iter_mut().for_each(|y| *y = (*y - max).exp());
    let sum = row.iter().copied().fold(T::zero(), |sum, y| sum + y);
    row.iter_mut().for_each(|y| *y /= sum);
}

#[derive(Clone, Copy)]
struct Matrix<'a, T> {
    data: &'a [T],
    /// Rows and columns, and how far apart they lie.
    dims: [usize; 2],
    strides: [isize; 2],
}

impl<'a, T> Matrix<'a, T> {
    fn new(data: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns);
        let (dims, strides) = ([rows, columns], [columns as isize, 1]);
        Self { data, dims, strides }
    }

    fn transposed(self) -> Self {
        let ([rows, columns], [down, across]) = (self.dims, self.strides);
        let (dims, strides) = ([columns, rows], [across, down]);
        Self { dims, strides, ..self }
    }
}

/// `c = alpha a b + beta c`.
fn product<T: Real>(alpha: T, a: Matrix<T>, b: Matrix<T>, beta: T, c: &mut [T]) {
    let ([m, k], [k1, n]) = (a.dims, b.dims);
    assert!(k == k1 && c.len() == m * n);
    // SAFETY: the three slices hold just these rows and columns.
    unsafe {
        T::GEMM(
            m,
            k,
            n,
            alpha,
            a.data.as_ptr(),
            a.strides[0],
            a.strides[1],
            b.data.as_ptr(),
            b.strides[0],
            b.strides[1],
            beta,
            c.as_mut_ptr(),
            n as isize,
            1,
        )
    }
}

/// What `sgemm` and `dgemm` are.
#[rustfmt::skip]
type Gemm<T> = unsafe fn(usize, usize, usize, T, *const T, isize, isize, *const T, isize, isize, T, *mut T, isize, isize);

trait Real: Float + NumAssign + 'static {
    const GEMM: Gemm<Self>;
}

impl Real for f32 {
    const GEMM: Gemm<f32> = ::matrixmultiply::sgemm;
}

impl Real for f64 {
    const GEMM: Gemm<f64> = ::matrixmultiply::dgemm;
}
