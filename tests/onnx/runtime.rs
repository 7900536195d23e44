//! Models beside ONNX Runtime: one Python process compares them all.

// All by name: Plywood's own tests also run without `std` in their prelude.
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::string::String;
use std::vec::Vec;
use std::{format, fs, print};

/// A model as ONNX, some inputs and what Plywood makes of them.
pub struct Case {
    pub name: String,
    pub onnx: Vec<u8>,
    pub input_shape: Vec<usize>,
    pub output_shape: Vec<usize>,
    pub inputs: Vec<f64>,
    pub outputs: Vec<f64>,
}

/// Fails unless ONNX accepts every model, and ONNX Runtime gives the same outputs, each within 1e-5 and
/// 1e-5 of its size. Without Python and its packages it says so, unless `PLYWOOD_PYTHON` demands them.
pub fn compare(test: &str, cases: &[Case]) {
    let demanded = std::env::var_os("PLYWOOD_PYTHON");
    let python = demanded.clone().unwrap_or_else(|| "python3".into());
    let import = ["-c", "import numpy, onnx, onnxruntime"];
    let found = Command::new(&python).args(import).output();
    if !found.is_ok_and(|found| found.status.success()) {
        assert!(
            demanded.is_none(),
            "{python:?} has no numpy, onnx and onnxruntime"
        );
        // Not by `eprintln`, which nobody would see.
        let line =
            "skipped: no Python with numpy, onnx and onnxruntime (set PLYWOOD_PYTHON to one)";
        let _ = writeln!(std::io::stderr(), "{test}: {line}");
        return;
    }
    let name = format!("plywood-{test}-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).unwrap();
    let list: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(i, case)| {
            let file = folder.join(format!("{i}.onnx"));
            fs::write(&file, &case.onnx).unwrap();
            serde_json::json!({
                "name": case.name,
                "file": file,
                "input_shape": case.input_shape,
                "output_shape": case.output_shape,
                "inputs": case.inputs,
                "outputs": case.outputs,
            })
        })
        .collect();
    let list = serde_json::to_string(&list).unwrap();
    fs::write(folder.join("cases.json"), list).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx/compare.py");
    let done = Command::new(&python).arg(script).arg(&folder).output();
    let done = done.unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    print!("{}", String::from_utf8_lossy(&done.stdout));
}
