//! Whether a rule's `args` fit a call's arguments, and how sure that is.
//!
//! Invariant: a value that a server may read as another path than the one written (`..`, `~`, `%2e`, a backslash, a
//! NUL, a hidden character …) never fits a pattern exactly, so it never loosens anything; it does fit whatever any of
//! its readings fits, so it never slips under a rule that tightens.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::asked::Asked;
use super::shape::number::{Reading, read};
use super::shape::{self, Shape, Stand};
use crate::call::{Call, Params};
use crate::json::{self, Duplicates};
use crate::risk::paths;

/// How deep a list or an object is searched for texts. What lies deeper may be anything.
const DEEPEST: usize = 8;

/// How much is matched for one call, in steps of about a nanosecond: whoever wrote the rules of a project, and whoever
/// wrote the arguments, may have made them to be slow. What comes after that may be anything.
const MOST_STEPS: usize = 200_000_000;

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
    /// What is found where a text that is JSON is read as such.
    within: RefCell<HashMap<String, Option<Rc<str>>>>,
    /// Steps that were taken so far.
    steps: Cell<usize>,
}

impl<'a> Arguments<'a> {
    pub(super) fn of(call: &'a Call) -> Self {
        Self {
            params: &call.params,
            text: OnceCell::new(),
            found: RefCell::default(),
            within: RefCell::default(),
            steps: Cell::new(0),
        }
    }

    /// Whether so many steps more are within what is matched for one call.
    fn may_take(&self, steps: usize) -> bool {
        self.steps.set(self.steps.get().saturating_add(steps));
        self.steps.get() <= MOST_STEPS
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

    /// What a server finds that reads JSON in a text as if it stood there; `None`: there is no such text.
    fn within(&self, name: &str) -> Option<Rc<str>> {
        if let Some(found) = self.within.borrow().get(name) {
            return found.clone();
        }
        let found = within(name, self.text()).map(Rc::from);
        self.within.borrow_mut().insert(name.to_owned(), found.clone());
        found
    }

    /// Every text that the value of an argument may be read as. `None`: they cannot be told, as in a list.
    pub(super) fn texts(&self, name: &str, asked: &Asked<'_>) -> Option<Vec<String>> {
        if self.within(name).is_some() {
            return None;
        }
        let Some(raw) = self.find(name) else { return Some(Vec::new()) };
        match raw.as_bytes().first() {
            Some(b'"') => {
                let text = json::unescape(raw);
                (!paths::is_overlong(&text)).then(|| shape::texts(&text, stand(asked)))
            }
            Some(b'[' | b'{') => None,
            _ => Some(vec![raw.to_owned()]),
        }
    }
}

impl Arguments<'_> {
    /// What the value of an argument says as a number; `None`: it is not there.
    pub(super) fn number(&self, name: &str) -> Option<Reading> {
        if self.within(name).is_some() {
            return Some(Reading::Unknown);
        }
        let raw = self.find(name)?;
        Some(if raw.starts_with('"') { read(json::unescape(raw).trim()) } else { read(raw) })
    }
}

fn stand<'a>(asked: &Asked<'a>) -> Stand<'a> {
    Stand { links: &asked.facts.links, cwd: &asked.call.server.cwd }
}

/// How far one named argument fits.
pub(super) fn fit(rule: &ArgumentRule, arguments: &Arguments<'_>, asked: &Asked<'_>) -> Fit {
    let (stand, shape) = (stand(asked), &rule.shape);
    let bounded = |raw: &str| {
        if arguments.may_take(raw.len().saturating_mul(shape.steps())) { value(shape, raw, stand) } else { Fit::Wide }
    };
    let fit = match (arguments.find(&rule.name), shape) {
        (None, Shape::Absent) => return absence(&rule.name, arguments.text()),
        (Some(_), Shape::Absent) => return Fit::No,
        (None, _) => Fit::No,
        (Some(raw), _) => bounded(raw),
    };
    match arguments.within(&rule.name).filter(|_| fit == Fit::No) {
        Some(raw) => bounded(&raw).min(Fit::Wide),
        None => fit,
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
        _ => shape.scalar(part) != Fit::No,
    })
}

/// The text of the argument of this name.
fn find<'a>(name: &str, arguments: &'a str) -> Option<&'a str> {
    steps(name).try_fold(arguments, |value, step| member(value, &step))
}

