//! Fashion-MNIST: 70,000 grey images of clothes, 28 x 28 pixels, in 10 classes.
//!
//! By Han Xiao, Kashif Rasul and Roland Vollgraf (Zalando Research), under the MIT licence.
//!
//! The folder holds the four files of the official set, each plain or gzipped (with `.gz` behind its
//! name): `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
//! `t10k-labels-idx1-ubyte`.

use std::path::{Path, PathBuf};

use super::{first_with_all, folders};
use crate::Result;
use crate::data::idx;
use crate::error::malformed;

/// What the classes 0 to 9 are.
pub const CLASSES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

const NAME: &str = "fashion-mnist";
const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// One part of the data set: `labels[i]` belongs to `images[i]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The images, row by row: 0 is the background, 255 the darkest.
    pub images: Vec<[[u8; 28]; 28]>,
    /// The classes, 0 to 9; [`CLASSES`] names them.
    pub labels: Vec<u8>,
}

/// Loads the 60,000 images to train on and the 10,000 to test on, from the first of
/// [these folders](super) that holds all four files.
///
/// # Errors
/// [`Error::MissingDataset`](crate::Error::MissingDataset) says where it was looked for and names the
/// ways to get it; else the errors of [`load_from`].
///
/// ```no_run
/// let (train, test) = plywood::datasets::fashion_mnist::load()?;
/// assert_eq!((train.images.len(), test.images.len()), (60_000, 10_000));
/// # Ok::<(), plywood::Error>(())
/// ```
pub fn load() -> Result<(Part, Part)> {
    load_first(&folders(NAME))
}

/// Loads the part to train on and the part to test on from one folder. There may be any number of
/// images.
///
/// # Errors
/// - [`Error::MissingDataset`](crate::Error::MissingDataset) if one of the four files is not there,
/// - [`Error::Malformed`](crate::Error::Malformed) if one is not a whole and sound [IDX](idx) file,
///   images are not of 28 x 28 pixels, there is not one label for each image, or a label is above 9,
/// - [`Error::Io`](crate::Error::Io) if one can not be read.
///
/// ```
/// let error = plywood::datasets::fashion_mnist::load_from("no/such/folder").unwrap_err();
/// assert!(error.to_string().contains("examples/get-data.sh"));
/// ```
pub fn load_from(folder: impl AsRef<Path>) -> Result<(Part, Part)> {
    load_first(&[folder.as_ref().into()])
}

fn load_first(folders: &[PathBuf]) -> Result<(Part, Part)> {
    let [train_images, train_labels, test_images, test_labels] =
        first_with_all(NAME, FILES, folders)?;
    Ok((
        load_part(&train_images, &train_labels)?,
        load_part(&test_images, &test_labels)?,
    ))
}

fn load_part(images_path: &Path, labels_path: &Path) -> Result<Part> {
    let images = idx::read(images_path)?;
    let labels = idx::read_labels(labels_path)?;
    if labels.len() != images.len() {
        return Err(malformed(
            labels_path,
            "number of labels",
            format!("{}, one for each image", images.len()),
            labels.len(),
        ));
    }
    let classes = 0..CLASSES.len() as u8;
    if let Some((i, label)) = (0_usize..)
        .zip(&labels)
        .find(|(_, label)| !classes.contains(label))
    {
        return Err(malformed(
            labels_path,
            format!("label {i} (counted from 0)"),
            "a class from 0 to 9",
            label,
        ));
    }
    Ok(Part { images, labels })
}
