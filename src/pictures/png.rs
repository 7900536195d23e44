//! Pictures as PNG files, with a font of their own: no font needs to be on the machine.

use super::scene::{Anchor, Color, DASH, Dot, Line, Rect, Scene, Shape, Text};
use std::io;
use std::vec::Vec;
use tiny_skia::{
    FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform,
};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// Latin, Greek and Cyrillic letters.
const FONT: &[u8] = include_bytes!("font/roboto.ttf");
/// Pixels for a unit of the picture: two, for the screens of today ...
const SCALE: f32 = 2.0;
/// ... unless a side becomes longer than this many pixels.
const LONGEST: f32 = 6000.0;

/// The bytes of a PNG file.
pub(super) fn png(scene: &Scene) -> io::Result<Vec<u8>> {
    let scale = SCALE.min(LONGEST / scene.width.max(scene.height));
    let pixels = |length: f32| (length * scale).ceil().max(1.0) as u32;
    let pixmap = Pixmap::new(pixels(scene.width), pixels(scene.height));
    let mut pixmap = pixmap.ok_or(io::ErrorKind::OutOfMemory)?;
    pixmap.fill(tiny_skia::Color::WHITE);
    let mut canvas = Canvas {
        pixmap,
        transform: Transform::from_scale(scale, scale),
        face: Face::parse(FONT, 0).map_err(io::Error::other)?,
    };
    for shape in &scene.shapes {
        match shape {
            Shape::Rect(rect) => canvas.rect(rect),
            Shape::Line(line) => canvas.line(line),
            Shape::Dot(dot) => canvas.dot(dot),
            Shape::Text(text) => canvas.text(text),
        }
    }
    canvas.pixmap.encode_png().map_err(io::Error::other)
}

struct Canvas {
    pixmap: Pixmap,
    /// From the units of the picture to pixels.
    transform: Transform,
    face: Face<'static>,
}

// Shapes without extent have no path: there is nothing to draw then.
impl Canvas {
    fn rect(&mut self, rect: &Rect) {
        let Some(path) = rounded(rect) else { return };
        self.fill(&path, rect.fill, self.transform);
        if let Some(border) = rect.border {
            self.stroke(&path, border, &Stroke::default());
        }
    }

    fn line(&mut self, line: &Line) {
        let mut path = PathBuilder::new();
        for (i, &[x, y]) in line.points.iter().enumerate() {
            if i == 0 {
                path.move_to(x, y);
            } else {
                path.line_to(x, y);
            }
        }
        let Some(path) = path.finish() else { return };
        let stroke = Stroke {
            width: line.width,
            line_join: LineJoin::Round,
            dash: line
                .dashed
                .then(|| StrokeDash::new(DASH.to_vec(), 0.0))
                .flatten(),
            ..Stroke::default()
        };
        self.stroke(&path, line.color, &stroke);
    }

    fn dot(&mut self, dot: &Dot) {
        let [x, y] = dot.center;
        if let Some(path) = PathBuilder::from_circle(x, y, dot.radius) {
            self.fill(&path, dot.color, self.transform);
        }
    }

    fn text(&mut self, text: &Text) {
        // The font's own unit, of which there are so many in the size of the letters.
        let units = f32::from(self.face.units_per_em());
        let mut outline = Outline {
            path: PathBuilder::new(),
            x: 0.0,
        };
        for c in text.text.chars() {
            let glyph = self.face.glyph_index(c).unwrap_or(GlyphId(0));
            self.face.outline_glyph(glyph, &mut outline);
            outline.x += f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0));
        }
        let shift = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -outline.x / 2.0,
            Anchor::End => -outline.x,
        };
        let Some(path) = outline.path.finish() else {
            return;
        };
        let ([x, y], scale) = (text.at, text.size / units);
        // In fonts y goes up.
        let transform = self
            .transform
            .pre_translate(x, y)
            .pre_concat(Transform::from_rotate(text.angle))
            .pre_scale(scale, -scale)
            .pre_translate(shift, 0.0);
        self.fill(&path, text.color, transform);
    }

    fn fill(&mut self, path: &Path, color: Color, transform: Transform) {
        let rule = FillRule::Winding;
        self.pixmap
            .fill_path(path, &paint(color), rule, transform, None);
    }

    fn stroke(&mut self, path: &Path, color: Color, stroke: &Stroke) {
        self.pixmap
            .stroke_path(path, &paint(color), stroke, self.transform, None);
    }
}

fn paint(color: Color) -> Paint<'static> {
    let [red, green, blue] = color.0;
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, u8::MAX);
    paint
}

fn rounded(rect: &Rect) -> Option<Path> {
    let ([left, top], [width, height], r) = (rect.at, rect.size, rect.radius);
    let (right, bottom) = (left + width, top + height);
    let mut path = PathBuilder::new();
    path.move_to(left + r, top);
    path.line_to(right - r, top);
    path.quad_to(right, top, right, top + r);
    path.line_to(right, bottom - r);
    path.quad_to(right, bottom, right - r, bottom);
    path.line_to(left + r, bottom);
    path.quad_to(left, bottom, left, bottom - r);
    path.line_to(left, top + r);
    path.quad_to(left, top, left + r, top);
    path.close();
    path.finish()
}

/// The outline of a text, glyph behind glyph.
struct Outline {
    path: PathBuilder,
    /// Where the next glyph begins.
    x: f32,
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.quad_to(self.x + x1, y1, self.x + x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let left = self.x;
        self.path
            .cubic_to(left + x1, y1, left + x2, y2, left + x, y);
    }
    fn close(&mut self) {
        self.path.close();
    }
}
