//! The history as a file that grows with every epoch.

use super::{Callback, EpochEnd, TrainBegin};
use crate::error::{Error, Result};
use crate::training::{StateReader, StateWriter};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::string::String;
use std::vec::Vec;

/// Writes the values of each epoch to a CSV file when it is over: Keras' `CSVLogger`.
///
/// The first line has the names, `epoch` and then `learning_rate`, `loss`, the metrics and those of
/// the validation data in the order of the alphabet. As in Keras, epochs are counted from 0. Each line
/// is in the file before the next epoch begins. A file that cannot be opened or written ends `fit`
/// with [`Error::Io`]. A training that goes on from a checkpoint goes on in the file, too: lines behind
/// those of the checkpoint are cut off.
///
/// ```
/// use plywood::prelude::*;
/// # sequential! { struct Net: [1] => [1] { Dense(1) } }
/// # let (x, y) = ([[1.0]; 10], [[2.0]; 10]);
/// # let mut model = Net::new(1);
/// # let mut training = model.compile(Sgd::new(0.5), MeanSquaredError);
/// # let path = std::env::temp_dir().join(format!("plywood-log-{}.csv", std::process::id()));
/// let settings = Fit::new().epochs(2).callback(CsvLogger::new(&path)).verbose(Verbose::Silent);
/// let history = training.fit(&x, &y, settings)?;
/// let [first, second] = history.loss[..] else { panic!("there were two epochs") };
/// let text = std::fs::read_to_string(&path)?;
/// assert_eq!(text, format!("epoch,learning_rate,loss\n0,0.5,{first}\n1,0.5,{second}\n"));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "CSVLogger")]
#[derive(Debug)]
pub struct CsvLogger {
    path: PathBuf,
    separator: char,
    append: bool,
    file: Option<File>,
    /// The columns after `epoch`.
    names: Vec<String>,
}

impl CsvLogger {
    /// Writes to this file, in place of what it holds.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().into(),
            separator: ',',
            append: false,
            file: None,
            names: Vec::new(),
        }
    }

    /// What stands between the values (a comma, if not said).
    pub fn separator(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// Whether to go on at the end of a file that exists, for a training that goes on. If its first
    /// line does not have the same names, `fit` ends with [`Error::Malformed`].
    pub fn append(mut self, append: bool) -> Self {
        self.append = append;
        self
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(std::io::Error) -> Error + use<> {
        let path = self.path.clone();
        move |source| Error::Io {
            path,
            action,
            source,
        }
    }

    /// The first line of the file, if there is one.
    fn first_line(&self) -> Result<Option<String>> {
        if !self.path.exists() {
            return Ok(None);
        }
        let file = File::open(&self.path).map_err(self.failed("open"))?;
        let line = BufReader::new(file).lines().next();
        line.transpose().map_err(self.failed("read"))
    }

    fn line<'a>(&self, values: impl Iterator<Item = &'a str>) -> String {
        let mut line = String::new();
        for (i, value) in values.enumerate() {
            if i > 0 {
                line.push(self.separator);
            }
            if value.contains([self.separator, '"', '\n', '\r']) {
                line += &std::format!("\"{}\"", value.replace('"', "\"\""));
            } else {
                line += value;
            }
        }
        line
    }

    fn write(&mut self, mut line: String) -> Result<()> {
        line.push('\n');
        let failed = self.failed("write");
        match &mut self.file {
            Some(file) => file.write_all(line.as_bytes()).map_err(failed),
            None => Ok(()),
        }
    }
}

impl Callback for CsvLogger {
    fn on_train_begin(&mut self, begin: &mut TrainBegin<'_>) -> Result<()> {
        self.names = begin.names.to_vec();
        self.names.push("learning_rate".into());
        self.names.sort_unstable();
        let names = self.names.iter().map(String::as_str);
        let header = self.line(std::iter::once("epoch").chain(names));
        let goes_on = self.append || begin.resumes;
        let found = if goes_on { self.first_line()? } else { None };
        let mut options = OpenOptions::new();
        options.create(true).write(true);
        options.append(goes_on).truncate(!goes_on);
        if let Some(found) = &found
            && *found != header
        {
            return Err(Error::Malformed {
                path: self.path.clone(),
                place: "line 1".into(),
                expected: std::format!("`{header}`"),
                found: std::format!("`{found}`"),
            });
        }
        self.file = Some(options.open(&self.path).map_err(self.failed("open"))?);
        if found.is_none() {
            self.write(header)?;
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<()> {
        let text = |x: Option<f64>| x.map_or("NA".into(), |x| std::format!("{x}"));
        let epoch = std::format!("{}", end.epoch - 1);
        let values = self.names.iter().map(|name| text(end.value(name)));
        let values: Vec<String> = std::iter::once(epoch).chain(values).collect();
        self.write(self.line(values.iter().map(String::as_str)))
    }

    fn save_state(&self, state: &mut StateWriter) -> Result<()> {
        let mut len = 0;
        if let Some(file) = &self.file {
            // The checkpoint must not know of lines that a power cut has taken.
            file.sync_all().map_err(self.failed("write to the disk"))?;
            len = file.metadata().map_err(self.failed("read"))?.len();
        }
        state.u64(len);
        Ok(())
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<()> {
        let len = state.u64()?;
        let Some(file) = &self.file else {
            return Ok(());
        };
        let found = file.metadata().map_err(self.failed("read"))?.len();
        if found < len {
            return Err(Error::Malformed {
                path: self.path.clone(),
                place: "the length of the file".into(),
                expected: std::format!("at least {len} bytes, as when the checkpoint was made"),
                found: std::format!("{found}"),
            });
        }
        file.set_len(len).map_err(self.failed("write"))
    }
}
