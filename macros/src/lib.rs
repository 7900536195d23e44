//! The macros of the crate `plywood`; use them from there.
//!
//! `sequential!` is a typist: it knows no layer, computes no shape, and checks nothing that types
//! can check. `parse` reads the user's text into the types of `model`, which finds every mistake
//! that can be seen in the text alone; `expand` writes the struct and its implementations.
//! `derive` holds the two small derive macros for layers.

mod derive;
mod expand;
mod model;
mod parse;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Turns a list of layers into a struct that is a network.
///
/// See the documentation of the crate `plywood` for the grammar.
#[proc_macro]
pub fn sequential(input: TokenStream) -> TokenStream {
    let model = parse_macro_input!(input as model::Model);
    expand::model(&model).into()
}

/// Makes the type parameters of a layer's struct its arguments, in order; their names in snake
/// case are the keywords. Each needs a default.
#[proc_macro_derive(Arguments)]
pub fn arguments(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::arguments(&input).into()
}

/// Makes a struct of tensors the weights of a layer. Its first type parameter is the type of the
/// numbers.
#[proc_macro_derive(Weights)]
pub fn weights(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::weights(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
