//! From tokens to a [`Model`]. Mistakes inside the list are collected, so that several of them give
//! several messages; a mistake in the header ends the reading.

use crate::model::{
    Arguments, Ends, Layer, Model, Number, Shape, Value, Word, camel_case, kind, snake_case,
};
use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::HashMap;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Ident, Lit, LitInt, Path, Result, Token, braced, bracketed, parenthesized,
    token,
};

impl Parse for Model {
    fn parse(input: ParseStream) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        input.parse::<Token![struct]>()?;
        let name: Ident = input.parse()?;
        let element = if input.peek(Token![<]) {
            input.parse::<Token![<]>()?;
            let element = input.parse()?;
            input.parse::<Token![>]>()?;
            Some(element)
        } else {
            None
        };
        if !input.peek(Token![:]) {
            return Err(input.error(format!(
                "expected the shapes of the model, as in `struct {name}: [28, 28] => [10] {{ ... }}`"
            )));
        }
        input.parse::<Token![:]>()?;
        let from = input.parse()?;
        input.parse::<Token![=>]>()?;
        let to = input.parse()?;
        let list;
        let braces = braced!(list in input);
        let mut errors = Vec::new();
        let layers = layers(&list, &name, &mut errors);
        if layers.is_empty() && errors.is_empty() {
            let message = format!("`{name}` has no layers: a model needs at least one");
            errors.push(Error::new(braces.span.join(), message));
        }
        Ok(Model {
            attributes,
            visibility,
            name,
            element,
            ends: Ends::Declared {
                input: from,
                output: to,
            },
            layers,
            errors,
        })
    }
}

/// Reads a list of layers. After a mistake, reading goes on behind the next comma.
fn layers(list: ParseStream, model: &Ident, errors: &mut Vec<Error>) -> Vec<Layer> {
    let mut fields = Fields::default();
    let mut layers = Vec::new();
    while !list.is_empty() {
        match layer(list, model, errors) {
            Ok((name, mut layer)) => {
                let regularization = activity_regularization(&mut layer);
                fields.claim(name, &layer, layers.len() + 1, errors);
                layers.push(layer);
                if let Some(layer) = regularization {
                    fields.claim(None, &layer, layers.len() + 1, errors);
                    layers.push(layer);
                }
            }
            Err(error) => {
                errors.push(error);
                skip_to_comma(list);
            }
        }
        if list.is_empty() {
            break;
        }
        if let Err(error) = list.parse::<Token![,]>() {
            errors.push(Error::new(
                error.span(),
                "expected `,` between two layers, or `=> [...]` for the shape that a layer gives",
            ));
            skip_to_comma(list);
            let _ = list.parse::<Token![,]>();
        }
    }
    fields.name_the_rest(&mut layers);
    layers
}

/// The layer that the argument `activity_regularizer`, which every layer has, stands for. It takes the
/// argument with it.
fn activity_regularization(layer: &mut Layer) -> Option<Layer> {
    if layer.kind() == "ActivityRegularization" {
        return None;
    }
    let arguments = layer.arguments.as_mut()?;
    let mut keywords = arguments.keywords.iter();
    let place = keywords.position(|(keyword, _)| keyword == "activity_regularizer")?;
    let argument = arguments.keywords.remove(place);
    // `Flatten(activity_regularizer = l2)` is `Flatten` then, which takes no arguments.
    if arguments.positional.is_empty() && arguments.keywords.is_empty() {
        layer.arguments = None;
    }
    let kind = Ident::new("ActivityRegularization", argument.0.span());
    Some(Layer {
        field: kind.clone(),
        path: syn::parse_quote!(::plywood::layers::#kind),
        arguments: Some(Arguments {
            keywords: vec![argument],
            ..Default::default()
        }),
        output: None,
        text: kind.to_string(),
    })
}

fn skip_to_comma(list: ParseStream) {
    while !list.is_empty() && !list.peek(Token![,]) {
        let _ = list.parse::<TokenTree>();
    }
}

/// One layer, and the name that the user gave it.
fn layer(
    input: ParseStream,
    model: &Ident,
    errors: &mut Vec<Error>,
) -> Result<(Option<Ident>, Layer)> {
    let name = if input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let name: Ident = input.parse()?;
        input.parse::<Token![:]>()?;
        Some(name)
    } else {
        None
    };
    if !peek_path(input) {
        return Err(input.error("expected a layer, such as `Dense(128, relu)`"));
    }
    let path: Path = input.parse()?;
    if path.is_ident(model) {
        let message = format!("`{model}` is the model itself: give one of the two another name");
        return Err(Error::new(path.span(), message));
    }
    let mut text = plain_text(path.to_token_stream());
    let ident = kind(&path);
    if !ident.to_string().starts_with(char::is_uppercase) {
        let message = format!(
            "`{ident}` is not a layer: layers are types, such as `{}`",
            camel_case(&ident.to_string())
        );
        errors.push(Error::new(ident.span(), message));
    }
    let arguments = if input.peek(token::Paren) {
        let inside;
        parenthesized!(inside in input);
        let tokens: TokenStream = inside.fork().parse()?;
        text += &format!("({})", plain_text(tokens));
        Some(arguments(&inside, ident, model, errors).inspect_err(|_| {
            // What is left unread would be a second error.
            let _ = inside.parse::<TokenStream>();
        })?)
    } else {
        None
    };
    let output = if input.peek(Token![=>]) {
        input.parse::<Token![=>]>()?;
        Some(input.parse()?)
    } else {
        None
    };
    // Replaced when all names are known.
    let field = Ident::new("unnamed", ident.span());
    let layer = Layer {
        field: name.clone().unwrap_or(field),
        path,
        arguments,
        output,
        text,
    };
    Ok((name, layer))
}

