//! Whether a rule's `args` fit a call's arguments, and how sure that is.
//!
//! Invariant: a value that a server may read as another path than the one written (`..`, `~`, `%2e`, a backslash, a
//! NUL, a hidden character …) never fits a pattern exactly, so it never loosens anything; it does fit whatever any of
//! its readings fits, so it never slips under a rule that tightens.

use std::borrow::Cow;

use super::pattern::Glob;
use crate::json;
use crate::risk::hidden::is_hidden;
use crate::risk::paths;

/// The longest value that may fit exactly, in bytes: longer ones are not what a person had in mind.
const LONGEST_EXACT: usize = 16 * 1024;

/// One named argument and what it must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentRule {
    /// A top-level key, or, when it begins with `/`, a JSON Pointer (RFC 6901) into the arguments.
    pub name: String,
    /// What its value must fit.
    pub glob: Glob,
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

/// How far all of them fit these arguments (strict, compact JSON).
pub fn fit(rules: &[ArgumentRule], arguments: &str) -> Fit {
    rules.iter().map(|rule| one(rule, arguments)).min().unwrap_or(Fit::Exact)
}

fn one(rule: &ArgumentRule, arguments: &str) -> Fit {
    let Some(raw) = find(&rule.name, arguments) else { return Fit::No };
    if rule.glob.is_any() {
        return Fit::Exact;
    }
    match raw.as_bytes().first() {
        Some(b'"') => text(&rule.glob, &json::unescape(raw)),
        Some(b'[' | b'{') => {
            if rule.glob.is_exact() && rule.glob.matches(raw) {
                return Fit::Exact;
            }
            // The strings within may be read in other ways, and a wildcard would run across them: no ground to loosen.
            let texts = json::elements(raw).chain(json::members(raw).map(|(_, value)| value));
            let strings = texts.filter(|element| element.starts_with('"')).map(json::unescape);
            let mut fits = strings.map(|string| text(&rule.glob, &string) != Fit::No);
            if rule.glob.matches(raw) || fits.any(|fits| fits) { Fit::Wide } else { Fit::No }
        }
        _ if rule.glob.matches(raw) => Fit::Exact,
        _ => Fit::No,
    }
}

fn text(glob: &Glob, value: &str) -> Fit {
    let plain = value.len() <= LONGEST_EXACT && has_one_reading(value) && (glob.is_exact() || !has_operators(value));
    match glob.matches(value) {
        true if plain => Fit::Exact,
        true => Fit::Wide,
        false if !plain && paths::readings(value).iter().any(|reading| glob.matches(reading)) => Fit::Wide,
        false => Fit::No,
    }
}

/// The text of the argument of this name.
fn find<'a>(name: &str, arguments: &'a str) -> Option<&'a str> {
    if !name.starts_with('/') {
        return json::member(arguments, name);
    }
    name[1..].split('/').try_fold(arguments, |value, step| {
        let step: Cow<'_, str> =
            if step.contains('~') { step.replace("~1", "/").replace("~0", "~").into() } else { step.into() };
        if value.starts_with('[') {
            let plain = step == "0" || (!step.starts_with('0') && step.bytes().all(|b| b.is_ascii_digit()));
            json::elements(value).nth(step.parse().ok().filter(|_| plain)?)
        } else {
            json::member(value, &step)
        }
    })
}

/// What is a dot, or becomes one or more when a text is normalised (Unicode NFKC, IDNA).
const DOTS: &str = ".\u{2024}\u{2025}\u{2026}\u{3002}\u{fe52}\u{ff0e}\u{ff61}";

/// Whether a shell would run more than one command, or write to a file: a wildcard such as `git *` is not meant to
/// stretch over that.
fn has_operators(value: &str) -> bool {
    value.contains(['|', '`', '<', '>', ';', '&'])
}

/// Whether every reader takes the text for the same path.
fn has_one_reading(value: &str) -> bool {
    let odd = |c: char| matches!(c, '~' | '$' | '%' | '\\') || c.is_control() || is_hidden(c);
    let dots = |segment: &str| !segment.is_empty() && segment.chars().all(|c| c.is_whitespace() || DOTS.contains(c));
    let odd_segment = |segment: &str| dots(segment) || segment.ends_with('.') && !segment.contains(' ');
    !(value.chars().any(odd) || value.contains("//") || value.split('/').any(odd_segment) || value.starts_with("file:"))
}
