//! What the name of a type says, in words.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

/// A type as a user would write it: `plywood::layers::dense::Dense<...::Int<typenum::...>, ...>` is
/// `Dense(8, Tanh, true, GlorotUniform, Zeros)`. The arguments of layers become what they stand for;
/// of everything else, only paths are cut off.
pub(super) fn of_type<T: ?Sized>() -> String {
    of(core::any::type_name::<T>())
}

/// The same, of the name of a type.
pub(super) fn of(name: &str) -> String {
    let (text, rest) = word(name);
    text + rest
}

/// The words of the type with which a text begins, and what stands behind it.
fn word(text: &str) -> (String, &str) {
    let end = text.find(['<', '>', ',', '(', ')', '[', ']']);
    let (path, rest) = text.split_at(end.unwrap_or(text.len()));
    let name = path.rsplit("::").next().unwrap_or(path).trim();
    let Some(inside) = rest.strip_prefix(['<', '(', '[']) else {
        return (name.to_string(), rest);
    };
    let (arguments, rest) = list(inside);
    (together(name, &arguments), rest)
}

/// The types up to a closing bracket, and what stands behind it.
fn list(mut text: &str) -> (Vec<String>, &str) {
    let mut list = Vec::new();
    loop {
        let (argument, rest) = word(text);
        // (A tuple of one has a comma behind it.)
        if !argument.is_empty() {
            list.push(argument);
        }
        match rest.strip_prefix(',') {
            Some(rest) => text = rest,
            None => return (list, rest.get(1..).unwrap_or_default()),
        }
    }
}

/// A type of this name with these arguments, but for the last ones that were not given.
fn together(name: &str, arguments: &[String]) -> String {
    let first = arguments.first().map_or("", String::as_str);
    let given = arguments.iter().rposition(|argument| argument != "Missing");
    let arguments = arguments
        .get(..given.map_or(0, |last| last + 1))
        .unwrap_or_default();
    match (name, arguments) {
        // Numbers as types are written bit by bit.
        ("UInt", [high, low]) => {
            let high = high.parse().unwrap_or(0u64);
            format!("{}", high.wrapping_mul(2) + u64::from(low == "B1"))
        }
        ("Int" | "Bool" | "Name" | "List" | "Network", _) => first.to_string(),
        ("Float", _) => match first.parse() {
            Ok(bits) => format!("{}", f64::from_bits(bits)),
            Err(_) => first.to_string(),
        },
        _ => format!("{name}({})", arguments.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_as_users_write_them() {
        let one = "typenum::uint::UInt<typenum::uint::UTerm, typenum::bit::B1>";
        let six = format!(
            "typenum::uint::UInt<typenum::uint::UInt<{one}, typenum::bit::B1>, typenum::bit::B0>"
        );
        let float = format!("plywood::layer::arguments::Float<{}>", 0.2f64.to_bits());
        let name = "a::Name<b::Relu, a::Is<true>, a::Is<false>, a::Is<false>, a::Is<false>>";
        for (text, words) in [
            ("Net", "Net"),
            ("f32", "f32"),
            ("my::nets::Encoder<f64>", "Encoder(f64)"),
            (&format!("a::Int<{six}>"), "6"),
            (
                &format!("a::b::Dense<a::Int<{six}>, {name}, a::Bool<true>>"),
                "Dense(6, Relu, true)",
            ),
            (&format!("x::Dropout<{float}>"), "Dropout(0.2)"),
            ("(a::B, c::D<e::F>)", "(B, D(F))"),
            ("(a::B,)", "(B)"),
            ("a::{{closure}}", "{{closure}}"),
            (
                "Dense<A, p::Missing, B, p::Missing, p::Missing>",
                "Dense(A, Missing, B)",
            ),
        ] {
            assert_eq!(of(text), words, "{text}");
        }
    }

    #[test]
    fn no_text_is_too_strange() {
        for text in [
            "", "<", ">", "a<", "a>b", "a<b", "a<b,", "a<,>", "((((", "]", "a<b>>c", "UInt<,>",
        ] {
            let _ = of(text);
        }
    }
}
