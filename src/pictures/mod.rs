//! Pictures of models and of trainings, as files or as text.
//!
//! | picture | of | as | needs the feature |
//! | --- | --- | --- | --- |
//! | `model.diagram()`, a [`Diagram`] | the layers of a model | DOT, SVG | none (files: `std`) |
//! | | | PNG | `plot` |
//! | `History::plot` | the loss and the metrics, epoch by epoch | SVG, PNG | `plot` |
//! | `plot_confusion_matrix` | which class is taken for which | SVG, PNG | `plot` |
//!
//! The format of a file follows from the end of its name. SVG files are small and sharp at any size;
//! PNG files have two pixels for each of their units, and a font of their own, with Latin, Greek and
//! Cyrillic letters: no fonts, C libraries or programs need to be on the machine.
//!
//! The colours can be told apart by colour-blind readers.

#[cfg(feature = "plot")]
mod axis;
#[cfg(feature = "plot")]
mod confusion;
mod diagram;
#[cfg(feature = "std")]
mod file;
#[cfg(feature = "plot")]
mod history;
#[cfg(feature = "plot")]
mod png;
mod scene;
mod svg;

#[cfg(feature = "plot")]
pub use confusion::plot_confusion_matrix;
pub use diagram::Diagram;
