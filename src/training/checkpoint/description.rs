//! What two trainings must have in common for one to go on where the other one was: a text of lines
//! `what: how`.

use super::format::little_endian;
use super::values::shortened;
use super::words;
use crate::error::{Result, malformed};
use crate::kernels::Element;
use crate::layer::{LayerInfo, Model, Visitor};
use crate::training::settings::{Fit, Validation};
use crate::training::weights::Path as Names;
use bytemuck::Pod;
use std::fmt::{Display, Write};
use std::format;
use std::path::Path;
use std::string::{String, ToString};

/// The text, line by line.
#[derive(Default)]
pub(in crate::training) struct Description(pub(super) String);

impl Description {
    /// Adds a line. (The end of a line is none inside of one.)
    pub(in crate::training) fn line(&mut self, what: impl Display, how: impl Display) {
        let line = format!("{what}: {how}").replace(['\n', '\r'], " ");
        let _ = writeln!(self.0, "{line}");
    }

    /// Adds the architecture of a model, layer by layer, then tensor by tensor.
    pub(super) fn model<M: Model>(&mut self, model: &M, frozen: &[bool]) {
        self.line("Plywood's version", env!("CARGO_PKG_VERSION"));
        self.line("the type of numbers", words::of_type::<M::Element>());
        for (i, layer) in M::LAYERS.iter().enumerate() {
            let LayerInfo { name, output, .. } = layer;
            let kind = words::of((layer.type_name)());
            let numbers = layer.params + layer.frozen;
            let how = format!("`{name}`, {kind} => {output:?}, {numbers} weights");
            self.line(format_args!("layer {}", i + 1), how);
        }
        model.visit(&mut Tensors {
            description: self,
            path: Names::default(),
            frozen: frozen.iter(),
        });
    }

    /// Adds samples.
    pub(in crate::training) fn samples<T: Element, X: Pod>(&mut self, what: &str, x: &[X]) {
        let sum = crc32fast::hash(&little_endian::<T>(bytemuck::cast_slice(x)));
        let how = format!("{} samples with the checksum {sum:08x}", x.len());
        self.line(what, how);
    }

    /// Adds what is validated on.
    pub(in crate::training) fn validation<T: Element, X: Pod, Y>(
        &mut self,
        validation: &Validation<'_, X, Y>,
    ) {
        let what = "the validation data";
        match validation {
            Validation::None => self.line(what, "none"),
            Validation::Data(x, _) => self.samples::<T, X>(what, x),
            Validation::Split(share) => self.line(what, format_args!("a share of {share}")),
        }
    }

    /// Adds what all fits have.
    pub(in crate::training) fn settings<X, Y>(&mut self, settings: &Fit<'_, X, Y>) {
        self.line("the batch size", settings.batch_size);
        self.line("the seed", settings.seed);
    }

    /// Adds the weights of samples.
    pub(in crate::training) fn weights(&mut self, weights: Option<&[f64]>) {
        match weights {
            None => self.line("the weights of samples", "none"),
            Some(weights) => {
                let sum = crc32fast::hash(&little_endian(weights));
                let how = format!("those with the checksum {sum:08x}");
                self.line("the weights of samples", how);
            }
        }
    }
}

/// Adds a line for each tensor.
struct Tensors<'a> {
    description: &'a mut Description,
    path: Names,
    frozen: core::slice::Iter<'a, bool>,
}

impl Tensors<'_> {
    /// A tensor that is trained, or of which something else is true.
    fn add(&mut self, name: &str, dims: &[usize], but: &str) {
        let what = format!("`{}`", self.path.tensor(name));
        self.description.line(what, format_args!("{dims:?}{but}"));
    }
}

impl<T> Visitor<T> for Tensors<'_> {
    fn enter(&mut self, layer: &'static str) {
        self.path.enter(layer);
    }
    fn leave(&mut self) {
        self.path.leave();
    }
    fn tensor(&mut self, name: &'static str, dims: &[usize], _: &[T]) {
        let is_frozen = self.frozen.next() == Some(&true);
        self.add(name, dims, if is_frozen { ", not trained" } else { "" });
    }
    fn frozen(&mut self, name: &'static str, dims: &[usize], _: &[T]) {
        let is_frozen = self.frozen.next() == Some(&true);
        self.add(
            name,
            dims,
            if is_frozen {
                ", frozen"
            } else {
                ", not trained"
            },
        );
    }
}