/// The text of the argument of this name, where texts that are JSON are read as such; `None`: none is.
fn within(name: &str, arguments: &str) -> Option<String> {
    let mut opened = false;
    let mut value = Cow::Borrowed(arguments);
    let mut steps = steps(name);
    loop {
        if let Some(inner) = as_json(&value) {
            opened = true;
            value = Cow::Owned(inner);
        }
        let Some(step) = steps.next() else { return opened.then(|| value.into_owned()) };
        let next = match &value {
            Cow::Borrowed(text) => Cow::Borrowed(member(text, &step)?),
            Cow::Owned(text) => Cow::Owned(member(text, &step)?.to_owned()),
        };
        value = next;
    }
}

/// The compact form of a list or an object that stands in a text.
fn as_json(raw: &str) -> Option<String> {
    // Most fall at their first letter.
    raw.strip_prefix('"').filter(|text| text.trim_start().starts_with(['[', '{', '\\']))?;
    let text = json::unescape(raw);
    let looks = text.trim_start().starts_with(['[', '{']);
    looks.then(|| json::compact(text.trim().as_bytes(), Duplicates::Envelope).ok()).flatten()
}

/// The steps to an argument: a key, or those of a JSON Pointer, as they were meant.
fn steps(name: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let pointer = name.strip_prefix('/');
    let unescaped = move |step| if pointer.is_some() { unescaped(step) } else { Cow::Borrowed(step) };
    let (key, parts) = pointer.map_or((Some(name), None), |rest| (None, Some(rest.split('/'))));
    key.into_iter().chain(parts.into_iter().flatten()).map(unescaped)
}

/// A step of a JSON Pointer as it was meant.
fn unescaped(step: &str) -> Cow<'_, str> {
    if step.contains('~') { step.replace("~1", "/").replace("~0", "~").into() } else { step.into() }
}

/// One step into a value.
fn member<'a>(value: &'a str, step: &str) -> Option<&'a str> {
    if value.starts_with('[') { json::elements(value).nth(index(step)?) } else { json::member(value, step) }
}

/// The place in a list that a step names (RFC 6901 section 4).
fn index(step: &str) -> Option<usize> {
    let plain = step == "0" || (!step.starts_with('0') && step.bytes().all(|b| b.is_ascii_digit()));
    step.parse().ok().filter(|_| plain)
}

/// How sure it is that an argument which is not there is nowhere: no key on the way has a neighbour that a careless
/// server takes for it, and nothing on the way is a text or a list, which one may take apart in its own way.
fn absence(name: &str, arguments: &str) -> Fit {
    let mut value = arguments;
    for step in steps(name) {
        let odd = match value.as_bytes().first() {
            Some(b'{') => has_a_twin(&step, value),
            Some(b'[') => index(&step).is_none(),
            first => first == Some(&b'"'),
        };
        if odd {
            return Fit::Wide;
        }
        let Some(next) = member(value, &step) else { break };
        value = next;
    }
    Fit::Exact
}

/// Whether an object has another key that differs in case and signs only.
fn has_a_twin(step: &str, object: &str) -> bool {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let wanted = plain(step);
    json::members(object).any(|(key, _)| key != step && plain(&key) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Action;
    use crate::policy::samples::call;
    use crate::policy::{Moment, judge, parse};
    use crate::risk::{Facts, Risk};

    #[test]
    fn rules_and_arguments_made_to_be_slow_are_not_matched_without_end() {
        let rule = format!("[[rule]]\nargs = {{ x = \"{}**b\" }}\naction = \"ask\"\n", "**a".repeat(300));
        let policy = parse(&rule.repeat(1_000), "p").policy;
        assert_eq!(policy.why_invalid(), None);
        let level = crate::decision::Level::Low;
        let (risk, facts, moment) =
            (Risk { level, findings: Vec::new(), tools: Vec::new() }, Facts::default(), Moment::default());
        let asked = |arguments: &str| {
            let call = call("fs", "read", arguments);
            judge(&policy, &Asked { call: &call, risk: &risk, facts: &facts, moment: &moment }).verdict().action
        };
        // Matched to the end it would fit no rule, after an hour.
        assert_eq!(asked(&format!("{{\"x\":\"b{}\"}}", "a".repeat(1 << 19))), Action::Ask, "the stricter answer");
        assert_eq!(asked(r#"{"x":"baaa"}"#), Action::Allow);
    }
}
