//! Hot loops are vector code: the test reads the assembly that the compiler makes of the kernels, and
//! of models in another crate (`tests/packed/models.rs`), and counts what the innermost loops do.
//!
//! Results stay the same where a loop falls back to one number at a time, or keeps its sums in memory:
//! it only takes many times as long, which no other test sees. Where a table below no longer fits after
//! a wanted change, read the loop before you change the number; the message names the file.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// What there must be among the loops of some code, each with AVX2 and with AVX-512.
///
/// Which code it is, in words; parts of its symbol, where `#` stands for the type of number; the
/// beginning of an instruction; for both sets of instructions how many loops must have how many of
/// them (or more), packed in the widest registers; and how many packed divisions these loops have (no
/// more: they take the longest by far).
#[rustfmt::skip]
type Row = (&'static str, &'static [&'static str], &'static str, [(usize, usize); 2], usize);

/// Fused multiply-adds of all kinds.
const FMA: &str = "vf";

/// Compiled in the library. All that matters has a row, and the large tile one of its own.
#[rustfmt::skip]
const KERNELS: [Row; 14] = [
    // With AVX-512 there is one as large of four sums.
    ("the forward product", &["#7forward"], FMA, [(1, 12), (2, 16)], 0),
    ("the forward product", &["#7forward"], FMA, [(8, 8), (8, 8)], 0),
    // Dots; with AVX-512 also the tree across registers.
    ("the gradient by the inputs", &["#10input_grad"], FMA, [(3, 8), (2, 16)], 0),
    // Plain gradient descent.
    ("the gradient by the weights", &["#5added"], FMA, [(1, 12), (1, 16)], 0),
    // Four rows: their dots, and what they move by.
    ("both gradients by one sample", &["#7descent"], FMA, [(1, 8), (1, 8)], 0),
    // A loop for each of three rules, between whose runs the rule works on the tile before.
    ("the gradient by the weights, other rules", &["#5ruled"], FMA, [(3, 8), (3, 16)], 0),
    ("convolutions", &["#9correlate"], FMA, [(1, 12), (1, 16)], 0),
    // Four positions of 3x3 taps; with AVX2 some weights have no register left.
    ("convolutions of one channel", &["#9correlate"], FMA, [(1, 12), (1, 36)], 0),
    // Two windows of two by two; with AVX2 one, and over one channel there are more numbers than registers.
    ("convolutions with pooling behind", &["#6squareKj0"], FMA, [(1, 8), (1, 16)], 0),
    ("the same over one channel", &["#6squareKj3"], FMA, [(0, 1), (1, 36)], 0),
    ("the gradient by a convolution's weights", &["#7one_wayKj0"], FMA, [(1, 12), (1, 16)], 0),
    ("the same by what pooling has picked", &["#7one_wayKj1"], FMA, [(1, 4), (1, 9)], 0),
    // (With AVX2 there are more numbers than registers.)
    ("the same behind windows of two by two", &["#7one_wayKj2"], FMA, [(0, 1), (1, 9)], 0),
    ("the gradient by the bias", &["#9bias_grad"], "vadd", [(1, 4), (1, 4)], 0),
];

/// The same for matrices of 8 columns of `f32`, which have half a register with AVX-512: what there must be of
/// multiply-adds.
#[rustfmt::skip]
const HALVES: [(&str, &[&str], (usize, usize)); 6] = [
    ("the forward product", &["#7forward"], (1, 8)),
    ("convolutions", &["#9correlate"], (1, 8)),
    ("convolutions of one channel", &["#9correlate"], (1, 36)),
    ("convolutions with pooling behind", &["#6squareKj0"], (1, 8)),
    ("the same over one channel", &["#6squareKj3"], (1, 36)),
    ("a convolution's weights behind windows of two by two", &["#7one_wayKj2"], (1, 9)),
];

/// Compiled where models are. The numbers are those of `f32`, whose polynomials are shorter.
#[rustfmt::skip]
const MODELS: [Row; 16] = [
    ("relu", &["Predictor", "8WithRelu#"], "vmax", [(1, 1), (1, 1)], 0),
    ("tanh", &["Predictor", "8WithTanh#"], FMA, [(1, 10), (1, 10)], 1),
    ("fast_tanh", &["Predictor", "12WithFastTanh#"], FMA, [(1, 6), (1, 6)], 1),
    ("sigmoid", &["Predictor", "11WithSigmoid#"], FMA, [(1, 9), (1, 9)], 1),
    ("softmax", &["Predictor", "11WithSoftmax#"], FMA, [(1, 8), (1, 8)], 0),
    ("softmax, the largest number", &["Predictor", "11WithSoftmax#"], "vmax", [(1, 4), (1, 4)], 0),
    ("softmax, less the largest", &["Predictor", "11WithSoftmax#"], "vsub", [(1, 4), (1, 4)], 0),
    ("softmax, the sum", &["Predictor", "11WithSoftmax#"], "vadd", [(1, 4), (1, 4)], 0),
    ("the derivative of softmax", &["8Backward#", "7softmax"], FMA, [(1, 4), (1, 4)], 0),
    // A row so short that the compiler would unroll the loop.
    ("hard_sigmoid, one sample", &["PredictOne", "15WithHardSigmoid#"], FMA, [(1, 1), (1, 1)], 0),
    ("the derivative of tanh", &["8Backward#", "pointwise4Tanh"], FMA, [(1, 1), (1, 1)], 0),
    // Pixels of sixteen channels, which are not to be gathered from several pixels at once.
    ("layer normalisation, the variance", &["Predictor", "10WithPlaces#"], "vsub", [(1, 1), (1, 1)], 0),
    ("group normalisation, the sums", &["Predictor", "10WithGroups#"], "vadd", [(1, 4), (1, 4)], 0),
    ("batch normalisation, the sums", &["SingleStep", "9WithBatch#"], "vadd", [(2, 1), (2, 1)], 0),
    ("batch normalisation, the gradient", &["SingleStep", "9WithBatch#"], "vsub", [(2, 2), (2, 2)], 0),
    ("Adam and RMSprop", &["10FlatTensor#"], "vsqrt", [(2, 1), (2, 1)], 1),
];

/// The functions of an assembly file: symbols and lines.
fn functions(assembly: &str) -> Vec<(&str, Vec<&str>)> {
    let mut functions = Vec::new();
    for line in assembly.lines() {
        // Other labels begin with a point, and all else is indented.
        let symbol = line.split_once(':').map_or("", |(symbol, _)| symbol);
        if symbol.starts_with(|c: char| c == '_' || c == '"' || c.is_alphabetic()) {
            functions.push((symbol, Vec::new()));
        } else if let Some((_, lines)) = functions.last_mut() {
            lines.push(line.trim());
        }
    }
    functions
}

/// The innermost loops: from a label to a jump back to it, if there is no other loop in between.
fn loops<'a>(lines: &'a [&'a str]) -> Vec<&'a [&'a str]> {
    let (mut labels, mut all) = (std::collections::HashMap::new(), Vec::new());
    for (i, line) in lines.iter().enumerate() {
        if let Some((label, _)) = line.split_once(':') {
            labels.insert(label, i);
        } else if let Some((jump, target)) = line.split_once(char::is_whitespace)
            && jump.starts_with('j')
            && let Some(&start) = labels.get(target.trim())
        {
            all.push((start, i));
        }
    }
    let within = |a: (usize, usize), b: (usize, usize)| a != b && b.0 <= a.0 && a.1 <= b.1;
    let inner = all
        .iter()
        .filter(|&&it| !all.iter().any(|&other| within(other, it)));
    inner.map(|&(start, end)| &lines[start..=end]).collect()
}

/// Whether an instruction has no place in a hot loop: a call, a vector on the stack, a store with a
/// mask (whoever reads the numbers next has to wait for it), a multiply-add of one number.
fn is_slow(line: &str) -> bool {
    let name = line.split_whitespace().next().unwrap_or_default();
    name.starts_with("call")
        || line.contains("(%rsp)") && line.contains("mm")
        || line.contains(") {%k")
        || name.starts_with("vmaskmov") && line.ends_with(')')
        || name.starts_with(FMA) && (name.ends_with("ss") || name.ends_with("sd"))
}

/// The types of number: name, module of their kernels, letter in symbols, end of packed instructions.
const NUMBERS: [[&str; 4]; 2] = [["f32", "6single", "f", "ps"], ["f64", "6double", "d", "pd"]];

/// The sets of instructions: name in symbols, widest registers.
const SETS: [(&str, &str); 2] = [("avx2", "%ymm"), ("avx512", "%zmm")];
const HALF: (&str, &str) = ("4half", "%ymm");

/// What is wrong with the loops of a row, in a sentence.
fn check(
    all: &[(&str, Vec<&str>)],
    row: &Row,
    number: [&str; 4],
    (i, set): (usize, (&str, &str)),
) -> Option<String> {
    let (what, parts, instruction, enough, divisions) = *row;
    let ((loops_wanted, least), (set, register)) = (enough[i], set);
    let [number, module, letter, packed] = number;
    // Modules come before what is in them, types of number after what is made of them.
    let parts = parts.iter().map(|part| match part.strip_prefix('#') {
        Some(function) => format!("{module}{function}"),
        None => part.replace('#', letter),
    });
    let parts: Vec<String> = parts.chain([set.into()]).collect();
    let is_it = |symbol: &str| parts.iter().all(|part| symbol.contains(part));
    if !all.iter().any(|(symbol, _)| is_it(symbol)) {
        return Some(format!("no function is called {parts:?} any more"));
    }

    let count = |lines: &[&str], name: &str| {
        let is_packed = |line: &&&str| {
            let (found, operands) = line.split_once(char::is_whitespace).unwrap_or_default();
            found.starts_with(name) && found.ends_with(packed) && operands.contains(register)
        };
        lines.iter().filter(is_packed).count()
    };
    let mut found = Vec::new();
    for (_, lines) in all.iter().filter(|(symbol, _)| is_it(symbol)) {
        let hot = loops(lines).into_iter();
        let hot = hot.filter(|lines| !lines.iter().any(|line| is_slow(line)));
        found.extend(hot.map(|lines| (count(lines, instruction), count(lines, "vdiv"))));
    }
    let good = |&&(count, d): &&(usize, usize)| count >= least && d == divisions;
    if found.iter().filter(good).count() >= loops_wanted {
        return None;
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(12);
    Some(format!(
        "{what} in {number} for {set} has lost its vector code or its registers: {loops_wanted} or more \
         hot loops should have at least {least} `{instruction}..{packed} {register}` and {divisions} \
         packed divisions, but the best have (so many, divisions) {found:?}"
    ))
}

/// Runs a compiler in the root of the repository. The user's own flags would change the code.
fn run(command: &mut Command) {
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    for flags in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(flags);
    }
    let output = command.output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{message}");
}

#[test]
fn hot_loops_are_vector_code() {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return println!("skipped: this test reads the assembly of x86-64 on Linux");
    }
    let rustc = env::var("RUSTC").unwrap_or("rustc".into());
    let version = Command::new(&rustc).arg("--version").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout);
    let pinned = include_str!("../rust-toolchain.toml").split('"').nth(1);
    if version.split_whitespace().nth(1) != pinned {
        return println!(
            "skipped: the loops are those of the rustc in rust-toolchain.toml, not {version}"
        );
    }

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packed");
    let (library, models) = (folder.join("library.s"), folder.join("models.s"));
    let emit = |path: &Path| format!("--emit=asm={}", path.display());
    let options = ["-Ccodegen-units=1", "-Csymbol-mangling-version=v0"];
    let build = "rustc --offline --release --lib --no-default-features --features std --target-dir";
    run(Command::new(env!("CARGO"))
        .env("RUSTC", &rustc)
        .args(build.split(' '))
        .arg(&folder)
        .args(["--", &emit(&library)])
        .args(options));
    let release = folder.join("release").display().to_string();
    run(Command::new(rustc)
        .args(["--edition=2024", "--crate-type=lib", "-Copt-level=3"])
        .args(options)
        .arg(format!("--extern=plywood={release}/libplywood.rlib"))
        .arg(format!("-Ldependency={release}/deps"))
        .args([&emit(&models), "tests/packed/models.rs"]));

    let mut wrong = Vec::new();
    for (path, rows) in [(&library, &KERNELS[..]), (&models, &MODELS)] {
        let assembly = fs::read_to_string(path).unwrap();
        let functions = functions(&assembly);
        for (row, i) in rows.iter().flat_map(|row| (0..4).map(move |i| (row, i))) {
            let set = (i % 2, SETS[i % 2]);
            let sentence = check(&functions, row, NUMBERS[i / 2], set);
            wrong.extend(sentence.map(|it| format!("{it}; see {}", path.display())));
        }
        for (what, parts, enough) in HALVES.iter().filter(|_| path == &library) {
            let row = (*what, *parts, FMA, [*enough; 2], 0);
            let sentence = check(&functions, &row, NUMBERS[0], (0, HALF));
            wrong.extend(sentence.map(|it| format!("{it}; see {}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}
