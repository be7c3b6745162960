//! Whether a rule's `args` fit a call's arguments, and how sure that is.
//!
//! Invariant: a value that a server may read as another path than the one written (`..`, `~`, `%2e`, a backslash, a
//! NUL, a hidden character …) never fits a pattern exactly, so it never loosens anything; it does fit whatever any of
//! its readings fits, so it never slips under a rule that tightens.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use super::asked::Asked;
use super::shape::number::{Reading, read};
use super::shape::{self, Shape, Stand};
use crate::call::{Call, Params};
use crate::json;

/// How deep a list or an object is searched for texts. What lies deeper may be anything.
const DEEPEST: usize = 8;

/// One named argument and what it must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentRule {
    /// A top-level key, or, when it begins with `/`, a JSON Pointer (RFC 6901) into the arguments.
    pub name: String,
    /// What its value must fit.
    pub shape: Shape,
}

/// How far something fits. Ordered: a whole fits as far as its least part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Not at all.
    No,
    /// Only in one of several ways to read it: enough to tighten.
    Wide,
    /// As it is written, with only one way to read it: enough to loosen.
    Exact,
}

/// The arguments of a call, each looked up once.
pub(super) struct Arguments<'a> {
    params: &'a Params,
    text: OnceCell<&'a str>,
    found: RefCell<HashMap<String, Option<&'a str>>>,
}

impl<'a> Arguments<'a> {
    pub(super) fn of(call: &'a Call) -> Self {
        Self { params: &call.params, text: OnceCell::new(), found: RefCell::default() }
    }

    /// Strict, compact JSON.
    fn text(&self) -> &'a str {
        self.text.get_or_init(|| self.params.arguments())
    }

    fn find(&self, name: &str) -> Option<&'a str> {
        if let Some(found) = self.found.borrow().get(name) {
            return *found;
        }
        let found = find(name, self.text());
        self.found.borrow_mut().insert(name.to_owned(), found);
        found
    }

    /// Every text that the value of an argument may be read as. `None`: they cannot be told, as in a list.
    pub(super) fn texts(&self, name: &str, asked: &Asked<'_>) -> Option<Vec<String>> {
        let Some(raw) = self.find(name) else { return Some(Vec::new()) };
        match raw.as_bytes().first() {
            Some(b'"') => Some(shape::texts(&json::unescape(raw), stand(asked))),
            Some(b'[' | b'{') => None,
            _ => Some(vec![raw.to_owned()]),
        }
    }
}

impl Arguments<'_> {
    /// What the value of an argument says as a number; `None`: it is not there.
    pub(super) fn number(&self, name: &str) -> Option<Reading> {
        let raw = self.find(name)?;
        Some(if raw.starts_with('"') { read(json::unescape(raw).trim()) } else { read(raw) })
    }
}

fn stand<'a>(asked: &Asked<'a>) -> Stand<'a> {
    Stand { links: &asked.facts.links, cwd: &asked.call.server.cwd }
}

/// How far one named argument fits.
pub(super) fn fit(rule: &ArgumentRule, arguments: &Arguments<'_>, asked: &Asked<'_>) -> Fit {
    let stand = stand(asked);
    match (arguments.find(&rule.name), &rule.shape) {
        (None, Shape::Absent) if has_a_twin(&rule.name, arguments.text()) => Fit::Wide,
        (None, Shape::Absent) => Fit::Exact,
        (None, _) | (Some(_), Shape::Absent) => Fit::No,
        (Some(raw), shape) => value(shape, raw, stand),
    }
}

fn value(shape: &Shape, raw: &str, stand: Stand<'_>) -> Fit {
    if shape.is_any() {
        return Fit::Exact;
    }
    match raw.as_bytes().first() {
        Some(b'"') => shape.text(&json::unescape(raw), stand),
        Some(b'[' | b'{') => match shape.whole(raw) {
            // The strings within may be read in other ways, and a wildcard would run across them: no ground to loosen.
            Fit::No if inside(shape, raw, stand, DEEPEST) => Fit::Wide,
            fit => fit,
        },
        _ => shape.scalar(raw),
    }
}

/// Whether anything in a list or an object fits.
fn inside(shape: &Shape, raw: &str, stand: Stand<'_>, deeper: usize) -> bool {
    let parts = json::elements(raw).chain(json::members(raw).map(|(_, value)| value));
    parts.into_iter().any(|part| match part.as_bytes().first() {
        Some(b'"') => shape.text(&json::unescape(part), stand) != Fit::No,
        Some(b'[' | b'{') => deeper == 0 || inside(shape, part, stand, deeper - 1),
        _ => false,
    })
}

/// The text of the argument of this name.
fn find<'a>(name: &str, arguments: &'a str) -> Option<&'a str> {
    if !name.starts_with('/') {
        return json::member(arguments, name);
    }
    name[1..].split('/').try_fold(arguments, |value, step| {
        let step = unescaped(step);
        if value.starts_with('[') {
            let plain = step == "0" || (!step.starts_with('0') && step.bytes().all(|b| b.is_ascii_digit()));
            json::elements(value).nth(step.parse().ok().filter(|_| plain)?)
        } else {
            json::member(value, &step)
        }
    })
}

/// A step of a JSON Pointer as it was meant.
fn unescaped(step: &str) -> Cow<'_, str> {
    if step.contains('~') { step.replace("~1", "/").replace("~0", "~").into() } else { step.into() }
}

/// Whether an argument that is not there has a neighbour that a careless server takes for it.
fn has_a_twin(name: &str, arguments: &str) -> bool {
    let (above, last) = match name.strip_prefix('/').and_then(|_| name.rsplit_once('/')) {
        None => (Some(arguments), Cow::Borrowed(name)),
        Some(("", last)) => (Some(arguments), unescaped(last)),
        Some((above, last)) => (find(above, arguments), unescaped(last)),
    };
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let wanted = plain(&last);
    above.is_some_and(|above| json::members(above).any(|(key, _)| plain(&key) == wanted))
}
