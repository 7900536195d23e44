//! A model as the user wrote it.

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, Ident, Path, Visibility};

/// The whole text between the braces of `sequential!`.
pub struct Model {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    /// The `T` of `struct Net<T>`.
    pub element: Option<Ident>,
    pub ends: Ends,
    pub layers: Vec<Layer>,
    /// What is wrong with the list of layers.
    pub errors: Vec<syn::Error>,
}

/// Where a network begins and ends.
pub enum Ends {
    /// In a model: what its header declares.
    Declared { input: Shape, output: Shape },
    /// In a list of layers that is an argument of a layer: where that layer begins.
    Inner(Inner),
}

/// What a list of layers inside another one needs to know of that.
pub struct Inner {
    /// The type of the shape that comes in.
    pub input: TokenStream,
    /// The layer before it and its number, counted from 1.
    pub before: Option<(String, usize)>,
    /// Whether it gets the items of that, one after another.
    pub items: TokenStream,
    /// The model.
    pub model: Ident,
    /// Where the list is.
    pub span: Span,
}

impl Model {
    /// The declared input and output.
    pub fn declared(&self) -> Option<(&Shape, &Shape)> {
        match &self.ends {
            Ends::Declared { input, output } => Some((input, output)),
            Ends::Inner(_) => None,
        }
    }

    /// Where its input is written.
    pub fn span(&self) -> Span {
        match &self.ends {
            Ends::Declared { input, .. } => input.span,
            Ends::Inner(inner) => inner.span,
        }
    }
}

/// `[28, 28]`
#[derive(Clone)]
pub struct Shape {
    pub dims: Vec<Number>,
    pub span: Span,
}

/// A whole number: a literal, or the value of a constant expression.
#[derive(Clone)]
pub enum Number {
    Literal(u64),
    Constant(TokenStream, Span),
}

/// `hidden: Dense(784 => 128, relu) => [128]`
#[derive(Clone)]
pub struct Layer {
    pub field: Ident,
    pub path: Path,
    pub arguments: Option<Arguments>,
    pub output: Option<Shape>,
    /// The layer as the user wrote it, for the documentation.
    pub text: String,
}

/// What stands between the parentheses of a layer or a word.
#[derive(Clone, Default)]
pub struct Arguments {
    /// The `784` of `784 => 128`.
    pub input: Option<(Number, Span)>,
    pub positional: Vec<Value>,
    pub keywords: Vec<(Ident, Value)>,
}

/// The value of an argument.
#[derive(Clone)]
pub enum Value {
    Number(Number),
    Float(f64),
    Bool(bool),
    Word(Word),
    List(Vec<Number>),
    /// A list of layers, and where it is.
    Layers(Vec<Layer>, Span),
}

/// `relu`, or `l2(0.01)`.
#[derive(Clone)]
pub struct Word {
    /// Its type.
    pub path: Path,
    /// The word as the user wrote it.
    pub name: Ident,
    pub arguments: Option<Arguments>,
}

impl Layer {
    /// The last part of its path: what the user calls it.
    pub fn kind(&self) -> &Ident {
        kind(&self.path)
    }
}

/// The last part of a path.
pub fn kind(path: &Path) -> &Ident {
    &path
        .segments
        .last()
        .expect("a path has at least one segment")
        .ident
}

/// `MaxPooling2D` is `max_pooling2d`, as in Keras.
pub fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (i, &letter) in letters.iter().enumerate() {
        let after_lower = i > 0 && letters[i - 1].is_lowercase();
        let before_lower = letters.get(i + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && i > 0 && (after_lower || before_lower) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `he_normal` is `HeNormal`.
pub fn camel_case(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .chain(letters)
                .collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_keras() {
        let names = [
            "Dense",
            "MaxPooling2D",
            "Conv2D",
            "LSTM",
            "PReLU",
            "GlobalMaxPooling1D",
        ];
        assert_eq!(
            names.map(snake_case),
            [
                "dense",
                "max_pooling2d",
                "conv2d",
                "lstm",
                "p_re_lu",
                "global_max_pooling1d"
            ]
        );
        assert_eq!(camel_case("he_normal"), "HeNormal");
        assert_eq!(camel_case("relu"), "Relu");
    }
}
