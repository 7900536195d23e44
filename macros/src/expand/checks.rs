//! The constants that hold a sentence for each mistake.

use super::Writer;
use crate::model::{Arguments, Ends};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

impl Writer<'_> {
    pub(super) fn checks(&mut self) -> TokenStream {
        let model = self.model;
        let own = &model.name;
        let name = self.model_name();
        let outside = match &model.ends {
            Ends::Declared { .. } => None,
            Ends::Inner(inner) => Some(inner),
        };
        let dims = |shape: TokenStream| quote!(<#shape as ::plywood::shape::Shape>::DIMS);
        let mut checks = TokenStream::new();
        let ends = model.declared().map(|(input, output)| {
            [
                (input, self.before(0), "input"),
                (output, self.declared(), "output"),
            ]
        });
        for (shape, ty, what) in ends.into_iter().flatten() {
            let dims = dims(ty);
            checks.extend(quote_spanned! {shape.span=>
                const _: () = ::plywood::shape::check_nonzero(#dims, #what, #name);
            });
        }
        // All facts about the layers are worked out in one constant, and so the shapes only once.
        let table = self.name("Checks", 0);
        let mut rows = Vec::new();
        for (i, layer) in model.layers.iter().enumerate() {
            let span = layer.kind().span();
            let kind = layer.kind().to_string();
            let before = match outside {
                Some(outside) if i == 0 => outside.before.clone(),
                _ => self.kind_before(i + 1),
            };
            let before = match before {
                None => quote!(::core::option::Option::None),
                Some((before, i)) => quote!(::core::option::Option::Some((#before, #i))),
            };
            let link = syn::Index::from(i);
            let items = outside.filter(|_| i == 0).map(|outside| {
                let items = &outside.items;
                quote!(.of_items(#items))
            });
            rows.push(quote!(links.#link.checked(#name, #before, #kind) #items));
            let row = quote!(#table[#i]);
            let names = layer.arguments.as_ref().map(|arguments| {
                let names = self.argument_names(i + 1);
                argument_checks(&names, arguments, &quote!(#row.site), span)
            });
            let stated_input = layer.arguments.as_ref().and_then(|a| a.input.as_ref());
            let stated_input = stated_input.map(|(n, at)| {
                let n = self.expression(n);
                quote_spanned! {*at=>
                    ::plywood::shape::check_input(#n, #row.width, #row.site);
                }
            });
            let stated_output = layer.output.as_ref().map(|stated| {
                let numbers: Vec<_> = stated.dims.iter().map(|n| self.expression(n)).collect();
                quote_spanned! {stated.span=>
                    ::plywood::shape::check_output(
                        &[#(#numbers),*], #row.output,
                        "{layer} is stated to give {0}, but gives {1}", #row.site,
                    );
                }
            });
            checks.extend(quote_spanned! {span=>
                const _: () = {
                    #names
                    ::plywood::shape::check(#row.check, #row.site);
                    #stated_input
                    #stated_output
                };
            });
        }
        let count = model.layers.len();
        let last = count - 1;
        let concrete = match &model.element {
            None => quote!(#own),
            Some(_) => quote!(#own::<f32>),
        };
        // Its name begins with the model's, in the model's own spelling.
        checks.extend(quote! {
            #[doc(hidden)]
            #[allow(non_upper_case_globals)] // named after what the user wrote
            const #table: [::plywood::shape::Checked; #count] = {
                let links = #concrete::__LINKS;
                [#(#rows),*]
            };
        });
        let Some((_, output)) = model.declared() else {
            return checks;
        };
        let declared = dims(self.declared());
        checks.extend(quote_spanned! {output.span=>
            const _: () = if ::plywood::shape::all_pass(&#table) {
                ::plywood::shape::check_output(
                    #declared, #table[#last].output,
                    "{model} declares the output {0}, but its last layer {layer} gives {1}",
                    #table[#last].site,
                )
            };
        });
        checks
    }

    /// The model's name, for sentences: that of the outermost one.
    pub(super) fn model_name(&self) -> String {
        match &self.model.ends {
            Ends::Declared { .. } => self.model.name.to_string(),
            Ends::Inner(inner) => inner.model.to_string(),
        }
    }
}

/// The checks of how many arguments there are and of their names, by the names of those that a layer or a
/// word takes.
pub(super) fn argument_checks(
    names: &TokenStream,
    arguments: &Arguments,
    site: &TokenStream,
    span: Span,
) -> TokenStream {
    let count = arguments.positional.len();
    let keywords = arguments.keywords.iter().map(|(keyword, _)| {
        let text = keyword.to_string();
        quote_spanned! {keyword.span()=>
            ::plywood::shape::check_keyword(#names, #count, #text, #site);
        }
    });
    quote_spanned! {span=>
        ::plywood::shape::check_argument_count(#names, #count, #site);
        #(#keywords)*
    }
}
