//! The model as something to train and to predict with.

use super::Writer;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Ident;

impl Writer<'_> {
    /// The model as something to train and to predict with.
    pub(super) fn model(&mut self) -> TokenStream {
        let model = self.model;
        let Some((input, output)) = model.declared() else {
            return TokenStream::new();
        };
        let (input_array, output_array) = (self.array(input), self.array(output));
        let (name, element) = (&model.name, &self.element);
        let (generics, impl_generics) = (&self.generics, &self.impl_generics);
        let name_text = name.to_string();
        let (input, declared) = (self.shape(0), self.declared());
        let infos = model.layers.iter().enumerate().map(|(i, layer)| {
            let i = syn::Index::from(i);
            let (field, kind) = (layer.field.to_string(), layer.kind().to_string());
            quote!(links.#i.info(#field, #kind))
        });
        quote! {
            impl #impl_generics ::plywood::layer::Model for #name #generics {
                type Element = #element;
                type InputShape = #input;
                type OutputShape = #declared;
                type Input = #input_array;
                type Prediction = #output_array;
                const NAME: &'static str = #name_text;
                const LAYERS: &'static [::plywood::layer::LayerInfo] = {
                    let links = Self::__LINKS;
                    &[#(#infos),*]
                };

                #[inline(always)]
                fn forward_inputs<
                    __I: ::plywood::simd::Isa,
                    __X: ::plywood::layer::chain::Inputs<#element>,
                >(
                    isa: __I,
                    model: &Self,
                    x: __X,
                    y: ::plywood::rows::RowsMut<'_, #element>,
                    cache: &mut [#element],
                    moment: ::plywood::layer::Moment<'_>,
                ) {
                    ::plywood::layer::chain::forward(isa, model, x, y, cache, moment);
                }
            }
        }
    }

    pub(super) fn methods(&mut self) -> TokenStream {
        let model = self.model;
        let Some((input, output)) = model.declared() else {
            return TokenStream::new();
        };
        let (input, output) = (self.array(input), self.array(output));
        let (name, element) = (&model.name, &self.element);
        let (generics, impl_generics) = (&self.generics, &self.impl_generics);
        let shape = self.shape(0);
        // Errors that show a method point at the model's name, not at the whole list.
        let method = |text| Ident::new(text, Span::call_site().located_at(model.name.span()));
        let [
            new,
            predict,
            predict_batch,
            predict_batch_threads,
            get_weights,
            set_weights,
            compile,
        ] = [
            "new",
            "predict",
            "predict_batch",
            "predict_batch_threads",
            "get_weights",
            "set_weights",
            "compile",
        ]
        .map(method);
        quote! {
            #[allow(dead_code)] // no program uses all of them
            impl #impl_generics #name #generics {
                /// How many numbers can be trained.
                pub const PARAMS: usize = <Self as ::plywood::layer::Weights<#element>>::PARAMS;
                /// Multiply-adds of one forward pass of one sample.
                pub const MACS: usize = Self::__PLAN.macs;
                /// The shape of an input.
                pub const INPUT_SHAPE: &'static [usize] =
                    <<Self as ::plywood::layer::Model>::InputShape as ::plywood::shape::Shape>::DIMS;
                /// The shape of a prediction.
                pub const OUTPUT_SHAPE: &'static [usize] =
                    <<Self as ::plywood::layer::Model>::OutputShape as ::plywood::shape::Shape>::DIMS;

                /// A new model, its weights drawn by the layers' initialisers from this seed. It is
                /// built in place on the heap.
                pub fn #new(seed: u64) -> ::plywood::__private::Box<Self> {
                    ::plywood::layer::Model::initialized(seed)
                }

                /// What the model gives for an input.
                #[inline]
                pub fn #predict(&self, input: &#input) -> #output {
                    ::plywood::layer::Model::predict_one(self, input)
                }

                /// What the model gives for each of the inputs.
                pub fn #predict_batch(&self, inputs: &[#input]) -> ::plywood::__private::Vec<#output> {
                    ::plywood::layer::Model::predict_all(self, inputs, 1)
                }

                /// The same on at most so many threads, for a big batch: the same bits.
                pub fn #predict_batch_threads(
                    &self,
                    inputs: &[#input],
                    threads: usize,
                ) -> ::plywood::__private::Vec<#output> {
                    ::plywood::layer::Model::predict_all(self, inputs, threads)
                }

                /// A table of the layers, their output shapes and their parameters.
                pub fn summary(&self) -> ::plywood::training::Summary {
                    ::plywood::training::Summary::of::<Self>()
                }

                /// A picture of the layers, to be written to a file.
                pub fn diagram(&self) -> ::plywood::pictures::Diagram {
                    ::plywood::pictures::Diagram::of::<Self>()
                }

                /// All weights, in Keras' order and layout: `dense/kernel`, `dense/bias`, ...
                pub fn #get_weights(&self) -> ::plywood::__private::Vec<::plywood::training::NamedWeight<#element>> {
                    ::plywood::training::get_weights(self)
                }

                /// Sets all weights.
                ///
                /// # Errors
                /// If there are not as many as the model has, or a name or a shape differs; the
                /// model is then unchanged.
                pub fn #set_weights(
                    &mut self,
                    weights: &[::plywood::training::NamedWeight<#element>],
                ) -> ::plywood::Result<()> {
                    ::plywood::training::set_weights(self, weights)
                }

                ::plywood::__weight_files!();
                ::plywood::__onnx_files!();

                /// Chooses an optimiser and a loss to train with.
                pub fn #compile<__O, __L>(
                    &mut self,
                    optimizer: __O,
                    loss: __L,
                ) -> ::plywood::training::Training<&mut Self, __O, __L>
                where
                    __O: ::plywood::optimizers::Optimizer,
                    __L: ::plywood::losses::Fits<
                        <Self as ::plywood::layer::Layer<#element, #shape>>::Head
                    >,
                {
                    ::plywood::training::Training::new(self, optimizer, loss)
                }
            }
        }
    }
}