/// The arguments of a layer or a word of this name.
fn arguments(
    input: ParseStream,
    owner: &Ident,
    model: &Ident,
    errors: &mut Vec<Error>,
) -> Result<Arguments> {
    let mut arguments = Arguments::default();
    if is_layers(input) {
        // `Residual(Dense(8, relu), Dense(8))`: one list, as if it stood in brackets.
        let span = input.span();
        let list = layers(input, model, errors);
        arguments.positional.push(Value::Layers(list, span));
        return Ok(arguments);
    }
    while !input.is_empty() {
        if input.peek(Ident) && input.peek2(Token![=]) && !input.peek2(Token![=>]) {
            let keyword: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            let given = arguments.keywords.iter().any(|(k, _)| *k == keyword);
            let value = value(input, model, errors)?;
            if given {
                let message = format!("`{owner}` was given its argument `{keyword}` twice");
                return Err(Error::new(keyword.span(), message));
            }
            arguments.keywords.push((keyword, value));
        } else {
            let span = input.span();
            if let Some((last, _)) = arguments.keywords.last() {
                let message = format!(
                    "an argument without a name can not follow `{last} = ...`: name it too"
                );
                return Err(Error::new(span, message));
            }
            let mut argument = value(input, model, errors)?;
            if input.peek(Token![=>]) {
                input.parse::<Token![=>]>()?;
                let Value::Number(stated) = argument else {
                    return Err(Error::new(span, "expected a whole number before `=>`"));
                };
                if !arguments.positional.is_empty() {
                    let message = "only the first argument can state the width of the input";
                    return Err(Error::new(span, message));
                }
                arguments.input = Some((stated, span));
                argument = value(input, model, errors)?;
            }
            arguments.positional.push(argument);
        }
        if !input.is_empty() && input.parse::<Token![,]>().is_err() {
            return Err(input.error("expected `,` between two arguments"));
        }
    }
    Ok(arguments)
}

fn value(input: ParseStream, model: &Ident, errors: &mut Vec<Error>) -> Result<Value> {
    let span = input.span();
    if input.peek(token::Bracket) {
        let inside;
        let fork = input.fork();
        bracketed!(inside in fork);
        let tokens: Vec<TokenTree> = inside.parse::<TokenStream>()?.into_iter().collect();
        if begins_layer(&tokens) {
            let inside;
            let brackets = bracketed!(inside in input);
            let list = layers(&inside, model, errors);
            return Ok(Value::Layers(list, brackets.span.join()));
        }
    }
    if input.peek(token::Bracket) || input.peek(token::Paren) {
        return Ok(Value::List(input.parse::<Shape>()?.dims));
    }
    if input.peek(token::Brace) || is_constant(input) && !is_call(input) {
        return Ok(Value::Number(input.parse()?));
    }
    let negative = input.peek(Token![-]);
    if negative {
        input.parse::<Token![-]>()?;
    }
    if input.peek(Lit) {
        return match input.parse::<Lit>()? {
            Lit::Int(n) if !negative => Ok(Value::Number(whole(&n)?)),
            Lit::Int(n) => Ok(Value::Float(-n.base10_parse::<f64>()?)),
            Lit::Float(x) => {
                let x: f64 = x.base10_parse()?;
                Ok(Value::Float(if negative { -x } else { x }))
            }
            Lit::Bool(b) if !negative => Ok(Value::Bool(b.value)),
            Lit::Str(text) => Err(Error::new(
                span,
                format!("write `{}` without quotes", text.value()),
            )),
            _ => Err(Error::new(span, "this can not be an argument of a layer")),
        };
    }
    if input.peek(Token![.]) {
        return Err(input.error("write the zero before the point, as in `0.2`"));
    }
    if negative || !peek_path(input) {
        return Err(input.error(
            "expected an argument: a number, `true`, `false`, a word such as `relu`, a list such as \
             `[3, 3]`, a CONSTANT, or an expression in braces",
        ));
    }
    word(input, model, errors).map(Value::Word)
}

