//! The struct with its fields.

use super::Writer;
use crate::model::{Model, Number, Shape};
use proc_macro2::TokenStream;
use quote::quote;

impl Writer<'_> {
    pub(super) fn structure(&self) -> TokenStream {
        let model = self.model;
        let Model {
            attributes,
            visibility,
            name,
            ..
        } = model;
        let (generics, impl_generics) = (&self.generics, &self.impl_generics);
        let (mut table, mut clone) = (None, None);
        if let Some((input, output)) = model.declared() {
            let text = describe(model, input, output);
            table = Some(quote!(#[doc = #text]));
            clone = Some(quote! {
                impl #impl_generics ::core::clone::Clone for ::plywood::__private::Box<#name #generics> {
                    fn clone(&self) -> Self {
                        ::plywood::__private::copy(&**self)
                    }
                }
            });
        }
        let fields = model.layers.iter().enumerate().map(|(i, layer)| {
            let (field, weights) = (&layer.field, self.weights(i + 1));
            let doc = format!("The weights of `{}`.", layer.text);
            quote! {
                #[doc = #doc]
                pub #field: #weights #generics
            }
        });
        quote! {
            #(#attributes)*
            #table
            #visibility struct #name #impl_generics {
                #(#fields),*
            }

            // SAFETY: every field is a `Weights`, of which all zeros are a value.
            unsafe impl #impl_generics ::plywood::__private::Zeroable for #name #generics {}

            #clone
        }
    }
}

/// The layers as a table for the documentation.
fn describe(model: &Model, input: &Shape, output: &Shape) -> String {
    let shape = |shape: &Shape| {
        let dims: Vec<String> = shape.dims.iter().map(ToString::to_string).collect();
        format!("`[{}]`", dims.join(", "))
    };
    let mut table = format!(
        "\n# Network\nFrom {} to {}:\n\n| field | layer |\n| --- | --- |\n",
        shape(input),
        shape(output)
    );
    for layer in &model.layers {
        let stated = match &layer.output {
            Some(output) => format!(" => {}", shape(output)),
            None => String::new(),
        };
        table += &format!("| `{}` | `{}`{stated} |\n", layer.field, layer.text);
    }
    table
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Literal(n) => n.fmt(f),
            Number::Constant(tokens, _) => tokens.fmt(f),
        }
    }
}
