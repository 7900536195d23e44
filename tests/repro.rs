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
    for (alone, together) in predictions.iter().zip(model.predict_all(x, 1)) {
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
    let fused = Level::current().fused();
    if !fused {
        println!("skipped: without fused multiply-add the bits are others");
    }
    fused
}

/// Trains a model on 301 made-up samples, and compares the hashes with the constants.
macro_rules! same_bits {
    ($($test:ident: $number:ty, $input:tt => $output:tt { $($layers:tt)* }, batch $batch:literal,
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
                    .batch_size($batch)
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
    tiny: f32, [3] => [2] { Dense(8, relu), Dropout(0.2), Dense(2, softmax) }, batch 16,
        |random| random.below(2), Sgd::new(0.1).momentum(0.9), SparseCategoricalCrossentropy,
        [0x912d_649a_268c_f4fa, 0xf29a_bae4_be19_e611, 0xff0d_7b5c_4381_8188];
    tiny_single_samples: f32, [2] => [1] { Dense(4, tanh), Dense(1) }, batch 1,
        |random| [random.normal() as f32], Sgd::new(0.05), MeanSquaredError,
        [0x758f_c8da_4d40_0266, 0xdb2c_4420_6c1f_d40e, 0x5eab_c3c4_6b09_0db3];
    wide_single_samples: f32, [40] => [5] { Dense(66, relu), Dense(33, relu), Dense(5) }, batch 1,
        |random| [(); 5].map(|()| random.normal() as f32), Sgd::new(0.005), MeanSquaredError,
        [0xb074_6f02_2953_ebc7, 0xd4ef_5cb9_d871_2902, 0x00ca_5398_fbd9_544b];
    wide_categorical: f32, [33] => [35] {
            Dense(130, relu), Dropout(0.3), Dense(65, gelu), Dense(35, softmax),
        }, batch 16,
        |random| {
            let mut y = [0.0; 35];
            y[random.below(35)] = 1.0;
            y
        },
        Sgd::new(0.05).momentum(0.9).nesterov(true), CategoricalCrossentropy,
        [0x7d9c_2ebf_6a78_ee19, 0xb9dc_b64a_764b_e203, 0x2f1e_aca1_877a_d38c];
    softmax_squares: f32, [9] => [35] { Dense(40, fast_tanh), Dense(35, softmax) }, batch 16,
        |random| [(); 35].map(|()| random.uniform() as f32), Sgd::new(0.5), MeanSquaredError,
        [0xedb3_b483_8e96_658b, 0xdd4c_d9bb_1c0f_ceea, 0xb058_218b_174e_d454];
    wide_binary: f32, [40] => [33] {
            Dense(64, silu), Dropout(0.1), Dense(100, elu), Dense(33, sigmoid),
        }, batch 32,
        |random| [(); 33].map(|()| random.below(2) as f32), Adam::new(0.002), BinaryCrossentropy,
        [0xdf89_7bbc_4940_b092, 0xccde_2576_77f0_536f, 0x99f8_dd8e_b0d2_c73d];
    wide_squares: f32, [6, 6] => [34] {
            Flatten, Dense(97, softplus), Dense(128, tanh), Dense(34),
        }, batch 7,
        |random| [(); 34].map(|()| random.normal() as f32),
        RmsProp::new(0.001).momentum(0.5), MeanSquaredError,
        [0x3836_5319_97ce_f01e, 0x9667_80ef_66a1_75b4, 0x1d32_3d7c_38c6_fbf0];
    double: f64, [7] => [3] {
            Dense(50, selu), Dropout(0.25), Dense(12, leaky_relu), Dense(3, softmax),
        }, batch 16,
        |random| random.below(3) as u8, AdamW::new(0.01), SparseCategoricalCrossentropy,
        [0x873b_5a6e_5272_a74d, 0xa56b_a46f_87d1_5c52, 0xf9d3_bfb2_29d1_95d9];
    double_logits: f64, [5] => [4] { Dense(40, hard_sigmoid), Dense(4) }, batch 16,
        |random| [(); 4].map(|()| random.below(2) as f64),
        Sgd::new(0.1).l2(1e-3).weight_decay(1e-3), BinaryCrossentropy::from_logits(),
        [0x9401_e966_3b54_0329, 0xae25_3453_356e_404d, 0x4d72_3ac4_60f0_70fb];
    policed: f32, [2, 5, 5] => [4] {
            Conv2D(18, 3, kernel_regularizer = l1_l2, kernel_constraint = max_norm(0.5)),
            Flatten,
            Dense(20, tanh, kernel_regularizer = l2(0.001), kernel_constraint = min_max_norm(axis = [0, 1])),
            Dense(4, kernel_constraint = unit_norm(1), bias_constraint = non_neg),
        }, batch 16,
        |random| [(); 4].map(|()| random.normal() as f32),
        Adam::new(0.01), MeanSquaredError,
        [0xaadc_8943_3ba6_021a, 0xd407_d8d2_4b02_6ae2, 0xc0db_cee0_8a18_b0cd];
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
    assert_eq!(
        weights(1),
        0x7ba8_e840_eea3_c065,
        "found {:#018x}",
        weights(1)
    );
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
    for level in Level::ALL.into_iter().filter(|level| level.fused()) {
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
        assert!(text.contains("12 passed"), "{level}: {text}");
    }
}
