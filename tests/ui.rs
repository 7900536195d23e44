//! Programs that must not compile, and what the compiler says about them.
//!
//! Every program of `tests/ui/` has one mistake, and its `.stderr` is the one message that tells the
//! user about it; a name that ends in `_3_errors` has that many of both. After a wanted change,
//! write the messages anew, and read them:
//!
//! ```text
//! TRYBUILD=overwrite cargo test --test ui
//! ```
//!
//! The programs of `tests/ui/pass/` must compile. They are modules of this test: trybuild would
//! build the whole library once more for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "ui/pass/all_forms.rs"]
pub mod all_forms;
#[path = "ui/pass/strict_crate.rs"]
pub mod strict_crate;

// That they are checked is all: nothing calls them, so that no machine code is made of them.
const _: fn() = all_forms::main;
const _: fn() -> plywood::Result<()> = strict_crate::main;

fn path(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(of)
}

/// The compiler that wrote the messages, as `rust-toolchain.toml` pins it.
fn pinned() -> String {
    let toolchain = fs::read_to_string(path("rust-toolchain.toml")).unwrap();
    let channel = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("channel = "));
    channel.unwrap().trim_matches('"').to_string()
}

/// The version of the compiler at work.
fn installed() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or("rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .unwrap()
        .stdout;
    let version = String::from_utf8(version).unwrap();
    version.split_whitespace().nth(1).unwrap().to_string()
}

/// The files of `tests/ui/` with this extension: names and contents.
fn files(extension: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(path("tests/ui"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|e| e == extension));
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        (name, fs::read_to_string(path).unwrap())
    };
    files.map(read).collect()
}

/// How many mistakes a program has, by its name.
fn mistakes(name: &str) -> usize {
    let count = name
        .strip_suffix("_errors")
        .and_then(|name| name.rsplit('_').next());
    count.map_or(1, |count| count.parse().unwrap())
}

#[test]
fn a_wrong_program_gets_its_message() {
    let (pinned, installed) = (pinned(), installed());
    if pinned != installed {
        println!("skipped: tests/ui holds the messages of rustc {pinned}, this is {installed}");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

#[test]
fn one_mistake_is_one_message_in_plain_words() {
    let messages = files("stderr");
    for (name, text) in &messages {
        let starts = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
        assert_eq!(starts("error"), mistakes(name), "errors in {name}");
        assert_eq!(starts("warning"), 0, "warnings in {name}");
        // The number types of `typenum`, the macro's own names, and folders of one machine.
        for word in [
            "UInt<", "UTerm", "typenum", "D1<", "D2<", "D3<", "D4<", "`__", "/home/", "/root/",
        ] {
            assert!(!text.contains(word), "`{word}` in {name}");
        }
    }
    let programs: Vec<String> = files("rs").into_iter().map(|(name, _)| name).collect();
    assert!(programs.len() >= 100, "only {} programs", programs.len());
    assert_eq!(
        programs.len(),
        messages.len(),
        "a program without a message, or the reverse"
    );
    for name in &programs {
        assert!(
            messages.iter().any(|(of, _)| of == name),
            "no message for {name}"
        );
    }
}