/// A word, perhaps with arguments.
fn word(input: ParseStream, model: &Ident, errors: &mut Vec<Error>) -> Result<Word> {
    let mut path: Path = input.parse()?;
    if path.is_ident("None") {
        return Err(Error::new(
            path.span(),
            "leave the argument out, or write `linear` for no activation",
        ));
    }
    let name = kind(&path).clone();
    if name.to_string().starts_with(char::is_lowercase) {
        let camel = Ident::new(&camel_case(&name.to_string()), name.span());
        if let Some(last) = path.segments.last_mut() {
            last.ident = camel;
        }
    }
    let mut given = None;
    if input.peek(token::Paren) {
        let inside;
        parenthesized!(inside in input);
        let list = arguments(&inside, &name, model, errors).inspect_err(|_| {
            // What is left unread would be a second error.
            let _ = inside.parse::<TokenStream>();
        })?;
        if let Some((_, at)) = list.input {
            return Err(Error::new(
                at,
                "only a layer can state the width of its input",
            ));
        }
        given = Some(list);
    }
    Ok(Word {
        path,
        name,
        arguments: given,
    })
}

/// Whether a path comes next.
fn peek_path(input: ParseStream) -> bool {
    input.peek(Ident)
        || input.peek(Token![::])
        || input.peek(Token![crate])
        || input.peek(Token![self])
        || input.peek(Token![super])
}

/// A literal that fits into a type.
fn whole(literal: &LitInt) -> Result<Number> {
    match literal.base10_parse() {
        Ok(n) if n < LIMIT => Ok(Number::Literal(n)),
        _ => Err(Error::new(
            literal.span(),
            "a dimension must be a whole number from 1 to 2147483647",
        )),
    }
}

/// No dimension and no product of dimensions reaches this.
const LIMIT: u64 = 1 << 31;

