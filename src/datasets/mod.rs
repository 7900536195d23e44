//! Data sets: where they are looked for, and the arrays they become.
//!
//! Nothing is downloaded. A data set `name` is looked for in these folders, in this order:
//!
//! 1. `$PLYWOOD_DATA/name`,
//! 2. `plywood/name` in the user's cache folder: `$XDG_CACHE_HOME`, else `~/.cache` on Linux,
//!    `~/Library/Caches` on macOS and `%LOCALAPPDATA%` on Windows,
//! 3. `/usr/share/datasets/name`, where Debian's package `dataset-name` puts it.
//!
//! `examples/get-data.sh` in Plywood's repository fetches them into the first or second one.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::env;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

pub mod fashion_mnist;

/// The paths of the files of the data set `name`, in the first of these folders that holds them all.
fn first_with_all<const N: usize>(
    name: &'static str,
    files: [&str; N],
    folders: &[PathBuf],
) -> Result<[PathBuf; N]> {
    let mut missing = Vec::new();
    for folder in folders {
        let paths = files.map(|file| file_in(folder, file));
        match files.iter().zip(&paths).find(|(_, path)| path.is_none()) {
            Some((file, _)) => {
                missing.push(format!("no {file} (or {file}.gz) in {}", folder.display()))
            }
            None => return Ok(paths.map(Option::unwrap_or_default)),
        }
    }
    let missing = missing.join(", ");
    Err(Error::MissingDataset { name, missing })
}

/// The folders in which the data set `name` may be.
fn folders(name: &str) -> Vec<PathBuf> {
    let own = folder_in("PLYWOOD_DATA").map(|data| data.join(name));
    let cache = cache_folder().map(|cache| cache.join("plywood").join(name));
    let system = Path::new("/usr/share/datasets").join(name);
    own.into_iter().chain(cache).chain([system]).collect()
}

/// The user's cache folder.
fn cache_folder() -> Option<PathBuf> {
    if cfg!(windows) {
        return folder_in("LOCALAPPDATA");
    }
    let in_home = if cfg!(target_os = "macos") {
        "Library/Caches"
    } else {
        ".cache"
    };
    folder_in("XDG_CACHE_HOME")
        .filter(|folder| folder.is_absolute())
        .or_else(|| folder_in("HOME").map(|home| home.join(in_home)))
}

/// The folder that an environment variable names.
fn folder_in(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
}

/// The path of `file` or `file.gz` in `folder`.
fn file_in(folder: &Path, file: &str) -> Option<PathBuf> {
    let names = [file.into(), format!("{file}.gz")];
    let mut paths = names.iter().map(|name| folder.join(name));
    paths.find(|path| path.is_file())
}
