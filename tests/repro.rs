//! The same seed gives the same bits: every hash here is a constant. The constants hold for every
//! instruction set with fused multiply-add, and for debug and release builds. When a change of the
//! arithmetic is meant, they change in the same commit.

use plywood::cast::Plain;
use plywood::layer::Model;
use plywood::prelude::*;
use plywood::random::Stream;
use plywood::simd::Level;

/// FNV-1a.
struct Hash(u64);

impl Hash {
    fn new() -> Self {
        Hash(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// A number as its bits.
trait Bits: Element {
    fn add_to(self, hash: &mut Hash);
}
impl Bits for f32 {
    fn add_to(self, hash: &mut Hash) {
        hash.add(&self.to_bits().to_le_bytes());
    }
}
impl Bits for f64 {
    fn add_to(self, hash: &mut Hash) {
        hash.add(&self.to_bits().to_le_bytes());
    }
}

fn hash<'a, T: Bits>(numbers: impl IntoIterator<Item = &'a T>) -> u64 {
    let mut hash = Hash::new();
    for &x in numbers {
        x.add_to(&mut hash);
    }
    hash.0
}

/// The hashes of all weights, of the predictions one by one, and of the history.
fn hashes<M: Model<Element: Bits>>(model: &M, x: &[M::Input], history: &History) -> [u64; 3] {
    let weights = plywood::training::get_weights(model);
    let predictions: Vec<M::Prediction> = x.iter().map(|x| model.predict_one(x)).collect();
    for (alone, together) in predictions.iter().zip(model.predict_all(x)) {
        assert_eq!(alone.numbers(), together.numbers());
    }
    [
        hash(weights.iter().flat_map(|w| &w.values)),
        hash(predictions.iter().flat_map(Plain::numbers)),
        hash(history.loss.iter().chain(&history.val_loss)),
    ]
}

/// Whether this process computes the bits of the constants; says so if it does not.
fn fused() -> bool {
    let fused = Level::current() != Level::Plain;
    if !fused {
        println!("skipped: without fused multiply-add the bits are others");
    }
    fused
}

/// Trains a model on 301 made-up samples, and compares the hashes with the constants.
macro_rules! same_bits {
    ($($test:ident: $number:ty, $input:tt => $output:tt { $($layers:tt)* },
        |$random:ident| $target:expr, $optimizer:expr, $loss:expr, $hashes:expr;)*) => { $(
        #[test]
        fn $test() {
            sequential! {
                struct Net<T>: $input => $output { $($layers)* }
            }
            type N = Net<$number>;
            let run = || {
                let mut random = Stream::new(11);
                let mut x = vec![<<N as Model>::Input as bytemuck::Zeroable>::zeroed(); 301];
                for x in x.iter_mut().flat_map(|x| x.numbers_mut()) {
                    // Some zeros, as pictures have them.
                    let z = random.normal();
                    *x = if z < -0.7 { 0.0 } else { z as $number };
                }
                let $random = &mut random;
                let y: Vec<_> = (0..301).map(|_| $target).collect();
                let mut model = N::new(5);
                let settings = Fit::new()
                    .epochs(3)
                    .batch_size(16)
                    .seed(9)
                    .validation_split(0.1)
                    .verbose(Verbose::Silent);
                let history = model.compile($optimizer, $loss).fit(&x, &y, settings).unwrap();
                hashes(&*model, &x[..20], &history)
            };
            if fused() {
                let found = run();
                assert_eq!(found, run(), "from run to run");
                assert_eq!(found, $hashes, "found {found:#018x?}");
            }
        }
    )* };
}

same_bits! {
    tiny: f32, [3] => [2] { Dense(8, relu), Dropout(0.2), Dense(2, softmax) },
        |random| random.below(2), Sgd::new(0.1).momentum(0.9), SparseCategoricalCrossentropy,
        [0, 0, 0];
}

#[test]
fn new_models() {
    sequential! {
        struct Net: [20] => [10] {
            Dense(17, kernel_initializer = he_normal),
            Dense(33, kernel_initializer = lecun_uniform, bias_initializer = random_normal),
            Dense(10, kernel_initializer = glorot_normal),
        }
    }
    let weights = |seed| hash(Net::new(seed).get_weights().iter().flat_map(|w| &w.values));
    assert_ne!(weights(1), weights(2));
    assert_eq!(weights(1), 0, "found {:#018x}", weights(1));
}

/// Run by `on_every_instruction_set` in a process of its own.
#[test]
fn the_level_is_the_one_asked_for() {
    if let Ok(name) = std::env::var("PLYWOOD_ISA") {
        assert_eq!(Level::current().name(), name);
    }
}

#[test]
fn on_every_instruction_set() {
    if std::env::var_os("PLYWOOD_ISA").is_some() {
        return;
    }
    for level in [Level::Fused, Level::Avx2, Level::Avx512] {
        if !level.available() {
            println!("skipped: this processor has no {level}");
            continue;
        }
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--skip", "on_every_instruction_set"])
            .env("PLYWOOD_ISA", level.name())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{level}: {text}");
        assert!(text.contains("9 passed"), "{level}: {text}");
    }
}
