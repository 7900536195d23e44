//! A training as a picture: the loss and each metric, epoch by epoch.

use super::axis::{Axis, is_drawable};
use super::file;
use super::scene::{Anchor, Color, Dot, GREY, Line, Point, Scene, Text, room};
use crate::error::{Error, Result};
use crate::training::History;
use std::path::Path;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

impl History {
    /// Draws the loss and every metric over the epochs, those of the validation data dashed, as an
    /// SVG or a PNG file by the end of its name: 800 by 400 units, two panels a row. (Feature
    /// `plot`.)
    ///
    /// Values that are NaN, infinite or beyond 1e300 are left out.
    ///
    /// # Errors
    /// - [`Error::BadArgument`] if there are no epochs,
    /// - [`Error::UnknownFormat`] if the name ends neither in `.svg` nor in `.png`,
    /// - [`Error::Io`] if the file can not be written.
    ///
    /// ```
    /// use plywood::prelude::*;
    /// sequential! {
    ///     struct Line: [1] => [1] { Dense(1) }
    /// }
    /// let (x, y) = ([[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]]);
    /// let mut model = Line::new(1);
    /// let mut training = model.compile(Sgd::new(0.1), MeanSquaredError).metrics(MeanAbsoluteError);
    /// let history = training.fit(&x, &y, Fit::new().epochs(20).verbose(Verbose::Silent))?;
    /// # let folder = std::env::temp_dir().join(format!("plywood-plot-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// history.plot(folder.join("history.svg"))?;
    /// history.plot(folder.join("history.png"))?;
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        if self.epochs() == 0 {
            return Err(Error::BadArgument {
                name: "the number of epochs in the history",
                expected: "at least 1",
                found: "0".into(),
            });
        }
        file::save(path.as_ref(), &scene(self), ".svg or .png")
    }
}

/// Of a whole picture, and the height of a row.
const WIDTH: f32 = 800.0;
const HEIGHT: f32 = 400.0;
/// From the edges of a panel to its plot; there are the numbers and the name on the left as well.
const LEFT: f32 = 48.0;
const RIGHT: f32 = 16.0;
const TOP: f32 = 48.0;
const BOTTOM: f32 = 56.0;
/// Sizes of text.
const NUMBERS: f32 = 13.0;
const NAMES: f32 = 15.0;
/// Up to so many epochs each has a dot.
const DOTS: usize = 40;

const GRID: Color = Color([0xe2; 3]);
/// Blue and vermilion of Okabe and Ito's palette.
const TRAINING: Color = Color([0x00, 0x72, 0xb2]);
const VALIDATION: Color = Color([0xd5, 0x5e, 0x00]);

/// One curve of a panel.
struct Curve<'a> {
    values: &'a [f64],
    name: &'static str,
    color: Color,
}

fn scene(history: &History) -> Scene {
    let mut panels = vec![("loss", &history.loss, &history.val_loss)];
    let metrics = history.metrics.iter();
    panels.extend(metrics.map(|(name, values, validated)| (*name, values, validated)));

    let columns = panels.len().min(2);
    let rows = panels.len().div_ceil(columns);
    let mut scene = Scene::new("Training history", WIDTH, HEIGHT * rows as f32);
    let width = WIDTH / columns as f32;
    for (i, (name, values, validated)) in panels.into_iter().enumerate() {
        let at = [width * (i % columns) as f32, HEIGHT * (i / columns) as f32];
        let training = Curve {
            values,
            name: "training",
            color: TRAINING,
        };
        let validation = Curve {
            values: validated,
            name: "validation",
            color: VALIDATION,
        };
        let mut curves = vec![training, validation];
        curves.retain(|curve| !curve.values.is_empty());
        panel(&mut scene, at, width, name, &curves);
    }
    scene
}

