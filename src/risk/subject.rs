//! What the detectors look at: the call taken apart once, in one pass, and the place where they leave what they found.
//!
//! Invariant: linear in the size of the call, never recurses, stops at [`MOST_VALUES`] values and says so.

use std::borrow::Cow;
use std::ops::Range;

use super::names::{self, Name};
use super::words::Words;
use super::{Facts, Finding, Kind};
use crate::call::Call;
use crate::json;

/// The most values of one call that are looked at; a call with more is too large to judge.
pub const MOST_VALUES: usize = 20_000;
/// The most findings of one kind that are told.
const MOST_OF_A_KIND: usize = 5;

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
    Key(Cow<'a, str>),
    Index(usize),
}

/// One value of the arguments.
#[derive(Clone, Debug)]
pub struct Value<'a> {
    parent: usize,
    step: Step<'a>,
    key: usize,
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
    /// The tool's name and what it says.
    pub name: Name,
    /// The definition's parts, where there is a definition.
    pub tool: Tool<'a>,
    values: Vec<Value<'a>>,
    keys: Vec<Words>,
    /// Whether there were more values than are looked at.
    pub overflow: bool,
}

/// The parts of a tool's definition that detectors read. Untrusted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tool<'a> {
    /// `title`, as a JSON token.
    pub title: Option<&'a str>,
    /// `annotations`, as JSON text.
    pub annotations: Option<&'a str>,
    /// `inputSchema.properties`, as JSON text.
    pub properties: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// Takes a call apart.
    pub fn new(call: &'a Call, facts: &'a Facts) -> Self {
        let mut tool = Tool::default();
        if let Some(definition) = &call.definition {
            for (key, value) in json::members(definition.raw.get()) {
                match key.as_ref() {
                    "title" => tool.title = Some(value),
                    "annotations" => tool.annotations = Some(value),
                    "inputSchema" => tool.properties = json::member(value, "properties"),
                    _ => {}
                }
            }
        }
        let name = names::read(call.tool.as_str());
        let mut subject =
            Self { call, facts, name, tool, values: Vec::new(), keys: vec![Words::default()], overflow: false };
        subject.walk(call.params.arguments());
        subject
    }

    /// One pass over strict, compact text.
    fn walk(&mut self, text: &'a str) {
        let bytes = text.as_bytes();
        // Open containers: the value's place, where its text starts, the next index of an array.
        let mut open: Vec<(usize, usize, Option<usize>)> = Vec::new();
        let (mut at, mut step, mut key) = (0, Step::Root, 0);
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
                    let name = json::unescape(&text[at..end]);
                    self.keys.push(Words::of(&name));
                    key = self.keys.len() - 1;
                    step = Step::Key(name);
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
                    let parent = open.last().map_or(0, |(place, _, _)| *place);
                    let step = std::mem::replace(&mut step, Step::Root);
                    self.values.push(Value { parent, step, key, shape, text: own, raw });
                    if shape == Shape::Container {
                        open.push((self.values.len() - 1, at, (*byte == b'[').then_some(0)));
                    }
                    at = end;
                }
            }
        }
    }

    /// Every value but the arguments as a whole, in order.
    pub fn values(&self) -> impl Iterator<Item = &Value<'a>> {
        self.values.iter().skip(1)
    }

    /// The texts among them.
    pub fn texts(&self) -> impl Iterator<Item = &Value<'a>> {
        self.values().filter(|value| value.shape == Shape::Text)
    }

    /// The words of the nearest key: of an array's element, the array's.
    pub fn key(&self, value: &Value<'_>) -> &Words {
        &self.keys[value.key]
    }

    /// Every key as it stands in the arguments.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.values.iter().filter_map(|value| match &value.step {
            Step::Key(key) => Some((key.as_ref(), value)),
            Step::Root | Step::Index(_) => None,
        })
    }

    /// Whether the value stands directly in the arguments.
    pub fn is_top(&self, value: &Value<'_>) -> bool {
        value.parent == 0
    }

    /// Whether two values stand in the same object or array.
    pub fn are_siblings(&self, one: &Value<'_>, other: &Value<'_>) -> bool {
        one.parent == other.parent
    }

    /// Whether it is an element of an array.
    pub fn is_element(&self, value: &Value<'_>) -> bool {
        matches!(value.step, Step::Index(_))
    }

    /// The array that an element stands in.
    pub fn array(&self, element: &Value<'_>) -> Option<&Value<'a>> {
        self.values.get(element.parent).filter(|_| self.is_element(element))
    }

    /// The elements of an array that are texts.
    pub fn elements(&self, array: &Value<'a>) -> Vec<&str> {
        let place = self.values.iter().position(|v| std::ptr::eq(v, array));
        let within = self.values.iter().filter(|v| Some(v.parent) == place && v.shape == Shape::Text);
        within.filter(|v| self.is_element(v)).map(|v| v.text.as_ref()).collect()
    }

    /// JSON Pointer (RFC 6901) to a value.
    pub fn pointer(&self, value: &Value<'_>) -> String {
        let mut steps = Vec::new();
        let mut here = value;
        loop {
            match &here.step {
                Step::Root => break,
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

/// Every string token of a strict text, keys included.
pub fn strings(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + memchr::memchr(b'"', text.as_bytes().get(at..)?)?;
        at = string_end(text.as_bytes(), start);
        Some(json::unescape(&text[start..at]))
    })
}

/// What the detectors found so far.
#[derive(Default)]
pub struct Found {
    findings: Vec<Finding>,
}

impl Found {
    /// Leaves a finding about the call as a whole.
    pub fn add(&mut self, kind: Kind, says: impl Into<String>) {
        self.push(kind, None, None, says.into());
    }

    /// Leaves a finding about one value.
    pub fn at(&mut self, kind: Kind, subject: &Subject<'_>, value: &Value<'_>, says: impl Into<String>) {
        self.push(kind, Some(subject.pointer(value)), None, says.into());
    }

    /// Leaves a finding about a part of a text: bytes of `value.text`. A range that is not one of the text's own is
    /// widened to the whole text.
    pub fn within(
        &mut self,
        kind: Kind,
        subject: &Subject<'_>,
        value: &Value<'_>,
        part: Range<usize>,
        says: impl Into<String>,
    ) {
        let span = value.text.get(part.clone()).map(|_| (part.start, part.end));
        self.push(kind, Some(subject.pointer(value)), span, says.into());
    }

    fn push(&mut self, kind: Kind, at: Option<String>, span: Option<(usize, usize)>, says: String) {
        let same = self.findings.iter().filter(|f| f.id == kind.id);
        if same.clone().any(|f| f.at == at) || same.count() >= MOST_OF_A_KIND {
            return;
        }
        self.findings.push(Finding { id: kind.id.to_owned(), level: kind.level, says, at, span });
    }

    /// Whether a family has found anything.
    pub fn has(&self, family: &str) -> bool {
        self.findings.iter().any(|f| f.id.strip_prefix(family).is_some_and(|rest| rest.starts_with('.')))
    }

    /// All of it, the gravest first.
    pub fn into_findings(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|f| std::cmp::Reverse(f.level));
        self.findings
    }
}

/// The start of a text, for a sentence: at most 60 characters, and visibly cut.
pub fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("\u{201c}{short}\u{201d}")
}
