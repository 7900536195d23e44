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

use crate::model::{Layer, Model, Number, Shape, Value};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
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
    let placeholder = Model {
        attributes: model.attributes.clone(),
        visibility: model.visibility.clone(),
        name: model.name.clone(),
        element: model.element.clone(),
        input: Shape {
            dims: model.input.dims.clone(),
            span: model.input.span,
        },
        output: Shape {
            dims: model.output.dims.clone(),
            span: model.output.span,
        },
        layers: vec![Layer {
            field: Ident::new("broken", Span::call_site()),
            path: syn::parse_quote!(::plywood::__private::Broken),
            arguments: Some(crate::model::Arguments {
                positional: vec![Value::List(model.output.dims.clone())],
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
        let constants = &self.constants;
        quote! {
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
            None => self.model.input.span,
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

    fn declared(&self) -> Ident {
        self.name("Output", 0)
    }

    fn weights(&self, i: usize) -> Ident {
        let layer = &self.model.layers[i - 1];
        let span = Span::call_site().located_at(layer.kind().span());
        format_ident!("{}_{}", self.model.name, layer.field, span = span)
    }

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
        self.constants.push(quote_spanned! {span=>
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            const #value: usize = #tokens;
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            const #name: usize = ::plywood::shape::fitting(#value);
            const _: () = ::plywood::shape::check_dimension(#value);
        });
        self.names.insert(text, name.clone());
        name
    }

    /// A number as an expression.
    fn expression(&mut self, number: &Number) -> TokenStream {
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

    fn shape_type(&mut self, dims: &[Number]) -> TokenStream {
        let dims: Vec<_> = dims.iter().map(|n| self.number(n)).collect();
        quote!(<(#(#dims,)*) as ::plywood::layer::Dims>::Shape)
    }

    fn value(&mut self, value: &Value) -> TokenStream {
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
            Value::Name(path) => {
                // Named once, so that an unknown word is one error.
                let word = self.name(&format!("W{}", self.constants.len()), 0);
                self.constants.push(quote! {
                    #[doc(hidden)]
                    #[allow(non_camel_case_types)]
                    type #word = #path;
                });
                quote!(::plywood::word!(#word))
            }
            Value::List(dims) => {
                let shape = self.shape_type(dims);
                quote!(::plywood::layer::List<#shape>)
            }
        }
    }

    /// Layer i, counted from 1, with its arguments filled in.
    fn layer_type(&mut self, i: usize) -> TokenStream {
        let (path, generics) = (self.path(i), self.generics.clone());
        let mut filled = quote!(#path #generics);
        let Some(arguments) = &self.model.layers[i - 1].arguments else {
            return filled;
        };
        let names = self.argument_names(i);
        for (position, value) in arguments.positional.iter().enumerate() {
            let value = self.value(value);
            filled = quote! {
                <#filled as ::plywood::layer::SetArgument<
                    { ::plywood::layer::in_range(#names, #position) }, #value
                >>::With
            };
        }
        for (keyword, value) in &arguments.keywords {
            let keyword = keyword.to_string();
            let value = self.value(value);
            filled = quote! {
                <#filled as ::plywood::layer::SetArgument<
                    { ::plywood::layer::position(#names, #keyword) }, #value
                >>::With
            };
        }
        filled
    }

    /// The names of the arguments of layer i, counted from 1.
    fn argument_names(&self, i: usize) -> TokenStream {
        let path = self.path(i);
        let generics = self.model.element.as_ref().map(|_| quote!(<f32>));
        quote!(<#path #generics as ::plywood::layer::Arguments>::NAMES)
    }

    fn aliases(&mut self) -> TokenStream {
        let model = self.model;
        let (vis, element, generics) = (
            &model.visibility,
            self.element.clone(),
            self.generics.clone(),
        );
        let (input, declared) = (self.shape(0), self.declared());
        let input_shape = self.shape_type(&model.input.dims);
        let output_shape = self.shape_type(&model.output.dims);
        let mut aliases = quote! {
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            #vis type #input = #input_shape;
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            #vis type #declared = #output_shape;
        };
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
            aliases.extend(quote! {
                #[doc(hidden)]
                #[allow(non_camel_case_types)]
                #vis type #path #generics = #named;
                #[doc(hidden)]
                #[allow(non_camel_case_types)]
                #vis type #given #generics = #filled;
                #[doc(hidden)]
                #[allow(non_camel_case_types)]
                #vis type #spec #generics = ::plywood::layer_or_broken!(
                    #given #generics; #probes
                );
                #[doc(hidden)]
                #[allow(non_camel_case_types)]
                #vis type #out #generics =
                    <#spec #generics as ::plywood::layer::Layer<#element, #before>>::Output;
                #[doc(hidden)]
                #[allow(non_camel_case_types)]
                #vis type #weights #generics =
                    <#spec #generics as ::plywood::layer::Layer<#element, #before>>::Weights;
            });
        }
        aliases
    }

    /// A name of the macro's own with a type for the model's `T`.
    fn name_over(&self, name: &Ident, element: &str) -> TokenStream {
        let element = Ident::new(element, Span::call_site());
        let generics = self.model.element.as_ref().map(|_| quote!(<#element>));
        quote!(#name #generics)
    }

    /// The shape before layer i, counted from 0, with a type for the model's `T`.
    fn shape_over(&self, i: usize, element: &str) -> TokenStream {
        let shape = self.shape(i);
        if i == 0 {
            quote!(#shape)
        } else {
            self.name_over(&shape, element)
        }
    }

    /// The same for `f32`, in which checks are made.
    fn concrete_name(&self, name: &Ident) -> TokenStream {
        self.name_over(name, "f32")
    }

    fn concrete(&self, i: usize) -> TokenStream {
        self.shape_over(i, "f32")
    }

    /// The shape before layer i, counted from 0, with the model's generics.
    fn before(&self, i: usize) -> TokenStream {
        let shape = self.shape(i);
        if i == 0 {
            quote!(#shape)
        } else {
            let generics = &self.generics;
            quote!(#shape #generics)
        }
    }

    fn structure(&self) -> TokenStream {
        let model = self.model;
        let Model {
            attributes,
            visibility,
            name,
            ..
        } = model;
        let (generics, impl_generics) = (&self.generics, &self.impl_generics);
        let table = table(model);
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
            #[doc = #table]
            #visibility struct #name #impl_generics {
                #(#fields),*
            }

            // SAFETY: every field is a `Weights`, of which all zeros are a value.
            unsafe impl #impl_generics ::plywood::__private::Zeroable for #name #generics {}

            impl #impl_generics ::core::clone::Clone for ::plywood::__private::Box<#name #generics> {
                fn clone(&self) -> Self {
                    ::plywood::__private::copy(&**self)
                }
            }
        }
    }

    /// The model as weights and as a layer.
    fn layer(&self) -> TokenStream {
        let model = self.model;
        let (name, element) = (&model.name, &self.element);
        let (generics, impl_generics) = (&self.generics, &self.impl_generics);
        let declared = self.declared();
        let count = model.layers.len();
        let fields: Vec<_> = model.layers.iter().map(|layer| &layer.field).collect();
        let names: Vec<_> = fields.iter().map(|field| field.to_string()).collect();
        let index: Vec<_> = (0..count).collect();
        let specs: Vec<_> = (1..=count)
            .map(|i| {
                let spec = self.spec(i);
                quote!(#spec #generics)
            })
            .collect();
        let befores: Vec<_> = (0..count).map(|i| self.before(i)).collect();
        let (last, last_before) = (&specs[count - 1], &befores[count - 1]);
        let backwards = index.iter().rev().map(|&i| {
            let (spec, before, field) = (&specs[i], &befores[i], fields[i]);
            quote!(learning.backward::<#before, #spec>(isa, #i, &weights.#field, &mut pass);)
        });
        let with_input = match &model.element {
            None => quote!(<__In: ::plywood::shape::Shape>),
            Some(t) => quote!(<#t: ::plywood::kernels::Element, __In: ::plywood::shape::Shape>),
        };
        quote! {
            impl #impl_generics ::plywood::layer::Weights<#element> for #name #generics {
                const LEN: usize = Self::__PLAN.len;
                const PARAMS: usize = Self::__PLAN.params;

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
                #[doc(hidden)]
                const __PLAN: ::plywood::layer::Plan<#count> = ::plywood::layer::Plan::new([
                    #(::plywood::layer::Facts::of::<#element, #befores, #specs>()),*
                ]);
            }

            impl #with_input ::plywood::layer::Layer<#element, __In> for #name #generics {
                type Output = #declared;
                type Weights = Self;
                type Head = <#last as ::plywood::layer::Layer<#element, #last_before>>::Head;

                const CHECK: ::plywood::shape::Check = ::plywood::__private::expects::<
                    __In, <Self as ::plywood::layer::Model>::InputShape
                >();
                const MACS: usize = Self::__PLAN.macs;
                const CACHE: usize = Self::__PLAN.cache();
                const SCRATCH: usize = Self::__PLAN.scratch;
                const GRADIENT: usize = Self::__PLAN.gradient;

                fn init(weights: &mut Self, init: &mut ::plywood::initializers::Init) {
                    #(
                        <#specs as ::plywood::layer::Layer<#element, #befores>>::init(
                            &mut weights.#fields, init,
                        );
                    )*
                }

                fn forward<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    weights: &Self,
                    x: ::plywood::rows::Rows<'_, #element>,
                    y: ::plywood::rows::RowsMut<'_, #element>,
                ) {
                    ::plywood::__private::forward_model::<__I, Self>(isa, weights, x, y);
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
                    #(inference.layer::<#befores, #specs>(isa, #index, &weights.#fields);)*
                    inference.end();
                }

                #[inline(always)]
                fn forward_training<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    weights: &Self,
                    x: ::plywood::rows::Rows<'_, #element>,
                    mut y: ::plywood::rows::RowsMut<'_, #element>,
                    cache: &mut [#element],
                    moment: ::plywood::layer::Moment,
                ) {
                    let learning = Self::__PLAN.learning(x);
                    #(
                        learning.forward::<#befores, #specs>(
                            isa, #index, &weights.#fields, &mut y, cache, moment,
                        );
                    )*
                    learning.end_forward(&mut y);
                }

                #[inline(always)]
                fn backward<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    weights: &Self,
                    mut pass: ::plywood::layer::Backward<'_, #element>,
                ) {
                    let learning = Self::__PLAN.learning(pass.x);
                    #(#backwards)*
                    learning.end_backward(&mut pass);
                }

                #[inline(always)]
                fn update<__I: ::plywood::simd::Isa>(
                    isa: __I,
                    weights: &mut Self,
                    kept: ::plywood::layer::Kept<'_, #element>,
                    update: &mut ::plywood::layer::Update<'_, #element>,
                ) {
                    let learning = Self::__PLAN.learning(kept.x);
                    #(
                        learning.update::<#befores, #specs>(
                            isa, #index, &mut weights.#fields, kept, update,
                        );
                    )*
                }
            }
        }
    }

    /// The model as something to train and to predict with.
    fn model(&mut self) -> TokenStream {
        let model = self.model;
        let input_array = self.array(&model.input);
        let output_array = self.array(&model.output);
        let (name, element) = (&model.name, &self.element);
        let (generics, impl_generics) = (&self.generics, &self.impl_generics);
        let name_text = name.to_string();
        let (input, declared) = (self.shape(0), self.declared());
        let infos = model.layers.iter().enumerate().map(|(i, layer)| {
            let (spec, before) = (self.spec(i + 1), self.before(i));
            let (field, kind) = (layer.field.to_string(), layer.kind().to_string());
            quote! {
                ::plywood::layer::LayerInfo::of::<#element, #before, #spec #generics>(#field, #kind)
            }
        });
        quote! {
            impl #impl_generics ::plywood::layer::Model for #name #generics {
                type Element = #element;
                type InputShape = #input;
                type OutputShape = #declared;
                type Input = #input_array;
                type Prediction = #output_array;
                const NAME: &'static str = #name_text;
                const LAYERS: &'static [::plywood::layer::LayerInfo] = &[#(#infos),*];
            }
        }
    }

    /// The plain array of a shape.
    fn array(&mut self, shape: &Shape) -> TokenStream {
        let mut array = self.element.clone();
        for dim in shape.dims.iter().rev() {
            let length = self.expression(dim);
            array = quote!([#array; #length]);
        }
        array
    }

    fn methods(&mut self) -> TokenStream {
        let model = self.model;
        let (input, output) = (self.array(&model.input), self.array(&model.output));
        let (name, element) = (&model.name, &self.element);
        let (generics, impl_generics) = (&self.generics, &self.impl_generics);
        let shape = self.shape(0);
        // Errors that show a method point at the model's name, not at the whole list.
        let method = |text| Ident::new(text, Span::call_site().located_at(model.name.span()));
        let [
            new,
            predict,
            predict_batch,
            get_weights,
            set_weights,
            compile,
        ] = [
            "new",
            "predict",
            "predict_batch",
            "get_weights",
            "set_weights",
            "compile",
        ]
        .map(method);
        quote! {
            #[allow(dead_code)]
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
                    ::plywood::layer::Model::predict_all(self, inputs)
                }

                /// A table of the layers, their output shapes and their parameters.
                pub fn summary(&self) -> ::plywood::training::Summary {
                    ::plywood::training::Summary::of::<Self>()
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

    fn checks(&mut self) -> TokenStream {
        let model = self.model;
        let name = model.name.to_string();
        let (input, declared) = (self.shape(0), self.declared());
        let dims = |shape: TokenStream| quote!(<#shape as ::plywood::shape::Shape>::DIMS);
        let mut checks = TokenStream::new();
        for (shape, ty, what) in [
            (&model.input, &input, "input"),
            (&model.output, &declared, "output"),
        ] {
            let dims = dims(quote!(#ty));
            checks.extend(quote_spanned! {shape.span=>
                const _: () = ::plywood::shape::check_nonzero(#dims, #what, #name);
            });
        }
        // All facts about the layers are worked out in one constant, and so the shapes only once.
        let table = self.name("Checks", 0);
        let mut rows = Vec::new();
        for (i, layer) in model.layers.iter().enumerate() {
            let span = layer.kind().span();
            let spec = self.concrete_name(&self.spec(i + 1));
            let shape = self.concrete(i);
            let this = quote!(<#spec as ::plywood::layer::Layer<f32, #shape>>);
            let site = self.site(i, &dims(shape), span);
            let output = dims(self.concrete(i + 1));
            rows.push(quote! {
                ::plywood::shape::Checked {
                    check: #this::CHECK, site: #site, width: #this::INPUT_WIDTH, output: #output,
                }
            });
            let row = quote!(#table[#i]);
            let names = layer.arguments.as_ref().map(|arguments| {
                let names = self.argument_names(i + 1);
                let count = arguments.positional.len();
                let keywords = arguments.keywords.iter().map(|(keyword, _)| {
                    let text = keyword.to_string();
                    quote_spanned! {keyword.span()=>
                        ::plywood::shape::check_keyword(#names, #count, #text, #row.site);
                    }
                });
                quote_spanned! {span=>
                    ::plywood::shape::check_argument_count(#names, #count, #row.site);
                    #(#keywords)*
                }
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
        let declared = dims(quote!(#declared));
        checks.extend(quote! {
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            const #table: [::plywood::shape::Checked; #count] = [#(#rows),*];
        });
        checks.extend(quote_spanned! {model.output.span=>
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

    /// Where layer i, counted from 0, stands.
    fn site(&self, i: usize, input: &TokenStream, span: Span) -> TokenStream {
        let layer = self.model.layers[i].kind().to_string();
        let model = self.model.name.to_string();
        let before = match i {
            0 => quote!(::core::option::Option::None),
            _ => {
                let before = self.model.layers[i - 1].kind().to_string();
                quote!(::core::option::Option::Some((#before, #i)))
            }
        };
        quote_spanned! {span=>
            ::plywood::shape::Site {
                layer: #layer, before: #before, model: #model, input: #input,
            }
        }
    }
}

/// The layers as a table for the documentation.
fn table(model: &Model) -> String {
    let shape = |shape: &Shape| {
        let dims: Vec<String> = shape.dims.iter().map(ToString::to_string).collect();
        format!("`[{}]`", dims.join(", "))
    };
    let mut table = format!(
        "\n# Network\nFrom {} to {}:\n\n| field | layer |\n| --- | --- |\n",
        shape(&model.input),
        shape(&model.output)
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
