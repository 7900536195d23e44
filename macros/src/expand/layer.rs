//! The model as weights and as a layer.

use super::Writer;
use proc_macro2::TokenStream;
use quote::quote;

impl Writer<'_> {
    /// The model as weights and as a layer.
    pub(super) fn layer(&self) -> TokenStream {
        let model = self.model;
        let (name, element) = (&model.name, &self.element);
        let (generics, impl_generics) = (&self.generics, &self.impl_generics);
        let (input, declared) = (self.before(0), self.declared());
        let count = model.layers.len();
        let fields: Vec<_> = model.layers.iter().map(|layer| &layer.field).collect();
        let names: Vec<_> = fields.iter().map(|field| field.to_string()).collect();
        let kinds = model.layers.iter().map(|layer| layer.kind().to_string());
        let index: Vec<_> = (0..count).map(syn::Index::from).collect();
        let links: Vec<_> = (0..count)
            .map(|i| {
                let (spec, before) = (self.spec(i + 1), self.before(i));
                quote!(::plywood::layer::Link<#element, #before, #spec #generics>)
            })
            .collect();
        let (last, last_before) = (self.spec(count), self.before(count - 1));
        let backwards: Vec<_> = index.iter().rev().collect();
        let backward_fields: Vec<_> = fields.iter().rev().collect();
        let with_input = match &model.element {
            None => quote!(<__In: ::plywood::shape::Shape>),
            Some(t) => quote!(<#t: ::plywood::kernels::Element, __In: ::plywood::shape::Shape>),
        };
        quote! {
            impl #impl_generics ::plywood::layer::Weights<#element> for #name #generics {
                const LEN: usize = Self::__PLAN.len;
                const PARAMS: usize = Self::__PLAN.params;
                const FROZEN: usize = Self::__PLAN.frozen;
                const ENTRIES: &'static [::plywood::layer::Entry] = {
                    let links = Self::__LINKS;
                    &[#(links.#index.entry(#names)),*]
                };

                fn visit(&self, visitor: &mut dyn ::plywood::layer::Visitor<#element>) {
                    #(
                        visitor.enter(#names);
                        ::plywood::layer::Weights::<#element>::visit(&self.#fields, visitor);
                        visitor.leave();
                    )*
                }

                fn visit_mut(&mut self, visitor: &mut dyn ::plywood::layer::VisitorMut<#element>) {
                    #(
                        visitor.enter(#names);
                        ::plywood::layer::Weights::<#element>::visit_mut(&mut self.#fields, visitor);
                        visitor.leave();
                    )*
                }
            }

            impl #impl_generics #name #generics {
                /// The layers, and nowhere else in these implementations are they named.
                #[doc(hidden)]
                const __LINKS: (#(#links,)*) = (#(::plywood::layer::Link::new(#index),)*);

                #[doc(hidden)]
                const __PLAN: ::plywood::layer::Plan<#count> = {
                    let links = Self::__LINKS;
                    ::plywood::layer::Plan::new([#(links.#index.facts()),*])
                };
            }

            impl #impl_generics ::plywood::layer::chain::Chain<#element, #count> for #name #generics {
                const PLAN: &'static ::plywood::layer::Plan<#count> = &Self::__PLAN;

                #[inline(always)]
                fn forward<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    model: &Self,
                    learning: &mut ::plywood::layer::Learning<'_, #element, &mut [#element], #count>,
                    y: &mut ::plywood::rows::RowsMut<'_, #element>,
                    moment: ::plywood::layer::Moment<'_>,
                ) {
                    let links = Self::__LINKS;
                    #(learning.forward(isa, links.#index, &model.#fields, y, moment);)*
                }

                #[inline(always)]
                fn backward<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    model: &Self,
                    learning: &mut ::plywood::layer::Learning<'_, #element, &mut [#element], #count>,
                    pass: &mut ::plywood::layer::Backward<'_, #element>,
                ) {
                    let links = Self::__LINKS;
                    #(learning.backward(isa, links.#backwards, &model.#backward_fields, pass);)*
                }
            }

            impl #with_input ::plywood::layer::Layer<#element, __In> for #name #generics {
                type Output = #declared;
                type Weights = Self;
                type Head = <#last #generics as ::plywood::layer::Layer<#element, #last_before>>::Head;

                const CHECK: ::plywood::shape::Check =
                    ::plywood::__private::expects::<__In, #input>();
                const INDICES: ::core::option::Option<usize> = Self::__LINKS.0.indices();
                const POLICIES: ::plywood::layer::Policies = Self::__PLAN.policies();
                const MACS: usize = Self::__PLAN.macs;
                const CACHE: usize = Self::__PLAN.cache();
                const SEPARATE: bool = Self::__PLAN.separate;
                const PENALIZES: bool = Self::__PLAN.penalizes;
                const DESCENDS: ::core::option::Option<bool> = Self::__PLAN.descends;
                const SCRATCH: usize = Self::__PLAN.scratch;
                const GRADIENT: usize = Self::__PLAN.gradient;
                const BACKWARD_SCRATCH: usize = Self::__PLAN.backward_scratch;

                fn init(weights: &mut Self, init: &mut ::plywood::initializers::Init) {
                    let links = Self::__LINKS;
                    #(links.#index.init(&mut weights.#fields, init);)*
                }

                fn forward<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    weights: &Self,
                    x: ::plywood::rows::Rows<'_, #element>,
                    y: ::plywood::rows::RowsMut<'_, #element>,
                ) {
                    ::plywood::__private::forward::<__I, #element, __In, Self>(isa, weights, x, y);
                }

                #[inline(always)]
                fn forward_inference<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    weights: &Self,
                    x: ::plywood::rows::Rows<'_, #element>,
                    y: ::plywood::rows::RowsMut<'_, #element>,
                    scratch: &mut [#element],
                ) {
                    let mut inference = Self::__PLAN.inference(x, y, scratch);
                    let links = Self::__LINKS;
                    #(inference.layer(isa, links.#index, &weights.#fields);)*
                    inference.end();
                }

                #[inline(always)]
                fn forward_training<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    weights: &Self,
                    x: ::plywood::rows::Rows<'_, #element>,
                    y: ::plywood::rows::RowsMut<'_, #element>,
                    cache: &mut [#element],
                    moment: ::plywood::layer::Moment<'_>,
                ) {
                    ::plywood::layer::chain::forward(isa, weights, x, y, cache, moment);
                }

                #[inline(always)]
                fn backward<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    weights: &Self,
                    pass: ::plywood::layer::Backward<'_, #element>,
                ) {
                    ::plywood::layer::chain::backward(isa, weights, pass);
                }

                #[inline(always)]
                fn update<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    weights: &mut Self,
                    kept: ::plywood::layer::Kept<'_, #element>,
                    update: &mut ::plywood::layer::Update<'_, #element>,
                ) {
                    let learning = ::plywood::layer::Learning::new(&Self::__PLAN, kept.x, kept.cache);
                    let links = Self::__LINKS;
                    #(
                        learning.update(
                            isa, links.#index, &mut weights.#fields, kept, update,
                        );
                    )*
                }

                #[inline(always)]
                fn descend<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    weights: &mut Self,
                    mut pass: ::plywood::layer::Backward<'_, #element>,
                    update: &mut ::plywood::layer::Update<'_, #element>,
                ) {
                    let cache = ::core::mem::take(&mut pass.cache);
                    let mut learning = ::plywood::layer::Learning::new(&Self::__PLAN, pass.x, cache);
                    let links = Self::__LINKS;
                    #(
                        learning.descend(
                            isa, links.#backwards, &mut weights.#backward_fields, &mut pass, update,
                        );
                    )*
                    learning.end_backward(&mut pass);
                }

                fn onnx(
                    weights: &Self,
                    graph: &mut ::plywood::onnx::Graph,
                ) -> ::plywood::Result<()> {
                    let links = Self::__LINKS;
                    #(links.#index.onnx([#names, #kinds], &weights.#fields, graph)?;)*
                    ::core::result::Result::Ok(())
                }
            }
        }
    }
}
