//! Pictures as SVG text.

use super::scene::{Anchor, Color, DASH, Line, Rect, Scene, Shape, Text};
use alloc::format;
use core::fmt::{Display, Formatter, Result, Write};

/// What the text is shown in: the first of these that is there.
const FONTS: &str = "Roboto, Helvetica, Arial, sans-serif";

/// The text of an SVG file.
impl Display for Scene {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let size = format!(
            "width=\"{0}\" height=\"{1}\"",
            Short(self.width),
            Short(self.height)
        );
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" {size} viewBox=\"0 0 {} {}\" \
             font-family=\"{FONTS}\">",
            Short(self.width),
            Short(self.height)
        )?;
        writeln!(f, "<title>{}</title>", Escaped(&self.title))?;
        writeln!(f, "<rect {size} fill=\"#ffffff\"/>")?;
        for shape in &self.shapes {
            match shape {
                Shape::Rect(rect) => rect.fmt(f)?,
                Shape::Line(line) => line.fmt(f)?,
                #[cfg(feature = "plot")]
                Shape::Dot(dot) => dot.fmt(f)?,
                Shape::Text(text) => text.fmt(f)?,
            }
        }
        f.write_str("</svg>\n")
    }
}

impl Display for Rect {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let ([x, y], [width, height]) = (self.at.map(Short), self.size.map(Short));
        write!(
            f,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\""
        )?;
        if self.radius > 0.0 {
            write!(f, " rx=\"{}\"", Short(self.radius))?;
        }
        write!(f, " fill=\"{}\"", self.fill)?;
        if let Some(border) = self.border {
            write!(f, " stroke=\"{border}\"")?;
        }
        f.write_str("/>\n")
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("<polyline points=\"")?;
        for (i, point) in self.points.iter().enumerate() {
            let [x, y] = point.map(Short);
            write!(f, "{}{x},{y}", if i == 0 { "" } else { " " })?;
        }
        write!(f, "\" fill=\"none\" stroke=\"{}\"", self.color)?;
        write!(
            f,
            " stroke-width=\"{}\" stroke-linejoin=\"round\"",
            Short(self.width)
        )?;
        if self.dashed {
            write!(f, " stroke-dasharray=\"{} {}\"", DASH[0], DASH[1])?;
        }
        f.write_str("/>\n")
    }
}

#[cfg(feature = "plot")]
impl Display for super::scene::Dot {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let ([x, y], r) = (self.center.map(Short), Short(self.radius));
        writeln!(
            f,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{}\"/>",
            self.color
        )
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let [x, y] = self.at.map(Short);
        write!(
            f,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"",
            Short(self.size)
        )?;
        match self.anchor {
            Anchor::Start => {}
            Anchor::Middle => f.write_str(" text-anchor=\"middle\"")?,
            Anchor::End => f.write_str(" text-anchor=\"end\"")?,
        }
        if self.angle != 0.0 {
            write!(f, " transform=\"rotate({} {x} {y})\"", Short(self.angle))?;
        }
        writeln!(f, " fill=\"{}\">{}</text>", self.color, Escaped(&self.text))
    }
}

impl Display for Color {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// A length, with one digit behind the point if need be.
struct Short(f32);

impl Display for Short {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let text = format!("{:.1}", self.0);
        f.write_str(text.strip_suffix(".0").unwrap_or(&text))
    }
}

/// Text as XML takes it.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            c => f.write_char(c),
        })
    }
}
