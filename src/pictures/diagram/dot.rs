//! Diagrams in the language of Graphviz.

use super::super::scene::GREY;
use super::{Diagram, parameters};
use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write};

impl Diagram {
    pub(super) fn write_dot(&self, out: &mut String) -> fmt::Result {
        let title = format!("{}\n{}", self.name, parameters(self.params));
        writeln!(out, "digraph {} {{", Quoted(self.name))?;
        writeln!(
            out,
            "    graph [label={}, labelloc=t, fontname=\"Helvetica\"];",
            Quoted(&title)
        )?;
        writeln!(
            out,
            "    node [shape=box, style=\"rounded,filled\", color=\"{GREY}\", fontname=\"Helvetica\"];"
        )?;
        for (i, node) in self.nodes().iter().enumerate() {
            let kind = if node.kind.is_empty() {
                String::new()
            } else {
                format!(" ({})", node.kind)
            };
            let mut label = format!("{}{kind}\n{:?}", node.name, node.shape);
            if let Some(params) = node.params {
                label += &format!("\n{}", parameters(params));
            }
            writeln!(
                out,
                "    n{i} [label={}, fillcolor=\"{}\"];",
                Quoted(&label),
                node.fill()
            )?;
        }
        out.write_str("    n0")?;
        for i in 1..self.layers.len() + 2 {
            write!(out, " -> n{i}")?;
        }
        out.write_str(";\n}\n")
    }
}

/// A string of DOT: in quotes, which only `"` and `\` break.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}