/// Whether the arguments are layers, as in `Residual(Dense(8, relu), Dense(8))`: each begins with the name
/// of a type, and one of them has arguments of its own. (`Activation(Relu)` names a word.)
fn is_layers(input: ParseStream) -> bool {
    let tokens: Vec<TokenTree> = match input.fork().parse::<TokenStream>() {
        Ok(tokens) => tokens.into_iter().collect(),
        Err(_) => return false,
    };
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
    let items: Vec<&[TokenTree]> = tokens.split(is_comma).filter(|i| !i.is_empty()).collect();
    let called = |item: &&[TokenTree]| {
        item.windows(2).any(|pair| {
            matches!(&pair[0], TokenTree::Ident(name) if is_type(name))
                && matches!(&pair[1], TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
        })
    };
    items.iter().all(|item| begins_layer(item)) && items.iter().any(called)
}

/// Whether these tokens are a layer, perhaps with a name: whether their first path names a type.
fn begins_layer(tokens: &[TokenTree]) -> bool {
    // `name: Path`, but not `path::Path`
    let named = matches!(tokens, [TokenTree::Ident(_), TokenTree::Punct(colon), ..]
        if colon.as_char() == ':' && colon.spacing() == Spacing::Alone);
    let path = if named { &tokens[2..] } else { tokens };
    path.iter()
        .take_while(|token| match token {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(p) => p.as_char() == ':',
            _ => false,
        })
        .filter_map(|token| match token {
            TokenTree::Ident(name) => Some(name),
            _ => None,
        })
        .last()
        .is_some_and(is_type)
}

/// Whether it is a name such as `Dense`, and neither `relu` nor `UNITS`.
fn is_type(name: &Ident) -> bool {
    let name = name.to_string();
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

/// Whether a path in capital letters comes next.
fn is_constant(input: ParseStream) -> bool {
    input.fork().parse::<Path>().is_ok_and(|path| {
        let name = kind(&path).to_string();
        name.starts_with(char::is_uppercase) && !name.contains(char::is_lowercase)
    })
}

/// Whether a path with arguments comes next.
fn is_call(input: ParseStream) -> bool {
    let input = input.fork();
    input.parse::<Path>().is_ok() && input.peek(token::Paren)
}

impl Parse for Number {
    fn parse(input: ParseStream) -> Result<Self> {
        let span = input.span();
        if input.peek(token::Brace) {
            let expression;
            braced!(expression in input);
            let tokens: TokenStream = expression.parse()?;
            return Ok(Number::Constant(tokens, span));
        }
        if input.peek(Lit) {
            if let Lit::Int(n) = input.parse::<Lit>()? {
                return whole(&n);
            }
        } else if is_constant(input) {
            let path: Path = input.parse()?;
            return Ok(Number::Constant(path.to_token_stream(), span));
        }
        Err(Error::new(
            span,
            "expected a dimension: a whole number, a CONSTANT, or an expression in braces",
        ))
    }
}

impl Parse for Shape {
    fn parse(input: ParseStream) -> Result<Self> {
        let inside;
        let span = if input.peek(token::Paren) {
            parenthesized!(inside in input).span.join()
        } else if input.peek(token::Bracket) {
            bracketed!(inside in input).span.join()
        } else {
            return Err(input.error("expected a shape, such as `[28, 28]`"));
        };
        let dims = inside.parse_terminated(Number::parse, Token![,])?;
        let dims: Vec<Number> = dims.into_iter().collect();
        if dims.is_empty() || dims.len() > 4 {
            let message = format!(
                "a shape has 1 to 4 dimensions, but this one has {}",
                dims.len()
            );
            return Err(Error::new(span, message));
        }
        let numbers = dims.iter().map(|dim| match dim {
            Number::Literal(n) => (*n).max(1),
            Number::Constant(..) => 1,
        });
        if numbers.fold(1, u64::saturating_mul) >= LIMIT {
            let message = "a shape must hold fewer than 2147483648 numbers";
            return Err(Error::new(span, message));
        }
        Ok(Shape { dims, span })
    }
}

/// The names of the layers.
#[derive(Default)]
struct Fields {
    /// Given by the user, with the number of the layer.
    given: HashMap<String, usize>,
    /// Which layers have one.
    named: Vec<bool>,
}

impl Fields {
    fn claim(
        &mut self,
        name: Option<Ident>,
        layer: &Layer,
        number: usize,
        errors: &mut Vec<Error>,
    ) {
        self.named.push(name.is_some());
        let Some(name) = name else { return };
        if let Some(first) = self.given.insert(name.to_string(), number) {
            let message = format!(
                "layer {number} `{}` is named `{name}`, but so is layer {first}: names must differ",
                layer.kind()
            );
            errors.push(Error::new(name.span(), message));
        }
    }

    /// `dense`, `dense_1`, ..., as Keras does, around what the user gave.
    fn name_the_rest(&self, layers: &mut [Layer]) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for (layer, named) in layers.iter_mut().zip(&self.named) {
            if *named {
                continue;
            }
            let base = snake_case(&layer.kind().to_string());
            let count = counts.entry(base.clone()).or_insert(0);
            let name = loop {
                let name = match *count {
                    0 => base.clone(),
                    n => format!("{base}_{n}"),
                };
                *count += 1;
                if !self.given.contains_key(&name) {
                    break name;
                }
            };
            // A layer may be called `Move`, a field may not.
            let name = match syn::parse_str::<Ident>(&name) {
                Ok(_) => name,
                Err(_) => name + "_",
            };
            layer.field = Ident::new(&name, Span::call_site());
        }
    }
}

/// Tokens as a person would write them: `784 => 128, relu`.
fn plain_text(tokens: TokenStream) -> String {
    tokens
        .to_string()
        .replace(" ,", ",")
        .replace(" (", "(")
        .replace("( ", "(")
        .replace(" )", ")")
        .replace(" :: ", "::")
        .replace("- ", "-")
        .replace(" < ", "<")
        .replace(" >", ">")
}
