//! Numbers, words and shapes as types.

use super::Writer;
use super::aliases::alias;
use super::checks::argument_checks;
use crate::model::{Number, Shape, Value, Word};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;

impl Writer<'_> {
    /// A number as a type.
    fn number(&mut self, number: &Number) -> TokenStream {
        match number {
            Number::Literal(n) => {
                let mut digits = quote!(::plywood::typenum::UTerm);
                for i in (0..u64::BITS - n.leading_zeros()).rev() {
                    let bit = format_ident!("B{}", (n >> i) & 1);
                    digits = quote!(::plywood::typenum::UInt<#digits, ::plywood::typenum::#bit>);
                }
                digits
            }
            Number::Constant(tokens, span) => {
                let name = self.constant(tokens, *span);
                (0..31u32).rev().fold(
                    quote!(::plywood::typenum::UTerm),
                    |digits, i| quote!(<#digits as ::plywood::shape::Push<{ ::plywood::shape::bit(#name, #i) }>>::Out),
                )
            }
        }
    }

    /// The constant with the value of an expression. Whoever looks at it finds a value that fits into
    /// a type; one that does not is refused once, where it stands.
    fn constant(&mut self, tokens: &TokenStream, span: Span) -> Ident {
        let text = tokens.to_string();
        if let Some(name) = self.names.get(&text) {
            return name.clone();
        }
        let number = self.names.len();
        let value = self.name(&format!("V{number}"), 0);
        let name = self.name(&format!("C{number}"), 0);
        // Their names begin with the model's, in the model's own spelling.
        self.constants.push(quote_spanned! {span=>
            #[doc(hidden)]
            #[allow(non_upper_case_globals)] // named after what the user wrote
            const #value: usize = #tokens;
            #[doc(hidden)]
            #[allow(non_upper_case_globals)] // named after what the user wrote
            const #name: usize = ::plywood::shape::fitting(#value);
            const _: () = ::plywood::shape::check_dimension(#value);
        });
        self.names.insert(text, name.clone());
        name
    }

    /// A number as an expression.
    pub(super) fn expression(&mut self, number: &Number) -> TokenStream {
        match number {
            Number::Literal(n) => {
                let n = proc_macro2::Literal::u64_unsuffixed(*n);
                quote!(#n)
            }
            Number::Constant(tokens, span) => {
                let name = self.constant(tokens, *span);
                quote!(#name)
            }
        }
    }

    pub(super) fn shape_type(&mut self, dims: &[Number]) -> TokenStream {
        let dims: Vec<_> = dims.iter().map(|n| self.number(n)).collect();
        quote!(<(#(#dims,)*) as ::plywood::layer::Dims>::Shape)
    }

    /// The plain array of a shape.
    pub(super) fn array(&mut self, shape: &Shape) -> TokenStream {
        let mut array = self.element.clone();
        for dim in shape.dims.iter().rev() {
            let length = self.expression(dim);
            array = quote!([#array; #length]);
        }
        array
    }

    /// The value of an argument of layer i, counted from 1.
    pub(super) fn value(&mut self, i: usize, value: &Value) -> TokenStream {
        match value {
            Value::Number(n) => {
                let n = self.number(n);
                quote!(::plywood::layer::Int<#n>)
            }
            Value::Float(x) => {
                let bits = x.to_bits();
                quote!(::plywood::layer::Float<#bits>)
            }
            Value::Bool(b) => quote!(::plywood::layer::Bool<#b>),
            Value::Word(word) => {
                let word = self.word(i, word);
                quote!(::plywood::word!(#word))
            }
            Value::Layers(layers, span) => {
                let network = self.inner(i, layers, *span);
                quote!(::plywood::layer::Network<#network>)
            }
            Value::List(dims) => {
                let shape = self.shape_type(dims);
                quote!(::plywood::layer::List<#shape>)
            }
        }
    }

    /// The type of a word in the arguments of layer i, counted from 1.
    fn word(&mut self, i: usize, word: &Word) -> Ident {
        // Named once, so that an unknown word is one error.
        let path = &word.path;
        let span = word.name.span();
        let plain = self.word_alias("W", span, quote!(#path));
        let Some(arguments) = &word.arguments else {
            return plain;
        };
        // Asked for once, so that a word that takes none is one error.
        let mut names = self.name(&format!("N{}", self.constants.len()), 0);
        names.set_span(plain.span());
        self.constants.push(quote! {
            #[doc(hidden)]
            #[allow(non_upper_case_globals)] // named after what the user wrote
            const #names: &[&str] = <#plain as ::plywood::layer::Arguments>::NAMES;
        });
        let names = quote!(#names);
        let filled = self.fill(i, quote!(#plain), &names, arguments);
        let filled = self.word_alias("F", span, filled);
        let (name, model) = (word.name.to_string(), self.model_name());
        let site = quote! {
            ::plywood::shape::Site {
                layer: #name,
                before: ::core::option::Option::None,
                items: false,
                model: #model,
                input: &[],
            }
        };
        let list = argument_checks(&names, arguments, &site, span);
        self.constants.push(quote_spanned! {span=>
            const _: () = {
                #list
                #[allow(unused_imports)] // unused where the probe has an answer of its own
                use ::plywood::layer::Not as _;
                ::plywood::shape::check(::plywood::layer::Probe::<#filled>::ARGUMENTS, #site);
            };
        });
        filled
    }

    /// A name of the macro's own for the type of a word. Whatever the compiler says about it is said at
    /// the word.
    fn word_alias(&mut self, letter: &str, span: Span, ty: TokenStream) -> Ident {
        let mut name = self.name(&format!("{letter}{}", self.constants.len()), 0);
        name.set_span(name.span().located_at(span));
        let private = syn::Visibility::Inherited;
        self.constants.push(alias(&private, quote!(#name), ty));
        name
    }
}
