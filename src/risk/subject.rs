//! What the detectors look at: the call taken apart once, in one pass, with what was read out of its texts.
//!
//! Invariant: linear in the size of the call, never recurses, stops at [`MOST_VALUES`] values and says so; a call of more
//! than [`UNJUDGED_FROM`] bytes is not taken apart at all.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::Facts;
use super::blobs::Encoded;
use super::derived::{Derivations, Derived, Form};
pub use super::found::{Found, quoted};
use super::key::Key;
use super::known::Known;
use super::meta::{self, Inner};
use super::names::Name;
use super::shell::Lines;
use super::size::UNJUDGED_FROM;
use super::words::Words;
use crate::call::Call;
use crate::json;

/// The most values of one call that are looked at; a call with more is too large to judge.
pub const MOST_VALUES: usize = 10_000;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An object or an array; what is in it follows.
    Container,
    /// A text.
    Text,
    /// A number, `true`, `false` or `null`.
    Plain,
}

#[derive(Clone, Debug)]
enum Step<'a> {
    Root,
    /// Read out of the parent's text.
    Within,
    Key(Cow<'a, str>),
    Index(usize),
}

/// One value of the arguments.
#[derive(Clone, Debug)]
pub struct Value<'a> {
    parent: usize,
    step: Step<'a>,
    key: usize,
    /// How it came out of another text, when it does not stand in the arguments as such.
    pub derived: Option<&'a Derived>,
    /// What it is.
    pub shape: Shape,
    /// A text's own characters, or the token as written; empty for a container.
    pub text: Cow<'a, str>,
    /// As written, for a container whole.
    pub raw: &'a str,
}

/// A call, taken apart.
pub struct Subject<'a> {
    /// The call itself.
    pub call: &'a Call,
    /// What is known beside it.
    pub facts: &'a Facts,
    /// What is known of the tool by its name and definition.
    pub known: &'a Known,
    /// What the name says that is judged by: the tool's own, and where the arguments name other tools, theirs too, the
    /// gravest deed of all.
    pub name: Cow<'a, Name>,
    values: Vec<Value<'a>>,
    keys: Vec<Key>,
    others: Vec<(Cow<'a, str>, &'a str)>,
    inner: Vec<Inner>,
    lines: OnceCell<Lines>,
    /// The place of the first value that was not there when derivers last looked.
    fresh: usize,
    /// What is encoded in its texts and is no text.
    pub(super) encoded: &'a [Encoded],
    /// Whether there was more than is looked at: then nothing but the size counts.
    pub overflow: bool,
    /// Whether the arguments name more tools than are judged.
    pub names_more: bool,
}

impl<'a> Subject<'a> {
    /// Takes a call apart. `known` is of the tool that is called.
    pub fn new(known: &'a Known, call: &'a Call, facts: &'a Facts) -> Self {
        let name = Cow::Borrowed(&known.name);
        let mut subject = Self {
            call,
            facts,
            known,
            name,
            values: Vec::new(),
            keys: vec![Key::default()],
            others: Vec::new(),
            inner: Vec::new(),
            lines: OnceCell::new(),
            fresh: 1,
            encoded: &[],
            overflow: false,
            names_more: false,
        };
        if call.params.text().len() > UNJUDGED_FROM {
            subject.overflow = true;
            return subject;
        }
        for (key, value) in json::members(call.params.text()) {
            match key.as_ref() {
                "name" => {}
                "arguments" => subject.walk(value),
                _ => subject.others.push((key, value)),
            }
        }
        if subject.values.is_empty() {
            subject.walk("{}");
        }
        subject
    }

    /// Adds what was read out of texts; it follows the values of the arguments.
    pub(super) fn add_derived(&mut self, derivations: &'a Derivations) {
        self.fresh = self.values.len();
        if self.encoded.is_empty() {
            self.encoded = &derivations.encoded;
        }
        for one in &derivations.list {
            let Some(key) = self.values.get(one.origin()).map(|value| value.key) else { continue };
            let base = Base { parent: one.origin(), key, derived: Some(one) };
            match one.form() {
                Form::Json => self.walk_from(one.text(), &base),
                Form::Text if self.values.len() == MOST_VALUES => self.overflow = true,
                Form::Text => self.values.push(Value {
                    parent: base.parent,
                    step: Step::Within,
                    key,
                    derived: base.derived,
                    shape: Shape::Text,
                    text: Cow::Borrowed(one.text()),
                    raw: "",
                }),
            }
        }
    }

    /// Looks for tools that the arguments name. From here on the name is theirs too.
    pub(super) fn find_inner(&mut self) {
        (self.inner, self.names_more) = meta::inner(self);
        if !self.inner.is_empty() {
            self.name = Cow::Owned(meta::merged(&self.known.name, &self.inner));
        }
    }

    fn walk(&mut self, text: &'a str) {
        self.walk_from(text, &Base { parent: 0, key: 0, derived: None });
    }

