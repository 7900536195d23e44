//! What a picture consists of: a few shapes on white, to be written as SVG or drawn as PNG.

use alloc::string::String;
use alloc::vec::Vec;

/// A point, from the top left corner.
pub(super) type Point = [f32; 2];

/// A picture; its unit is a pixel of its SVG.
pub(super) struct Scene {
    pub(super) title: String,
    pub(super) width: f32,
    pub(super) height: f32,
    /// Later ones cover earlier ones.
    pub(super) shapes: Vec<Shape>,
}

impl Scene {
    pub(super) fn new(title: impl Into<String>, width: f32, height: f32) -> Self {
        Self {
            title: title.into(),
            width,
            height,
            shapes: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, shape: impl Into<Shape>) {
        self.shapes.push(shape.into());
    }
}

pub(super) enum Shape {
    Rect(Rect),
    Line(Line),
    #[cfg(feature = "plot")]
    Dot(Dot),
    Text(Text),
}

/// Red, green, blue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Color(pub(super) [u8; 3]);

/// Texts.
pub(super) const INK: Color = Color([0x26; 3]);
/// Texts of second rank, axes, arrows.
pub(super) const GREY: Color = Color([0x66; 3]);

/// A filled rectangle.
pub(super) struct Rect {
    /// Its top left corner.
    pub(super) at: Point,
    /// Width and height.
    pub(super) size: Point,
    pub(super) fill: Color,
    /// The radius of its corners.
    pub(super) radius: f32,
    /// The line around it, if there is one.
    pub(super) border: Option<Color>,
}

/// A line from point to point.
pub(super) struct Line {
    pub(super) points: Vec<Point>,
    pub(super) width: f32,
    pub(super) color: Color,
    pub(super) dashed: bool,
}

/// The lengths of a dash and of the gap behind it.
pub(super) const DASH: [f32; 2] = [6.0, 4.0];

/// A filled circle.
#[cfg(feature = "plot")]
pub(super) struct Dot {
    pub(super) center: Point,
    pub(super) radius: f32,
    pub(super) color: Color,
}

/// One line of text.
pub(super) struct Text {
    /// The point of the base line that is meant by the anchor.
    pub(super) at: Point,
    pub(super) text: String,
    pub(super) size: f32,
    pub(super) color: Color,
    pub(super) anchor: Anchor,
    /// How far it is turned around that point, clockwise, in degrees.
    pub(super) angle: f32,
}

/// Which point of a text lies where it is put.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Text {
    /// A text that begins at this point. Line breaks become spaces, and characters that are not for
    /// the eye, nor for XML, become U+FFFD.
    pub(super) fn new(at: Point, size: f32, text: impl AsRef<str>) -> Self {
        let visible = |c| match c {
            '\t' | '\n' | '\r' => ' ',
            '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        };
        Self {
            at,
            text: text.as_ref().chars().map(visible).collect(),
            size,
            color: INK,
            anchor: Anchor::Start,
            angle: 0.0,
        }
    }

    pub(super) fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    pub(super) fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    #[cfg(feature = "plot")]
    pub(super) fn turned(self, angle: f32) -> Self {
        Self { angle, ..self }
    }
}

/// Room for a text of this size in any of the usual fonts. (Which one shows an SVG is not known: the
/// widest of them, DejaVu Sans, takes 0.6 of its size for most letters.)
pub(super) fn room(text: &str, size: f32) -> f32 {
    let ems = |c| if c < '\u{1100}' { 0.62 } else { 1.0 };
    size * text.chars().map(ems).sum::<f32>()
}

impl From<Rect> for Shape {
    fn from(rect: Rect) -> Self {
        Shape::Rect(rect)
    }
}

impl From<Line> for Shape {
    fn from(line: Line) -> Self {
        Shape::Line(line)
    }
}

#[cfg(feature = "plot")]
impl From<Dot> for Shape {
    fn from(dot: Dot) -> Self {
        Shape::Dot(dot)
    }
}

impl From<Text> for Shape {
    fn from(text: Text) -> Self {
        Shape::Text(text)
    }
}
