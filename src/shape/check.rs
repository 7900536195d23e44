//! The sentences of shape errors, put together while the user's program is compiled.
//!
//! A layer states what it asks of its input as a [`Check`]: nothing, or a sentence with facts in
//! it. `sequential!` evaluates it in a constant that carries the span of the layer in the user's
//! list, so that a sentence becomes an error of the compiler at that very word.

/// What a layer, with its arguments and its input, has to say: nothing, or one sentence.
///
/// ```
/// use plywood::shape::{Check, Fact};
/// const FITS: Check = Check::that(3 <= 28, "the kernel of {layer} is larger than its input {input}", &[]);
/// const TOO_LARGE: Check = Check::that(3 <= 2, "the {0}x{0} kernel of {layer} does not fit into its input {input}", &[Fact::Number(3)]);
/// assert!(FITS.passes() && !TOO_LARGE.passes());
/// ```
///
/// In a sentence, `{layer}` is the layer's name, `{input}` its input's shape, `{from}` where this
/// input comes from, and `{0}` to `{9}` are the facts.
#[derive(Clone, Copy)]
pub struct Check {
    sentence: Option<(&'static str, &'static [Fact<'static>])>,
}

/// A fact in the sentence of a [`Check`].
#[derive(Clone, Copy)]
pub enum Fact<'a> {
    /// A number, in decimals.
    Number(usize),
    /// A shape, as in `[28, 28]`.
    Shape(&'a [usize]),
    /// A word, as it is.
    Word(&'static str),
}

impl Check {
    /// All is well.
    pub const OK: Check = Check { sentence: None };

    /// The sentence, unless the condition holds.
    pub const fn that(
        holds: bool,
        sentence: &'static str,
        facts: &'static [Fact<'static>],
    ) -> Check {
        Check {
            sentence: if holds { None } else { Some((sentence, facts)) },
        }
    }

    /// This check, or the next one if this one passes.
    pub const fn and(self, next: Check) -> Check {
        if self.passes() { next } else { self }
    }

    /// Whether there is nothing to say.
    pub const fn passes(&self) -> bool {
        self.sentence.is_none()
    }
}

/// Where in a model a check is made: what the layer itself can not know.
#[derive(Clone, Copy)]
pub struct Site {
    /// The layer's name, as the user wrote it.
    pub layer: &'static str,
    /// The layer before it and its number, counted from 1; none for the first one.
    pub before: Option<(&'static str, usize)>,
    /// Whether the items of what that gives come in one after another.
    pub items: bool,
    /// The model's name.
    pub model: &'static str,
    /// The shape that comes in.
    pub input: &'static [usize],
}

impl Site {
    /// Where the input comes from.
    const fn write_from(&self, mut text: Text) -> Text {
        if self.items {
            text = text.str("each item of ");
        }
        match self.before {
            None => {
                text = text.str("the input of ");
                text.code(self.model)
            }
            Some((layer, number)) => {
                text = text.str("layer ").number(number).str(" ");
                text.code(layer)
            }
        }
    }
}

/// Fails the constant it stands in with the sentence of a check that does not pass.
#[track_caller]
pub const fn check(check: Check, site: Site) {
    if let Some((sentence, facts)) = check.sentence {
        fail(sentence, facts, site)
    }
}

/// Refuses more arguments than a layer has. `names` are the layer's arguments, `given` how many were
/// given without a name.
#[track_caller]
pub const fn check_argument_count(names: &'static [&'static str], given: usize, site: Site) {
    if given > names.len() {
        let text = Text::new().code(site.layer).str(" takes ");
        let text = text.count(names.len(), "argument").names(names);
        panic_with(text.str(", but was given ").number(given))
    }
}

/// Refuses an argument of a name that the layer does not know, or one that was given before:
/// `positional` arguments were given without a name.
#[track_caller]
pub const fn check_keyword(
    names: &'static [&'static str],
    positional: usize,
    keyword: &str,
    site: Site,
) {
    let at = crate::layer::position(names, keyword);
    let text = Text::new().code(site.layer);
    if at == usize::MAX {
        let text = text.str(" has no argument ").code(keyword);
        panic_with(if names.is_empty() {
            text.str(": it takes none")
        } else {
            text.str(": it has").names(names)
        })
    }
    if at < positional {
        let text = text.str(" was given its argument ").code(keyword);
        panic_with(text.str(" twice: by position and by name"))
    }
}

/// Refuses a layer whose stated number of inputs is not what comes in.
#[track_caller]
pub const fn check_input(stated: usize, actual: usize, site: Site) {
    if stated != actual {
        fail(
            "{layer} is stated to take {0} inputs, but {from} gives {input}",
            &[Fact::Number(stated)],
            site,
        )
    }
}

/// What the checks of a layer in a model work on.
#[derive(Clone, Copy)]
pub struct Checked {
    /// What the layer has to say.
    pub check: Check,
    /// Where it stands.
    pub site: Site,
    /// What a stated number of inputs must be.
    pub width: usize,
    /// The shape that it gives.
    pub output: &'static [usize],
}

impl Checked {
    /// The same in a list of layers inside of another layer: whether it gets the items of what that gets.
    pub const fn of_items(mut self, items: bool) -> Self {
        self.site.items = items;
        self
    }
}

/// Whether none of the layers has anything to say.
pub const fn all_pass(layers: &[Checked]) -> bool {
    let mut i = 0;
    while i < layers.len() && layers[i].check.passes() {
        i += 1;
    }
    i == layers.len()
}

/// Refuses a model that does not give what its header declares, or a layer that does not give what
/// is stated after it.
#[track_caller]
pub const fn check_output(
    declared: &[usize],
    actual: &[usize],
    sentence: &'static str,
    site: Site,
) {
    // A dimension of 0 has a message of its own.
    if !same_shape(declared, actual) && !has_zero(declared) {
        panic_with(Text::new().sentence(
            sentence,
            &[Fact::Shape(declared), Fact::Shape(actual)],
            site,
        ))
    }
}

const fn has_zero(dims: &[usize]) -> bool {
    let mut i = 0;
    while i < dims.len() {
        if dims[i] == 0 {
            return true;
        }
        i += 1;
    }
    false
}

/// Whether two shapes have the same dimensions.
pub const fn same_shape(a: &[usize], b: &[usize]) -> bool {
    let mut same = a.len() == b.len();
    let mut i = 0;
    while same && i < a.len() {
        same = a[i] == b[i];
        i += 1;
    }
    same
}

/// Refuses a shape with a dimension of 0.
#[track_caller]
pub const fn check_nonzero(dims: &'static [usize], what: &'static str, model: &'static str) {
    if has_zero(dims) {
        let text = Text::new().str("the ").str(what).str(" of ").code(model);
        let text = text.str(" is ").shape(dims);
        panic_with(text.str(", but a dimension must be at least 1"))
    }
}

#[track_caller]
const fn fail(sentence: &'static str, facts: &[Fact<'_>], site: Site) {
    panic_with(Text::new().sentence(sentence, facts, site))
}