fn panel(scene: &mut Scene, [x, y]: Point, width: f32, name: &str, curves: &[Curve]) {
    let values = curves.iter().flat_map(|curve| curve.values).copied();
    let epochs = curves.iter().map(|curve| curve.values.len()).max();
    let up = Axis::of_values(values, 8);
    let epochs = epochs.unwrap_or(0);
    let most = width / (room(&epochs.to_string(), NUMBERS) + 30.0);
    let along = Axis::of_epochs(epochs, most.max(1.0) as u32);

    let labels: Vec<_> = up.ticks().map(|tick| (tick, up.label(tick))).collect();
    let widest = labels.iter().map(|(_, label)| room(label, NUMBERS));
    let left = x + LEFT + widest.fold(0.0, f32::max);
    let (right, top, bottom) = (x + width - RIGHT, y + TOP, y + HEIGHT - BOTTOM);
    let place = |epoch: f64, value: f64| {
        [
            left + (right - left) * along.place(epoch),
            bottom - (bottom - top) * up.place(value),
        ]
    };

    for (tick, label) in labels {
        let [_, y] = place(0.0, tick);
        scene.add(thin(GRID, &[[left, y], [right, y]]));
        let at = [left - 8.0, y + 0.35 * NUMBERS];
        scene.add(Text::new(at, NUMBERS, label).anchor(Anchor::End));
    }
    for epoch in along.ticks() {
        let [x, _] = place(epoch, up.low);
        scene.add(thin(GREY, &[[x, bottom], [x, bottom + 5.0]]));
        let at = [x, bottom + 20.0];
        scene.add(Text::new(at, NUMBERS, epoch.to_string()).anchor(Anchor::Middle));
    }
    scene.add(thin(GREY, &[[left, top], [left, bottom], [right, bottom]]));

    let at = [(left + right) / 2.0, bottom + 43.0];
    scene.add(Text::new(at, NAMES, "epoch").anchor(Anchor::Middle));
    // A long name becomes smaller, not cut off.
    let size = NAMES * ((bottom - top) / room(name, NAMES)).min(1.0);
    let at = [x + 26.0, (top + bottom) / 2.0];
    scene.add(
        Text::new(at, size, name)
            .anchor(Anchor::Middle)
            .turned(-90.0),
    );

    let mut at = [left, y + 28.0];
    for curve in curves {
        legend(scene, curve, at);
        at[0] += 50.0 + room(curve.name, NAMES);
    }
    for curve in curves {
        draw(scene, curve, place);
    }
}

/// The entry of a curve in the legend.
fn legend(scene: &mut Scene, curve: &Curve, [x, y]: Point) {
    let middle = y - 0.35 * NAMES;
    scene.add(curve.line(vec![[x, middle], [x + 30.0, middle]]));
    scene.add(curve.dot([x + 15.0, middle]));
    scene.add(Text::new([x + 38.0, y], NAMES, curve.name));
}

/// The curve itself, with gaps where there is nothing to draw.
fn draw(scene: &mut Scene, curve: &Curve, place: impl Fn(f64, f64) -> Point) {
    let points: Vec<Option<Point>> = curve
        .values
        .iter()
        .enumerate()
        .map(|(i, &value)| is_drawable(value).then(|| place(i as f64 + 1.0, value)))
        .collect();
    let parts = points.split(Option::is_none);
    for part in parts.map(|part| part.iter().flatten().copied().collect::<Vec<_>>()) {
        let alone = part.len() == 1;
        if alone || points.len() <= DOTS {
            part.iter().for_each(|&point| scene.add(curve.dot(point)));
        }
        if part.len() > 1 {
            scene.add(curve.line(part));
        }
    }
}

impl Curve<'_> {
    fn line(&self, points: Vec<Point>) -> Line {
        Line {
            points,
            width: 2.0,
            color: self.color,
            dashed: self.color == VALIDATION,
        }
    }

    fn dot(&self, center: Point) -> Dot {
        Dot {
            center,
            radius: 3.5,
            color: self.color,
        }
    }
}

/// A thin line of the frame.
fn thin(color: Color, points: &[Point]) -> Line {
    Line {
        points: points.to_vec(),
        width: 1.0,
        color,
        dashed: false,
    }
}
