//! A confusion matrix as a picture.

use super::file;
use super::scene::{Anchor, Color, GREY, INK, Line, Rect, Scene, Text, room};
use crate::error::{Error, Result};
use crate::training::thousands;
use std::format;
use std::path::Path;
use std::string::String;
use std::vec;

/// Draws a confusion matrix, as an SVG or a PNG file by the end of its name. (Feature `plot`.)
///
/// `matrix[i][j]` counts the samples of class i that were taken for class j. Each cell shows its
/// count (from a million on shortened, as in `1.25M`); its colour is the share of the samples of its
/// class, so that rare classes look like frequent ones.
///
/// # Errors
/// - [`Error::BadArgument`] if there are no classes,
/// - [`Error::UnknownFormat`] if the name ends neither in `.svg` nor in `.png`,
/// - [`Error::Io`] if the file can not be written.
///
/// ```
/// use plywood::pictures::plot_confusion_matrix;
/// let (truth, predicted) = ([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 0]);
/// let mut matrix = [[0; 3]; 3];
/// for (i, j) in truth.into_iter().zip(predicted) {
///     matrix[i][j] += 1;
/// }
/// # let folder = std::env::temp_dir().join(format!("plywood-confusion-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// plot_confusion_matrix(&matrix, &["cat", "dog", "fox"], folder.join("animals.svg"))?;
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plot_confusion_matrix<const N: usize>(
    matrix: &[[u64; N]; N],
    labels: &[impl AsRef<str>; N],
    path: impl AsRef<Path>,
) -> Result<()> {
    if N == 0 {
        return Err(Error::BadArgument {
            name: "the number of classes",
            expected: "at least 1",
            found: "0".into(),
        });
    }
    file::save(path.as_ref(), &scene(matrix, labels), ".svg or .png")
}

const MARGIN: f32 = 16.0;
/// From the edge of the cells to the labels.
const GAP: f32 = 8.0;
const SMALLEST_CELL: f32 = 44.0;
/// All cells together are at least so wide and high: the titles beside them need it.
const SMALLEST: f32 = 220.0;
/// Counts of zero.
const PALE: Color = Color([0xb8; 3]);
/// Sizes of text.
const TITLES: f32 = 15.0;
const TEXT: f32 = 13.0;
/// The scale of colours: its distance from the cells, its width, and how many steps it has.
const SCALE_GAP: f32 = 24.0;
const SCALE: f32 = 16.0;
const STEPS: usize = 50;

fn scene<const N: usize>(matrix: &[[u64; N]; N], labels: &[impl AsRef<str>; N]) -> Scene {
    let counts = matrix
        .iter()
        .flatten()
        .map(|&count| room(&short(count), TEXT));
    let cell = counts.map(|room| room + 10.0).fold(SMALLEST_CELL, f32::max);
    let longest = labels
        .iter()
        .map(|label| room(label.as_ref(), TEXT))
        .fold(0.0, f32::max);
    // Labels below the columns stand aslant if they do not fit.
    let aslant = longest > cell - 6.0;
    let below = if aslant {
        longest * 0.7072 + 10.0
    } else {
        TEXT
    };

    let left = MARGIN + TITLES + 12.0 + longest + GAP;
    let (top, side) = (MARGIN, (cell * N as f32).max(SMALLEST));
    let cell = side / N as f32;
    let (right, bottom) = (left + side, top + side);
    let width = right + SCALE_GAP + SCALE + GAP + room("100 %", TEXT) + TITLES + MARGIN;
    let height = bottom + GAP + below + 12.0 + TITLES + MARGIN;
    let mut scene = Scene::new("Confusion matrix", width, height);

    for (i, (row, label)) in matrix.iter().zip(labels).enumerate() {
        let y = top + cell * i as f32;
        let middle = y + cell / 2.0 + 0.35 * TEXT;
        scene.add(Text::new([left - GAP, middle], TEXT, label.as_ref()).anchor(Anchor::End));
        // (Counts may be so large that their sum is not a `u64`.)
        let sum = row.iter().map(|&count| count as f64).sum::<f64>();
        for (j, &count) in row.iter().enumerate() {
            let x = left + cell * j as f32;
            let share = if sum > 0.0 { count as f64 / sum } else { 0.0 };
            if count > 0 {
                scene.add(filled([x, y], [cell; 2], share as f32));
            }
            let at = [x + cell / 2.0, middle];
            let color = match (count, share > 0.5) {
                (_, true) => Color([0xff; 3]),
                (0, _) => PALE,
                _ => INK,
            };
            scene.add(
                Text::new(at, TEXT, short(count))
                    .anchor(Anchor::Middle)
                    .color(color),
            );
        }
    }
    for (j, label) in labels.iter().enumerate() {
        let x = left + cell * (j as f32 + 0.5);
        let text = |x, y| Text::new([x, y], TEXT, label.as_ref());
        scene.add(if aslant {
            text(x + 4.0, bottom + GAP + 8.0)
                .anchor(Anchor::End)
                .turned(-45.0)
        } else {
            text(x, bottom + GAP + TEXT).anchor(Anchor::Middle)
        });
    }
    frame(&mut scene, [left, top], [side; 2]);

    let title = |at, text| Text::new(at, TITLES, text).anchor(Anchor::Middle);
    scene.add(title(
        [left + side / 2.0, height - MARGIN],
        "predicted class",
    ));
    scene.add(title([MARGIN + TITLES, top + side / 2.0], "true class").turned(-90.0));
    let at = [width - MARGIN, top + side / 2.0];
    scene.add(title(at, "share of the true class").turned(-90.0));
    scale(&mut scene, [right + SCALE_GAP, top], side);
    scene
}

