//! What can be read out of a text: a decoded blob, the arguments of an inner tool as JSON in a string. Every family
//! looks at it as at the arguments themselves, and a finding about it points to the text that holds it.
//!
//! A deriver is a function in [`DERIVERS`]: it looks at the values of the arguments, and for each text that holds
//! another one calls [`Derivations::text`] or [`Derivations::json`]. What came out is looked at again, in [`ROUNDS`] rounds.
//!
//! Invariant: at most [`MOST`] texts of [`MOST_BYTES`] bytes together, and no deeper than the rounds go; a call that holds
//! more is too large to judge.

use crate::risk::words::List;
use std::ops::Range;

use super::blobs::Encoded;
use super::subject::{Shape, Subject, Value};
use crate::json::{self, Duplicates};

/// How often what was read out of a text is looked at for more: base64 of base64, JSON in JSON in JSON.
pub const ROUNDS: usize = 3;
/// The most texts that are derived from one call.
pub const MOST: usize = 200;
/// The most bytes that are derived from one call.
pub const MOST_BYTES: usize = 1024 * 1024;

/// A text that was read out of another one.
#[derive(Clone, Debug)]
pub struct Derived {
    origin: usize,
    span: Option<(usize, usize)>,
    how: &'static str,
    form: Form,
    text: String,
}

/// What a derived text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A text.
    Text,
    /// Strict, compact JSON, whose values are looked at one by one.
    Json,
}

impl Derived {
    /// The place of the value it was read out of.
    pub(super) const fn origin(&self) -> usize {
        self.origin
    }

    /// Which part of that value's text it was read out of; `None`: the whole.
    pub const fn span(&self) -> Option<(usize, usize)> {
        self.span
    }

    /// How it was come by, for the end of a sentence: "decoded from base64".
    pub const fn how(&self) -> &'static str {
        self.how
    }

    /// The text itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) const fn form(&self) -> Form {
        self.form
    }
}

/// What was derived so far.
#[derive(Debug, Default)]
pub struct Derivations {
    pub(super) list: Vec<Derived>,
    /// How many texts were derived before.
    before: usize,
    /// What is encoded and is no text, for whoever looks at it once more.
    pub(super) encoded: Vec<Encoded>,
    bytes: usize,
    /// Whether there was more than is looked at.
    pub overflow: bool,
}

impl Derivations {
    /// Adds a text that was read out of `value`, or of a `part` of it (bytes of `value.text`). It has the value's key.
    /// When it is JSON itself, it is taken apart too.
    pub fn text(
        &mut self,
        subject: &Subject<'_>,
        value: &Value<'_>,
        part: Option<Range<usize>>,
        how: &'static str,
        text: String,
    ) {
        if let Some(compact) = as_json(&text) {
            self.push(subject, value, part.clone(), how, Form::Json, compact);
        }
        self.push(subject, value, part, how, Form::Text, text);
    }

    /// Adds the values of `value`'s text, if that is JSON: arguments that stand in a string.
    pub fn json(&mut self, subject: &Subject<'_>, value: &Value<'_>, how: &'static str) {
        if let Some(compact) = as_json(&value.text) {
            self.push(subject, value, None, how, Form::Json, compact);
        }
    }

    fn push(
        &mut self,
        subject: &Subject<'_>,
        value: &Value<'_>,
        part: Option<Range<usize>>,
        how: &'static str,
        form: Form,
        text: String,
    ) {
        let Some(origin) = subject.place(value) else { return };
        if self.before + self.list.len() == MOST || self.bytes + text.len() > MOST_BYTES {
            self.overflow = true;
            return;
        }
        self.bytes += text.len();
        // Of what was itself read out of a text it is where that one is held.
        let own = part.filter(|part| value.text.get(part.clone()).is_some()).map(|part| (part.start, part.end));
        let span = value.derived.map_or(own, Derived::span);
        self.list.push(Derived { origin, span, how, form, text });
    }
}

/// The strict, compact form of a text that is a JSON object or array.
fn as_json(text: &str) -> Option<String> {
    let text = text.trim();
    let enclosed = (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'));
    if !enclosed || text.len() > MOST_BYTES {
        return None;
    }
    json::compact(text.as_bytes(), Duplicates::Envelope).ok()
}

/// Reads texts out of texts.
pub type Derive = fn(&Subject<'_>, &mut Derivations);

/// Every deriver, in order.
pub const DERIVERS: &[Derive] = &[arguments_in_a_string, super::blobs::derive];

/// What the derivers read out of those values that were not looked at in the round `before`.
pub(super) fn next(subject: &Subject<'_>, before: &Derivations) -> Derivations {
    let mut derivations = Derivations {
        list: Vec::new(),
        encoded: Vec::new(),
        before: before.before + before.list.len(),
        bytes: before.bytes,
        overflow: before.overflow,
    };
    for derive in DERIVERS.iter().filter(|_| !subject.overflow) {
        derive(subject, &mut derivations);
    }
    derivations
}

/// Keys whose text, when it is JSON, is the arguments of something.
pub(super) const ARGUMENTS: &List = &List::of(&[
    "arguments",
    "args",
    "params",
    "parameters",
    "input",
    "inputs",
    "kwargs",
    "payload",
    "options",
    "tool_input",
    "tool_args",
    "tool_arguments",
    "tool_params",
    "tool_parameters",
    "arguments_json",
    "args_json",
    "params_json",
    "input_json",
    "json_args",
    "json_input",
    "action_input",
    "action_params",
    "function_args",
    "function_arguments",
    "request",
    "calls",
    "tool_calls",
]);

/// Keys whose text may be JSON too, without being the arguments of another tool.
const BODIES: &List = &List::of(&[
    "json",
    "body",
    "json_body",
    "request_body",
    "tool_call",
    "function_call",
    "call",
    "data",
    "query",
    "filter",
    "pipeline",
]);

fn arguments_in_a_string(subject: &Subject<'_>, out: &mut Derivations) {
    for value in subject.fresh().filter(|value| value.shape == Shape::Text) {
        let key = subject.key(value);
        if value.derived.is_some_and(|derived| derived.text() == value.text) {
            // Taken apart when it was read out.
            continue;
        }
        // `"\"{…}\""`: a string of JSON in which there is a string of JSON.
        if value.text.starts_with('"') && key.is_one_of(ARGUMENTS) {
            let inner = json::compact(value.text.trim().as_bytes(), Duplicates::Envelope).ok();
            if let Some(inner) = inner.filter(|inner| inner.starts_with('"')) {
                out.text(subject, value, None, "from JSON in a string", json::unescape(&inner).into_owned());
            }
        }
        let may_be = value.text.starts_with(['{', '[', ' ', '\n', '\t', '\r']);
        if may_be && (key.is_one_of(ARGUMENTS) || key.is_one_of(BODIES)) {
            out.json(subject, value, "from JSON in a string");
        }
    }
}