#[track_caller]
pub(crate) const fn panic_with(text: Text) {
    panic!("{}", text.as_str())
}

/// A text under construction; what does not fit into it is cut off.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    bytes: [u8; 512],
    len: usize,
}

impl Text {
    pub(crate) const fn new() -> Text {
        Text {
            bytes: [0; 512],
            len: 0,
        }
    }

    /// The text, without a letter at its end that was cut in two.
    pub(crate) const fn as_str(&self) -> &str {
        let bytes = self.bytes.split_at(self.len).0;
        let whole = match core::str::from_utf8(bytes) {
            Ok(_) => bytes,
            Err(error) => bytes.split_at(error.valid_up_to()).0,
        };
        match core::str::from_utf8(whole) {
            Ok(text) => text,
            Err(_) => "",
        }
    }

    const fn byte(mut self, byte: u8) -> Text {
        if self.len < self.bytes.len() {
            self.bytes[self.len] = byte;
            self.len += 1;
        }
        self
    }

    pub(crate) const fn str(self, text: &str) -> Text {
        self.bytes(text.as_bytes())
    }

    pub(crate) const fn bytes(mut self, bytes: &[u8]) -> Text {
        let mut i = 0;
        while i < bytes.len() {
            self = self.byte(bytes[i]);
            i += 1;
        }
        self
    }

    /// The bytes of a list, with a space behind each comma.
    pub(crate) const fn spaced(mut self, bytes: &[u8]) -> Text {
        let mut i = 0;
        while i < bytes.len() {
            match bytes[i] {
                b' ' | b'\t' | b'\n' | b'\r' => {}
                b',' => self = self.str(", "),
                byte => self = self.byte(byte),
            }
            i += 1;
        }
        self
    }

    pub(crate) const fn code(self, name: &str) -> Text {
        self.byte(b'`').str(name).byte(b'`')
    }

    pub(crate) const fn number(mut self, n: usize) -> Text {
        if n >= 10 {
            self = self.number(n / 10);
        }
        self.byte(b'0' + (n % 10) as u8)
    }

    const fn count(self, n: usize, what: &str) -> Text {
        let text = if n == 0 {
            self.str("no")
        } else {
            self.number(n)
        };
        let text = text.str(" ").str(what);
        if n == 1 { text } else { text.str("s") }
    }

    /// The names in brackets, if there are any.
    const fn names(mut self, names: &[&str]) -> Text {
        let mut i = 0;
        while i < names.len() {
            self = self.str(if i == 0 { " (" } else { ", " }).str(names[i]);
            i += 1;
        }
        if i == 0 { self } else { self.str(")") }
    }

    pub(crate) const fn shape(mut self, dims: &[usize]) -> Text {
        self = self.byte(b'[');
        let mut i = 0;
        while i < dims.len() {
            if i > 0 {
                self = self.str(", ");
            }
            self = self.number(dims[i]);
            i += 1;
        }
        self.byte(b']')
    }

    const fn fact(self, fact: Fact<'_>) -> Text {
        match fact {
            Fact::Number(n) => self.number(n),
            Fact::Shape(dims) => self.shape(dims),
            Fact::Word(word) => self.str(word),
        }
    }

    /// Writes a sentence with everything in its braces filled in.
    const fn sentence(mut self, sentence: &str, facts: &[Fact<'_>], site: Site) -> Text {
        let bytes = sentence.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            if bytes[i] != b'{' {
                self = self.byte(bytes[i]);
                i += 1;
                continue;
            }
            // The first letter tells the four kinds of braces apart.
            match bytes[i + 1] {
                b'l' => self = self.code(site.layer),
                b'i' => self = self.shape(site.input),
                b'm' => self = self.code(site.model),
                b'f' => self = site.write_from(self),
                digit => self = self.fact(facts[(digit - b'0') as usize]),
            }
            while bytes[i] != b'}' {
                i += 1;
            }
            i += 1;
        }
        self
    }
}