/// A line around what lies there.
fn frame(scene: &mut Scene, [left, top]: [f32; 2], [width, height]: [f32; 2]) {
    let (right, bottom) = (left + width, top + height);
    scene.add(Line {
        points: vec![
            [left, top],
            [right, top],
            [right, bottom],
            [left, bottom],
            [left, top],
        ],
        width: 1.0,
        color: GREY,
        dashed: false,
    });
}

/// What the colours mean, from all samples of a class at the top down to none.
fn scale(scene: &mut Scene, [left, top]: [f32; 2], height: f32) {
    let step = height / STEPS as f32;
    for i in 0..STEPS {
        let share = 1.0 - (i as f32 + 0.5) / STEPS as f32;
        scene.add(filled([left, top + step * i as f32], [SCALE, step], share));
    }
    frame(scene, [left, top], [SCALE, height]);
    for (share, text) in [(1.0, "100 %"), (0.5, "50 %"), (0.0, "0 %")] {
        let y = top + height * (1.0 - share) + TEXT * (0.7 * share);
        scene.add(Text::new([left + SCALE + GAP, y], TEXT, text));
    }
}

fn filled(at: [f32; 2], size: [f32; 2], share: f32) -> Rect {
    let fill = color(share);
    Rect {
        at,
        size,
        fill,
        radius: 0.0,
        border: Some(fill),
    }
}

/// From white, through light blue, to dark blue.
fn color(share: f32) -> Color {
    const STOPS: [[f32; 3]; 3] = [
        [255.0, 255.0, 255.0],
        [107.0, 174.0, 214.0],
        [8.0, 48.0, 107.0],
    ];
    let (from, to, part) = if share < 0.5 {
        (STOPS[0], STOPS[1], 2.0 * share)
    } else {
        (STOPS[1], STOPS[2], 2.0 * share - 1.0)
    };
    Color(core::array::from_fn(|i| {
        (from[i] + part * (to[i] - from[i])).round() as u8
    }))
}

/// A count in at most seven characters: `999,999`, `1.25M`, `18.4E`.
fn short(count: u64) -> String {
    if count < 1_000_000 {
        return thousands(count as usize);
    }
    let (mut value, mut unit) = (count as f64 / 1e6, "M");
    for larger in ["G", "T", "P", "E"] {
        if value >= 999.5 {
            (value, unit) = (value / 1e3, larger);
        }
    }
    let decimals = [9.995, 99.95].iter().filter(|&&end| value < end).count();
    format!("{value:.decimals$}{unit}")
}