/// Whether a file has the same text as the training, and if not, where they begin to differ.
pub(super) fn compare(path: &Path, own: &str, theirs: &[u8]) -> Result<()> {
    if own.as_bytes() == theirs {
        return Ok(());
    }
    let theirs = match core::str::from_utf8(theirs) {
        Ok(theirs) => theirs,
        Err(error) => return Err(malformed(path, "the text", "UTF-8", error)),
    };
    let (mut own_lines, mut their_lines) = (own.lines(), theirs.lines());
    loop {
        let (own_line, their_line) = (own_lines.next(), their_lines.next());
        if own_line == their_line && own_line.is_some() {
            continue;
        }
        let (ours, found) = (split(own_line), split(their_line));
        let is_here = |what: &str, text: &str| text.lines().any(|line| split(Some(line)).0 == what);
        let (place, expected, found) = if ours.0 == found.0 {
            let (expected, other) = difference(ours.1, found.1);
            (ours.0, expected.to_string(), shortened(other))
        } else if is_here(ours.0, theirs) || own_line.is_none() {
            // The file has a line more.
            (found.0, "none".to_string(), shortened(found.1))
        } else {
            (ours.0, ours.1.to_string(), "none".to_string())
        };
        return Err(malformed(path, shortened(place), expected, found));
    }
}

/// The parts of a line.
fn split(line: Option<&str>) -> (&str, &str) {
    let line = line.unwrap_or("the end of the text");
    line.split_once(": ").unwrap_or((line, ""))
}

/// Of two structs with fields, the first fields in which they differ, or their names; of other texts, all.
fn difference<'a>(a: &'a str, b: &'a str) -> (&'a str, &'a str) {
    let (Some((a_name, _)), Some((b_name, _))) = (a.split_once(" { "), b.split_once(" { ")) else {
        return (a, b);
    };
    if a_name != b_name {
        return (a_name, b_name);
    }
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let before = a.as_bytes().get(..same).unwrap_or_default();
    let begin = before
        .windows(2)
        .rposition(|pair| matches!(pair, b", " | b"{ "));
    let Some(begin) = begin.map(|begin| begin + 2) else {
        return (a, b);
    };
    let part = |text: &'a str| {
        let rest = text.get(begin..).unwrap_or_default();
        let end = rest.find([',', '}']).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default().trim_end()
    };
    (part(a), part(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named() {
        let difference = |a, b| {
            let error = compare(Path::new("f"), a, str::as_bytes(b)).unwrap_err();
            error.to_string()
        };
        assert!(compare(Path::new("f"), "a: 1\n", b"a: 1\n").is_ok());
        let two = "a: 1\nlayer 1: x\nlayer 2: y\nb: 2\n";
        for (theirs, words) in [
            (
                "a: 1\nlayer 1: x\nlayer 2: z\nb: 2\n",
                "f: layer 2: expected y, found z",
            ),
            (
                "a: 1\nlayer 1: x\nb: 2\n",
                "f: layer 2: expected y, found none",
            ),
            (
                "a: 1\nlayer 1: x\nlayer 2: y\nlayer 3: z\nb: 2\n",
                "f: layer 3: expected none, found z",
            ),
            (
                "a: 1\nlayer 1: x\nlayer 2: y\n",
                "f: b: expected 2, found none",
            ),
            (
                "a: 1\nlayer 1: x\nlayer 2: y\nb: 2\nc: 3\n",
                "f: c: expected none, found 3",
            ),
            ("", "f: a: expected 1, found none"),
        ] {
            assert_eq!(difference(two, theirs), words, "{theirs}");
        }
        assert_eq!(
            difference(
                "o: Adam { rate: 0.1, beta: 0.9 }",
                "o: Adam { rate: 0.1, beta: 0.8 }"
            ),
            "f: o: expected beta: 0.9, found beta: 0.8"
        );
        assert_eq!(
            difference("o: Adam { rate: 0.1 }", "o: Sgd { rate: 0.1 }"),
            "f: o: expected Adam, found Sgd"
        );
    }
}
