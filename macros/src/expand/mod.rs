//! The struct of a model, its implementations, and the constants that check it.
//!
//! For layer i (from 1) of a model `Net` there are these type aliases; everything else is written in
//! terms of them:
//!
//! | alias | stands for |
//! | --- | --- |
//! | `__Net_P1` | the layer's path, as the user wrote it |
//! | `__Net_G1` | the same with its arguments filled in |
//! | `__Net_S1` | the same, or a placeholder if it is not a layer |
//! | `__Net_O1` | the shape that it gives; `__Net_O0` is the model's input |
//! | `Net_dense` | its weights, the type of the field |
//!
//! A list of layers that is an argument of a layer becomes a network of its own, which is a layer, too:
//! a struct `Net_residual_0`.
//!
//! `Net::__LINKS` ties the layers to their inputs; see `plywood::layer::Link` for why.

mod aliases;
mod checks;
mod layer;
mod model;
mod structure;
mod values;

use crate::model::{Ends, Inner, Layer, Model, Value};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use std::collections::HashMap;
use syn::Ident;

/// The whole expansion.
pub fn model(model: &Model) -> TokenStream {
    let errors = model.errors.iter().map(syn::Error::to_compile_error);
    if model.errors.is_empty() {
        return Writer::new(model).write();
    }
    // One layer that gives what the header declares: what the user wrote about the model elsewhere
    // stays right, and the mistake in the list is the only message.
    let Some((input, output)) = model.declared() else {
        return quote!(#(#errors)*);
    };
    let placeholder = Model {
        attributes: model.attributes.clone(),
        visibility: model.visibility.clone(),
        name: model.name.clone(),
        element: model.element.clone(),
        ends: Ends::Declared {
            input: input.clone(),
            output: output.clone(),
        },
        layers: vec![Layer {
            field: Ident::new("broken", Span::call_site()),
            path: syn::parse_quote!(::plywood::__private::Broken),
            arguments: Some(crate::model::Arguments {
                positional: vec![Value::List(output.dims.clone())],
                ..Default::default()
            }),
            output: None,
            text: String::new(),
        }],
        errors: Vec::new(),
    };
    let rest = Writer::new(&placeholder).write();
    quote!(#(#errors)* #rest)
}

struct Writer<'a> {
    model: &'a Model,
    /// Constants that hold the values of expressions, and aliases of words.
    constants: Vec<TokenStream>,
    /// The networks of the lists of layers inside it.
    inner: Vec<TokenStream>,
    /// The names of these constants, by the text of their expressions.
    names: HashMap<String, Ident>,
    /// `f32`, or the model's own `T`.
    element: TokenStream,
    /// `<T>` behind a name, if the model has one.
    generics: TokenStream,
    /// `<T: Element>` behind `impl`.
    impl_generics: TokenStream,
}

impl<'a> Writer<'a> {
    fn new(model: &'a Model) -> Self {
        let (element, generics, impl_generics) = match &model.element {
            None => (quote!(f32), quote!(), quote!()),
            Some(t) => (
                quote!(#t),
                quote!(<#t>),
                quote!(<#t: ::plywood::kernels::Element>),
            ),
        };
        Writer {
            model,
            constants: Vec::new(),
            inner: Vec::new(),
            names: HashMap::new(),
            element,
            generics,
            impl_generics,
        }
    }

    fn write(mut self) -> TokenStream {
        let aliases = self.aliases();
        let structure = self.structure();
        let layer = self.layer();
        let model = self.model();
        let methods = self.methods();
        let checks = self.checks();
        let (constants, inner) = (&self.constants, &self.inner);
        quote! {
            #(#inner)*
            #(#constants)*
            #aliases
            #structure
            #layer
            #model
            #methods
            #checks
        }
    }

    /// A name of the macro's own. Its span is that of layer i, counted from 1, so that whatever the
    /// compiler says about it is said there, and said once.
    fn name(&self, text: &str, i: usize) -> Ident {
        let span = match i.checked_sub(1) {
            Some(i) => self.model.layers[i].kind().span(),
            None => self.model.span(),
        };
        let name = &self.model.name;
        format_ident!("__{name}_{text}", span = Span::call_site().located_at(span))
    }

    fn path(&self, i: usize) -> Ident {
        self.name(&format!("P{i}"), i)
    }

    fn spec(&self, i: usize) -> Ident {
        self.name(&format!("S{i}"), i)
    }

    fn shape(&self, i: usize) -> Ident {
        self.name(&format!("O{i}"), i)
    }

    /// The shape that comes out.
    fn declared(&self) -> TokenStream {
        match &self.model.ends {
            Ends::Declared { .. } => {
                let output = self.name("Output", 0);
                quote!(#output)
            }
            Ends::Inner(_) => self.before(self.model.layers.len()),
        }
    }

    /// The network of a list of layers that is an argument of layer i, counted from 1: a struct of its
    /// own.
    fn inner(&mut self, i: usize, layers: &[Layer], span: Span) -> TokenStream {
        let model = self.model;
        let path = self.concrete_name(&self.path(i));
        let own = quote!(::plywood::over_items!(#path));
        let (of, before, items) = match &model.ends {
            Ends::Inner(inner) if i == 1 => {
                let outer = &inner.items;
                (
                    inner.model.clone(),
                    inner.before.clone(),
                    quote!(#outer || #own),
                )
            }
            Ends::Inner(inner) => (inner.model.clone(), self.kind_before(i), own.clone()),
            Ends::Declared { .. } => (model.name.clone(), self.kind_before(i), own.clone()),
        };
        let field = &model.layers[i - 1].field;
        let number = self.inner.len();
        let name = format_ident!("{}_{field}_{number}", model.name, span = span);
        // What the list gets.
        let (outside, element) = (self.before(i - 1), &self.element);
        let input = format_ident!("__{name}_O0", span = Span::call_site().located_at(span));
        let mut inside = quote!(<#outside as ::plywood::shape::Within<{ #own }>>::Shape);
        if model.element.is_some() {
            // An alias must use its parameter.
            inside = quote!(<#inside as ::plywood::__private::For<#element>>::Layer);
        }
        let generics = self.generics.clone();
        let input = quote!(#input #generics);
        self.inner
            .push(aliases::alias(&model.visibility, input.clone(), inside));
        let network = Model {
            attributes: vec![
                syn::parse_quote!(#[doc(hidden)]),
                syn::parse_quote!(#[allow(non_camel_case_types)]), // named after what the user wrote
            ],
            visibility: model.visibility.clone(),
            name: name.clone(),
            element: model.element.clone(),
            ends: Ends::Inner(Inner {
                input,
                before,
                items,
                model: of,
                span,
            }),
            layers: layers.to_vec(),
            errors: Vec::new(),
        };
        self.inner.push(Writer::new(&network).write());
        quote!(#name #generics)
    }

    /// The layer before layer i and its number, both counted from 1.
    fn kind_before(&self, i: usize) -> Option<(String, usize)> {
        let before = self.model.layers.get(i.checked_sub(2)?)?;
        Some((before.kind().to_string(), i - 1))
    }

    fn weights(&self, i: usize) -> Ident {
        let layer = &self.model.layers[i - 1];
        let span = Span::call_site().located_at(layer.kind().span());
        format_ident!("{}_{}", self.model.name, layer.field, span = span)
    }

    /// The shape before layer i, counted from 0, with the model's generics.
    fn before(&self, i: usize) -> TokenStream {
        let shape = self.shape(i);
        if i == 0 {
            match &self.model.ends {
                Ends::Declared { .. } => quote!(#shape),
                Ends::Inner(inner) => inner.input.clone(),
            }
        } else {
            let generics = &self.generics;
            quote!(#shape #generics)
        }
    }

    /// A name of the macro's own with a type for the model's `T`.
    fn name_over(&self, name: &Ident, element: &str) -> TokenStream {
        let element = Ident::new(element, Span::call_site());
        let generics = self.model.element.as_ref().map(|_| quote!(<#element>));
        quote!(#name #generics)
    }

    /// The same for `f32`, in which checks are made.
    fn concrete_name(&self, name: &Ident) -> TokenStream {
        self.name_over(name, "f32")
    }
}