    /// One pass over strict, compact text.
    fn walk_from(&mut self, text: &'a str, base: &Base<'a>) {
        let bytes = text.as_bytes();
        // Open containers: the value's place, where its text starts, the next index of an array.
        let mut open: Vec<(usize, usize, Option<usize>)> = Vec::new();
        let mut seen = Seen::default();
        let root = if base.derived.is_some() { Step::Within } else { Step::Root };
        let (mut at, mut step, mut key) = (0, Step::Root, base.key);
        while let Some(byte) = bytes.get(at) {
            let is_key = *byte == b'"' && matches!(open.last(), Some((_, _, None))) && matches!(step, Step::Root);
            match byte {
                b',' | b':' => at += 1,
                b'}' | b']' => {
                    at += 1;
                    if let Some((place, start, _)) = open.pop() {
                        self.values[place].raw = &text[start..at];
                    }
                    step = Step::Root;
                }
                b'"' if is_key => {
                    let end = string_end(bytes, at);
                    key = self.key_of(&text[at..end], &mut seen);
                    step = Step::Key(json::unescape(&text[at..end]));
                    at = end;
                }
                _ => {
                    if self.values.len() == MOST_VALUES {
                        self.overflow = true;
                        return;
                    }
                    if let Some((place, _, Some(index))) = open.last_mut() {
                        step = Step::Index(*index);
                        key = self.values[*place].key;
                        *index += 1;
                    }
                    let end = match byte {
                        b'{' | b'[' => at + 1,
                        b'"' => string_end(bytes, at),
                        _ => bytes[at..].iter().position(|b| b",]}".contains(b)).map_or(bytes.len(), |n| at + n),
                    };
                    let raw = &text[at..end];
                    let (shape, own) = match byte {
                        b'{' | b'[' => (Shape::Container, Cow::Borrowed("")),
                        b'"' => (Shape::Text, json::unescape(raw)),
                        _ => (Shape::Plain, Cow::Borrowed(raw)),
                    };
                    let (parent, step) = match open.last() {
                        Some((place, _, _)) => (*place, std::mem::replace(&mut step, Step::Root)),
                        None => (base.parent, root.clone()),
                    };
                    self.values.push(Value { parent, step, key, derived: base.derived, shape, text: own, raw });
                    if shape == Shape::Container {
                        open.push((self.values.len() - 1, at, (*byte == b'[').then_some(0)));
                    }
                    at = end;
                }
            }
        }
    }

