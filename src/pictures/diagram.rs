//! A model as a picture of its layers.

use super::scene::{Anchor, Color, GREY, Line, Point, Rect, Scene, Text, room};
use crate::layer::{LayerInfo, Model};
use crate::shape::Shape as _;
use crate::training::thousands;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

/// A picture of a model's layers in their order, with names, types, output shapes and parameters:
/// what `model.diagram()` gives.
///
/// A model that is a layer of another one is a single box. The same model gives the same text.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [28, 28] => [10] { Flatten, Dense(128, relu), Dense(10, softmax) }
/// }
/// let diagram = Net::new(1).diagram();
/// assert!(diagram.dot().contains("dense (Dense)"));
/// assert!(diagram.svg().contains("[128]"));
/// ```
#[derive(Clone, Debug)]
pub struct Diagram {
    name: &'static str,
    input: &'static [usize],
    output: &'static [usize],
    layers: &'static [LayerInfo],
    params: usize,
}

impl Diagram {
    /// Of a model.
    pub fn of<M: Model>() -> Self {
        Self {
            name: M::NAME,
            input: M::InputShape::DIMS,
            output: M::OutputShape::DIMS,
            layers: M::LAYERS,
            params: M::PARAMS,
        }
    }

    /// In the language of Graphviz: `dot -Tpdf net.dot` makes a drawing of it.
    pub fn dot(&self) -> String {
        let mut text = String::new();
        // A string takes whatever is written to it.
        let _ = self.write_dot(&mut text);
        text
    }

    fn write_dot(&self, out: &mut String) -> fmt::Result {
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

    /// As the text of an SVG file.
    pub fn svg(&self) -> String {
        self.scene().to_string()
    }

    /// Writes a file: DOT if its name ends in `.dot` or `.gv`, SVG if in `.svg`, and with the feature
    /// `plot` PNG if in `.png`.
    ///
    /// # Errors
    /// - [`Error::UnknownFormat`](crate::Error::UnknownFormat) if the name ends otherwise,
    /// - [`Error::Io`](crate::Error::Io) if the file can not be written.
    #[cfg(feature = "std")]
    pub fn save(&self, path: impl AsRef<std::path::Path>) -> crate::Result<()> {
        use super::file;
        let path = path.as_ref();
        match file::extension(path).as_str() {
            "dot" | "gv" => file::write(path, self.dot().as_bytes()),
            _ if cfg!(feature = "plot") => {
                file::save(path, &self.scene(), ".dot, .gv, .svg or .png")
            }
            _ => file::save(
                path,
                &self.scene(),
                ".dot, .gv or .svg (or .png, with the feature `plot`)",
            ),
        }
    }

    /// The boxes, from the input to the output.
    fn nodes(&self) -> Vec<Node> {
        let end = |name, shape| Node {
            name,
            kind: "",
            shape,
            params: None,
        };
        let layer = |layer: &LayerInfo| Node {
            name: layer.name,
            kind: layer.kind,
            shape: layer.output,
            params: Some(layer.params),
        };
        let mut nodes = Vec::with_capacity(self.layers.len() + 2);
        nodes.push(end("input", self.input));
        nodes.extend(self.layers.iter().map(layer));
        nodes.push(end("output", self.output));
        nodes
    }

    pub(super) fn scene(&self) -> Scene {
        let nodes = self.nodes();
        let widest = nodes
            .iter()
            .map(Node::room)
            .fold(room(self.name, TITLE), f32::max);
        let width = widest + 2.0 * PADDING;
        let left = MARGIN;
        let (center, right) = (left + width / 2.0, left + width);
        let mut y = MARGIN + HEADER;
        let boxes: f32 = nodes.iter().map(|node| node.height() + GAP).sum();
        let mut scene = Scene::new(self.name, width + 2.0 * MARGIN, y + boxes - GAP + MARGIN);

        let middle =
            |y, size, text: &str| Text::new([center, y], size, text).anchor(Anchor::Middle);
        scene.add(middle(MARGIN + TITLE, TITLE, self.name));
        let total = parameters(self.params);
        scene.add(middle(MARGIN + TITLE + 20.0, SMALL, &total).color(GREY));

        for (i, node) in nodes.iter().enumerate() {
            if i > 0 {
                arrow(&mut scene, [center, y - GAP], y);
            }
            let height = node.height();
            scene.add(Rect {
                at: [left, y],
                size: [width, height],
                fill: node.fill(),
                radius: if node.params.is_some() {
                    6.0
                } else {
                    height / 2.0
                },
                border: Some(GREY),
            });
            let (inner_left, inner_right) = (left + PADDING, right - PADDING);
            let start = |y, size, text: String| Text::new([inner_left, y], size, text);
            let end = |y, text: String| {
                Text::new([inner_right, y], SMALL, text)
                    .anchor(Anchor::End)
                    .color(GREY)
            };
            scene.add(start(y + 21.0, LARGE, node.name.into()));
            let shape = format!("{:?}", node.shape);
            match node.params {
                None => scene.add(end(y + 21.0, shape)),
                Some(params) => {
                    scene.add(end(y + 21.0, node.kind.into()));
                    scene.add(start(y + 42.0, SMALL, shape));
                    scene.add(end(y + 42.0, parameters(params)));
                }
            }
            y += height + GAP;
        }
        scene
    }
}

const MARGIN: f32 = 16.0;
const HEADER: f32 = 52.0;
/// Between a box and its text.
const PADDING: f32 = 16.0;
/// Between two boxes.
const GAP: f32 = 26.0;
/// Sizes of text.
const TITLE: f32 = 18.0;
const LARGE: f32 = 15.0;
const SMALL: f32 = 13.0;

/// A box: a layer, or one end of the model.
struct Node {
    name: &'static str,
    /// Empty at the ends.
    kind: &'static str,
    shape: &'static [usize],
    /// None at the ends.
    params: Option<usize>,
}

impl Node {
    /// Blue where something is learned.
    fn fill(&self) -> Color {
        match self.params {
            None => Color([0xff; 3]),
            Some(0) => Color([0xf0; 3]),
            Some(_) => Color([0xd6, 0xe8, 0xf5]),
        }
    }

    fn height(&self) -> f32 {
        if self.params.is_some() { 54.0 } else { 32.0 }
    }

    /// How wide its text is.
    fn room(&self) -> f32 {
        let shape = format!("{:?}", self.shape);
        let between = 24.0;
        match self.params {
            None => room(self.name, LARGE) + between + room(&shape, SMALL),
            Some(params) => {
                let first = room(self.name, LARGE) + between + room(self.kind, SMALL);
                let second = room(&shape, SMALL) + between + room(&parameters(params), SMALL);
                first.max(second)
            }
        }
    }
}

fn arrow(scene: &mut Scene, [x, top]: Point, bottom: f32) {
    let mut line = |points: &[Point]| {
        scene.add(Line {
            points: points.to_vec(),
            width: 1.5,
            color: GREY,
            dashed: false,
        });
    };
    let tip = bottom - 1.0;
    line(&[[x, top], [x, tip]]);
    line(&[[x - 5.0, tip - 6.0], [x, tip], [x + 5.0, tip - 6.0]]);
}

/// `1 parameter`, `100,480 parameters`, `no parameters`
fn parameters(n: usize) -> String {
    match n {
        0 => "no parameters".into(),
        1 => "1 parameter".into(),
        n => format!("{} parameters", thousands(n)),
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
