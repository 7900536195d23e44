//! The layers with their arguments, their shapes and their weights.

use super::Writer;
use crate::model::Arguments;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Visibility;

impl Writer<'_> {
    pub(super) fn aliases(&mut self) -> TokenStream {
        let model = self.model;
        let (vis, element, generics) = (
            &model.visibility,
            self.element.clone(),
            self.generics.clone(),
        );
        let mut aliases = TokenStream::new();
        if let Some((input, output)) = model.declared() {
            let (from, to) = (self.shape(0), self.declared());
            let (input, output) = (self.shape_type(&input.dims), self.shape_type(&output.dims));
            aliases.extend(alias(vis, quote!(#from), input));
            aliases.extend(alias(vis, to, output));
        }
        for (i, layer) in model.layers.iter().enumerate() {
            let before = self.before(i);
            let i = i + 1;
            let (path, spec, out, weights) =
                (self.path(i), self.spec(i), self.shape(i), self.weights(i));
            let user_path = &layer.path;
            let mut named = quote!(#user_path);
            if model.element.is_some() {
                // An alias must use its parameter.
                named = quote!(<#named as ::plywood::__private::For<#element>>::Layer);
            }
            let filled = self.layer_type(i);
            let given = self.name(&format!("G{i}"), i);
            let given_f32 = self.concrete_name(&given);
            let given_f64 = self.name_over(&given, "f64");
            let probes = match &model.element {
                None => quote!(f32, #given_f32),
                Some(_) => quote!(f32, #given_f32; f64, #given_f64),
            };
            let layer = quote!(<#spec #generics as ::plywood::layer::Layer<#element, #before>>);
            let probed = quote!(::plywood::layer_or_broken!(#given #generics; #probes));
            for (name, ty) in [
                (path, named),
                (given, filled),
                (spec, probed),
                (out, quote!(#layer::Output)),
                (weights, quote!(#layer::Weights)),
            ] {
                aliases.extend(alias(vis, quote!(#name #generics), ty));
            }
        }
        aliases
    }

    /// Layer i, counted from 1, with its arguments filled in.
    fn layer_type(&mut self, i: usize) -> TokenStream {
        let (path, generics) = (self.path(i), self.generics.clone());
        let filled = quote!(#path #generics);
        let Some(arguments) = &self.model.layers[i - 1].arguments else {
            return filled;
        };
        let names = self.argument_names(i);
        self.fill(i, filled, &names, arguments)
    }

    /// A layer or a word with its arguments, those of layer i or inside it, filled in; `names` are the
    /// names of its arguments.
    pub(super) fn fill(
        &mut self,
        i: usize,
        mut filled: TokenStream,
        names: &TokenStream,
        arguments: &Arguments,
    ) -> TokenStream {
        for (position, value) in arguments.positional.iter().enumerate() {
            let value = self.value(i, value);
            filled = quote! {
                <#filled as ::plywood::layer::SetArgument<
                    { ::plywood::layer::in_range(#names, #position) }, #value
                >>::With
            };
        }
        for (keyword, value) in &arguments.keywords {
            let keyword = keyword.to_string();
            let value = self.value(i, value);
            filled = quote! {
                <#filled as ::plywood::layer::SetArgument<
                    { ::plywood::layer::position(#names, #keyword) }, #value
                >>::With
            };
        }
        filled
    }

    /// The names of the arguments of layer i, counted from 1.
    pub(super) fn argument_names(&self, i: usize) -> TokenStream {
        let path = self.path(i);
        let generics = self.model.element.as_ref().map(|_| quote!(<f32>));
        quote!(<#path #generics as ::plywood::layer::Arguments>::NAMES)
    }
}

/// A name of the macro's own for a type. It begins with the model's name, as no user's type would.
pub(super) fn alias(vis: &Visibility, name: TokenStream, ty: TokenStream) -> TokenStream {
    quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types)] // named after what the user wrote
        #vis type #name = #ty;
    }
}
