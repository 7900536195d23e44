//! A model as a picture of its layers.

mod boxes;
mod dot;

use super::scene::Color;
use crate::layer::{LayerInfo, Model};
use crate::shape::Shape as _;
use crate::training::thousands;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

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
}

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
}

/// `1 parameter`, `100,480 parameters`, `no parameters`
fn parameters(n: usize) -> String {
    match n {
        0 => "no parameters".into(),
        1 => "1 parameter".into(),
        n => format!("{} parameters", thousands(n)),
    }
}
