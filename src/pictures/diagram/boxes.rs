//! Diagrams as boxes, one below the other.

use super::super::scene::{Anchor, GREY, Line, Point, Rect, Scene, Text, room};
use super::{Diagram, Node, parameters};
use alloc::format;
use alloc::string::String;

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

impl Diagram {
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

impl Node {
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
