//! A model at a glance.

use crate::layer::{LayerInfo, Model};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// A table of a model's layers, their output shapes and their parameters, like Keras'.
///
/// ```
/// use plywood::prelude::*;
/// sequential! {
///     struct Net: [28, 28] => [10] { Flatten, Dense(128, relu), Dense(10, softmax) }
/// }
/// println!("{}", Net::new(1).summary());
/// ```
#[derive(Clone, Debug)]
pub struct Summary {
    name: &'static str,
    layers: &'static [LayerInfo],
    params: usize,
    /// How many numbers are not trained.
    frozen: usize,
    /// The size of a number.
    number: usize,
    macs: usize,
}

impl Summary {
    /// Of a model.
    pub fn of<M: Model>() -> Self {
        Self {
            name: M::NAME,
            layers: M::LAYERS,
            params: M::PARAMS,
            frozen: M::FROZEN,
            number: size_of::<M::Element>(),
            macs: M::MACS,
        }
    }

    /// The same, where so many parameters are not trained.
    pub(super) fn frozen(self, frozen: usize) -> Self {
        Self {
            params: self.params - frozen,
            frozen: self.frozen + frozen,
            ..self
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = [
            String::from("Layer (type)"),
            String::from("Output Shape"),
            String::from("Param #"),
        ];
        let rows: Vec<[String; 3]> = self
            .layers
            .iter()
            .map(|layer| {
                [
                    format!("{} ({})", layer.name, layer.kind),
                    format!("{:?}", layer.output),
                    thousands(layer.params + layer.frozen),
                ]
            })
            .collect();
        let widths: [usize; 3] = core::array::from_fn(|i| {
            let column = rows.iter().map(|row| row[i].chars().count());
            column.chain([header[i].len()]).max().unwrap_or(0)
        });
        let line = "─".repeat(widths.iter().sum::<usize>() + 8);
        let [a, b, c] = widths;
        writeln!(f, "Model: {}", self.name)?;
        writeln!(f, "{line}")?;
        writeln!(
            f,
            " {:a$}   {:b$}   {:>c$}",
            header[0], header[1], header[2]
        )?;
        writeln!(f, "{line}")?;
        for row in &rows {
            writeln!(f, " {:a$}   {:b$}   {:>c$}", row[0], row[1], row[2])?;
        }
        writeln!(f, "{line}")?;
        let mut total = |what, count: usize| {
            let (count, bytes) = (thousands(count), size(count * self.number));
            writeln!(f, " {what} params: {count} ({bytes})")
        };
        total("Total", self.params + self.frozen)?;
        if self.frozen > 0 {
            total("Trainable", self.params)?;
            total("Non-trainable", self.frozen)?;
        }
        write!(f, " Multiply-adds: {}", thousands(self.macs))
    }
}

/// 118,282
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// 462.04 KB
fn size(bytes: usize) -> String {
    let bytes = bytes as f64;
    if bytes < 1024.0 {
        format!("{bytes} B")
    } else if bytes < 1024.0 * 1024.0 {
        format!("{:.2} KB", bytes / 1024.0)
    } else {
        format!("{:.2} MB", bytes / 1024.0 / 1024.0)
    }
}
