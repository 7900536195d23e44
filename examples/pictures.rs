//! Pictures of a training: the model, how it learns, and which clothes it takes for which.
//!
//! `examples/get-data.sh && cargo run --release --features plot --example pictures`
//!
//! Writes `diagram.svg`, `history.svg` and `confusion.svg` into the current folder, or into the one
//! that is given.

use plywood::datasets::fashion_mnist::{self, CLASSES};
use plywood::pictures::plot_confusion_matrix;
use plywood::prelude::*;
use std::path::PathBuf;

sequential! {
    /// A small classifier of clothes.
    pub struct Classifier: [28, 28] => [10] {
        Flatten,
        Dense(64, relu),
        Dropout(0.1),
        Dense(32, relu),
        Dense(10, softmax),
    }
}

fn main() -> plywood::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_default());
    let (train, test) = fashion_mnist::load()?;
    let x: Vec<[[f32; 28]; 28]> = plywood::data::scale(&train.images, 1.0 / 255.0);
    let x_test: Vec<[[f32; 28]; 28]> = plywood::data::scale(&test.images, 1.0 / 255.0);

    let mut model = Classifier::new(42);
    model.diagram().save(folder.join("diagram.svg"))?;

    let mut training = model
        .compile(Adam::new(0.001), SparseCategoricalCrossentropy)
        .metrics(Accuracy);
    let settings = Fit::new().epochs(5).validation_split(0.1);
    let history = training.fit(&x, &train.labels, settings)?;
    history.plot(folder.join("history.svg"))?;

    let mut matrix = [[0; 10]; 10];
    for (p, &label) in model.predict_batch(&x_test).iter().zip(&test.labels) {
        let class = (0..10).max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap_or(0);
        matrix[usize::from(label)][class] += 1;
    }
    plot_confusion_matrix(&matrix, &CLASSES, folder.join("confusion.svg"))
}