    /// The command lines among its values, read when somebody first asks.
    pub(super) fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(self))
    }

    /// The value at a place.
    pub(super) fn at(&self, place: usize) -> Option<&Value<'a>> {
        self.values.get(place)
    }

    /// The place of a key that stands as `token` in the text; the same one when it was there lately.
    fn key_of(&mut self, token: &'a str, seen: &mut Seen<'a>) -> usize {
        if let Some(key) = seen.find(token) {
            return key;
        }
        self.keys.push(Key::new(Words::of(&json::unescape(token))));
        let key = self.keys.len() - 1;
        seen.add(token, key);
        key
    }

    /// The members beside `name` and `arguments`, which are sent too.
    pub fn others(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.others.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// Every value but the arguments as a whole, in order.
    pub fn values(&self) -> impl Iterator<Item = &Value<'a>> {
        self.values.iter().skip(1)
    }

    /// Those that were not there when derivers last looked.
    pub(super) fn fresh(&self) -> impl Iterator<Item = &Value<'a>> {
        self.values.iter().skip(self.fresh.max(1))
    }

    /// The texts among them.
    pub fn texts(&self) -> impl Iterator<Item = &Value<'a>> {
        self.values().filter(|value| value.shape == Shape::Text)
    }

    pub(super) fn texts_with_places(&self) -> impl Iterator<Item = (usize, &Value<'a>)> {
        self.values.iter().enumerate().skip(1).filter(|(_, value)| value.shape == Shape::Text)
    }

    pub(super) fn value_at(&self, place: usize) -> Option<&Value<'a>> {
        self.values.get(place)
    }

    pub(super) fn inner(&self) -> &[Inner] {
        &self.inner
    }

    /// Whether a value names a tool that the call makes run.
    pub fn is_inner(&self, value: &Value<'_>) -> bool {
        !self.inner.is_empty() && self.place(value).is_some_and(|at| self.inner.iter().any(|one| one.place() == at))
    }

    /// The tools that the arguments name, as written.
    pub fn inner_names(&self) -> Vec<String> {
        self.inner.iter().filter_map(|one| self.values.get(one.place())).map(|v| v.text.to_string()).collect()
    }

    /// The words of the nearest key: of an array's element, the array's.
    pub fn key(&self, value: &Value<'_>) -> &Key {
        &self.keys[value.key]
    }

    /// Every key as it stands in the arguments.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.values.iter().filter_map(|value| match &value.step {
            Step::Key(key) => Some((key.as_ref(), value)),
            Step::Root | Step::Within | Step::Index(_) => None,
        })
    }

    /// Whether the value stands directly in the arguments.
    pub fn is_top(&self, value: &Value<'_>) -> bool {
        value.parent == 0 && value.derived.is_none()
    }

    /// The object within the arguments that a value is a member of.
    pub fn holder(&self, value: &Value<'_>) -> Option<&Value<'a>> {
        let is_member = matches!(value.step, Step::Key(_)) && value.parent > 0;
        self.values.get(value.parent).filter(|_| is_member)
    }

    /// Whether two values stand in the same object or array.
    pub fn are_siblings(&self, one: &Value<'_>, other: &Value<'_>) -> bool {
        one.parent == other.parent
    }

    /// The place of what a value stands in.
    pub(super) fn parent(value: &Value<'_>) -> usize {
        value.parent
    }

    /// Whether it stands under a key of its own.
    pub fn is_member(&self, value: &Value<'_>) -> bool {
        matches!(value.step, Step::Key(_))
    }

    /// Whether it is an element of an array.
    pub fn is_element(&self, value: &Value<'_>) -> bool {
        matches!(value.step, Step::Index(_))
    }

    /// The array that an element stands in.
    pub fn array(&self, element: &Value<'_>) -> Option<&Value<'a>> {
        self.values.get(element.parent).filter(|_| self.is_element(element))
    }

    /// Whether a value is an element of this array.
    pub fn is_element_of(&self, value: &Value<'_>, array: &Value<'_>) -> bool {
        self.array(value).is_some_and(|own| std::ptr::eq(own, array))
    }

    /// The elements of an array that are texts.
    pub fn elements(&self, array: &Value<'a>) -> Vec<&str> {
        let Some(place) = self.place(array) else { return Vec::new() };
        let texts = self.members(place).filter(|v| v.shape == Shape::Text && self.is_element(v));
        texts.map(|v| v.text.as_ref()).collect()
    }

    /// The place of a value in the order of all; for [`Derived`].
    pub(super) fn place(&self, value: &Value<'_>) -> Option<usize> {
        // By address: the values lie in one piece.
        let size = std::mem::size_of::<Value<'_>>();
        let at = std::ptr::from_ref(value).addr().checked_sub(self.values.as_ptr().addr())? / size;
        self.values.get(at).filter(|own| std::ptr::addr_eq(*own, value)).map(|_| at)
    }

    /// The members of the object that a value stands in, itself included.
    pub fn siblings(&self, value: &Value<'_>) -> impl Iterator<Item = &Value<'a>> {
        self.members(value.parent)
    }

    /// What stands directly in a container; the walk is in order, so what follows lies within until it does not.
    fn members(&self, place: usize) -> impl Iterator<Item = &Value<'a>> {
        let within = self.values.iter().skip(place + 1).take_while(move |other| other.parent >= place);
        within.filter(move |other| other.parent == place)
    }

    /// Whether the schema lists a value among a few: then it is a choice and nothing to be read.
    pub fn is_offered(&self, value: &Value<'_>) -> bool {
        self.is_top(value) && self.known.property(self.key(value)).is_some_and(|p| p.offers(value.raw))
    }

    /// JSON Pointer (RFC 6901) to a value; of what was read out of a text, to that text.
    pub fn pointer(&self, value: &Value<'_>) -> String {
        let mut steps = Vec::new();
        let mut here = value;
        loop {
            match &here.step {
                Step::Root => break,
                Step::Within => steps.clear(),
                Step::Key(key) => steps.push(key.replace('~', "~0").replace('/', "~1")),
                Step::Index(index) => steps.push(index.to_string()),
            }
            here = match self.values.get(here.parent) {
                Some(parent) => parent,
                None => break,
            };
        }
        steps.iter().rev().fold(String::new(), |pointer, step| pointer + "/" + step)
    }
}

/// The keys that came up lately, as they stand in the text. Rows repeat theirs in the same order.
#[derive(Default)]
struct Seen<'a> {
    keys: Vec<(&'a str, usize)>,
    next: usize,
}

impl<'a> Seen<'a> {
    /// The most keys that are told again.
    const MOST: usize = 32;

    fn find(&mut self, token: &str) -> Option<usize> {
        let expected = self.keys.get(self.next).filter(|(own, _)| *own == token).map(|_| self.next);
        let at = expected.or_else(|| self.keys.iter().position(|(own, _)| *own == token))?;
        self.next = (at + 1) % self.keys.len();
        Some(self.keys[at].1)
    }

    fn add(&mut self, token: &'a str, key: usize) {
        if self.keys.len() < Self::MOST {
            self.keys.push((token, key));
        }
    }
}

/// Where a text that is walked belongs.
struct Base<'a> {
    parent: usize,
    key: usize,
    derived: Option<&'a Derived>,
}

/// Where a string token ends. Takes strict text only.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(next) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        if bytes[at + next] == b'"' {
            return at + next + 1;
        }
        at += next + 2;
    }
    bytes.len()
}

/// Every string token of a strict, compact text, quotes included, and whether it is a key.
pub fn tokens(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + memchr::memchr(b'"', text.as_bytes().get(at..)?)?;
        at = string_end(text.as_bytes(), start);
        Some((&text[start..at], text.as_bytes().get(at) == Some(&b':')))
    })
}

/// Every string token of a strict text, keys included.
pub fn strings(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + memchr::memchr(b'"', text.as_bytes().get(at..)?)?;
        at = string_end(text.as_bytes(), start);
        Some(json::unescape(&text[start..at]))
    })
}
