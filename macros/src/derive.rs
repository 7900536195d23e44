//! The derive macros for those who write layers.

use crate::model::snake_case;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Fields, GenericParam, Ident, Result};

/// `#[derive(Arguments)]`: the names of the arguments, and a type function that replaces each.
pub fn arguments(input: &DeriveInput) -> TokenStream {
    let layer = &input.ident;
    let declared: Vec<&Ident> = input.generics.type_params().map(|p| &p.ident).collect();
    let names = declared.iter().map(|p| snake_case(&p.to_string()));
    // Other names, because a layer and its argument may be called the same.
    let parameters: Vec<Ident> = (0..declared.len())
        .map(|i| format_ident!("__P{i}"))
        .collect();
    let setters = (0..parameters.len()).map(|i| {
        let with = parameters.iter().enumerate().map(|(j, parameter)| {
            if i == j {
                quote!(__Value)
            } else {
                quote!(#parameter)
            }
        });
        quote! {
            impl<#(#parameters,)* __Value> ::plywood::layer::SetArgument<#i, __Value>
                for #layer<#(#parameters),*>
            {
                type With = #layer<#(#with),*>;
            }
        }
    });
    quote! {
        #[diagnostic::do_not_recommend]
        impl<#(#parameters),*> ::plywood::layer::Arguments for #layer<#(#parameters),*> {
            const NAMES: &'static [&'static str] = &[#(#names),*];
        }
        impl<#(#parameters,)* __Value> ::plywood::layer::SetArgument<{ usize::MAX }, __Value>
            for #layer<#(#parameters),*>
        {
            type With = Self;
        }
        #(#setters)*
    }
}

/// `#[derive(Weights)]`: shows the tensors, and says that all zeros are a value.
pub fn weights(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(name, "weights are a struct of tensors"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(name, "weights need fields with names"));
    };
    let Some(GenericParam::Type(element)) = input.generics.params.first() else {
        let message = "the first parameter of weights is the type of their numbers, `T: Element`";
        return Err(Error::new_spanned(name, message));
    };
    let element = &element.ident;
    let idents: Vec<_> = fields
        .named
        .iter()
        .filter_map(|f| f.ident.as_ref())
        .collect();
    let names = idents.iter().map(|ident| ident.to_string());
    let names = names.collect::<Vec<_>>();
    let types: Vec<_> = fields.named.iter().map(|f| &f.ty).collect();
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    Ok(quote! {
        // SAFETY: every field is a `Tensor`, of which all zeros are a value.
        unsafe impl #generics ::plywood::__private::Zeroable for #name #arguments #conditions {}

        impl #generics ::plywood::layer::Weights<#element> for #name #arguments #conditions {
            const LEN: usize =
                0 #(+ <#types as ::plywood::layer::Tensor<#element>>::LEN)*;
            const PARAMS: usize =
                0 #(+ <#types as ::plywood::layer::Tensor<#element>>::PARAMS)*;
            const FROZEN: usize =
                0 #(+ <#types as ::plywood::layer::Tensor<#element>>::FROZEN)*;
            const ENTRIES: &'static [::plywood::layer::Entry] = &[
                #(::plywood::layer::Entry::Tensor {
                    name: #names,
                    dims: <#types as ::plywood::layer::Tensor<#element>>::DIMS,
                }),*
            ];

            fn visit(&self, visitor: &mut dyn ::plywood::layer::Visitor<#element>) {
                #(::plywood::__private::visit_tensor(&self.#idents, #names, visitor);)*
            }
            fn visit_mut(&mut self, visitor: &mut dyn ::plywood::layer::VisitorMut<#element>) {
                #(::plywood::__private::visit_tensor_mut(&mut self.#idents, #names, visitor);)*
            }
        }
    })
}
