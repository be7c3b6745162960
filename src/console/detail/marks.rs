//! Where in the text that will be sent stands what the findings are about.
//!
//! Invariant: marking changes how letters look and nothing else: not one of them is left out, added or moved.

use std::borrow::Cow;
use std::ops::Range;

use crate::decision::Level;
use crate::json;
use crate::risk::Finding;

use super::letters::Chars;

/// Ranges of bytes of the params, in order and apart.
#[derive(Debug, Default)]
pub struct Marks(Vec<Range<usize>>);

impl Marks {
    /// What findings that raise a call are about, in these params.
    pub fn of(params: &str, findings: &[Finding]) -> Self {
        let mut all: Vec<Range<usize>> =
            findings.iter().filter(|finding| finding.level > Level::Low).filter_map(|f| place(params, f)).collect();
        all.sort_unstable_by_key(|range| (range.start, range.end));
        let mut apart: Vec<Range<usize>> = Vec::new();
        for range in all {
            match apart.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => apart.push(range),
            }
        }
        Self(apart)
    }

    /// Whether this byte is marked, and up to where that stays so.
    pub fn at(&self, byte: usize) -> (bool, usize) {
        let next = self.0.partition_point(|range| range.end <= byte);
        match self.0.get(next) {
            Some(range) if range.start <= byte => (true, range.end),
            Some(range) => (false, range.start),
            None => (false, usize::MAX),
        }
    }

    /// Whether anything of this range is marked.
    pub fn touch(&self, range: &Range<usize>) -> bool {
        let (marked, until) = self.at(range.start);
        marked || until < range.end
    }
}

/// The bytes of the params that a finding is about.
pub fn place(params: &str, finding: &Finding) -> Option<Range<usize>> {
    let token = token(params, finding.at.as_deref()?)?;
    match finding.span {
        Some((from, to)) if params[token.clone()].starts_with('"') => within(params, &token, from, to),
        _ => Some(token),
    }
}

/// The text of the argument that a finding is about, and which part of it; a number, a list or an object as it is
/// written.
pub fn text<'p>(params: &'p str, finding: &Finding) -> Option<(Cow<'p, str>, Range<usize>)> {
    let raw = &params[token(params, finding.at.as_deref()?)?];
    let text = if raw.starts_with('"') { json::unescape(raw) } else { Cow::Borrowed(raw) };
    let whole = 0..text.len();
    let part = finding.span.map_or(whole.clone(), |(from, to)| from..to);
    let part = if raw.starts_with('"') && text.get(part.clone()).is_some() { part } else { whole };
    Some((text, part))
}

/// The value that a JSON Pointer (RFC 6901) into the arguments leads to.
fn token(params: &str, pointer: &str) -> Option<Range<usize>> {
    let mut value = json::member(params, "arguments")?;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        value = if value.starts_with('[') {
            json::elements(value).nth(step.parse().ok()?)?
        } else {
            json::member(value, &step)?
        };
    }
    let start = value.as_ptr() as usize - params.as_ptr() as usize;
    Some(start..start + value.len())
}

/// The part of a string token that stands for these bytes of its text.
fn within(params: &str, token: &Range<usize>, from: usize, to: usize) -> Option<Range<usize>> {
    let mut chars = Chars { text: params, at: token.start + 1, end: token.end.saturating_sub(1) };
    let (mut text, mut start) = (0, None);
    loop {
        if text >= from {
            start.get_or_insert(chars.at);
        }
        if text >= to {
            break;
        }
        match chars.next() {
            Some(c) => text += c.len_utf8(),
            None => break,
        }
    }
    start.map(|start| start..chars.at).filter(|range| !range.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(at: &str, span: Option<(usize, usize)>) -> Finding {
        Finding { id: "x.y".to_owned(), level: Level::High, says: String::new(), at: Some(at.to_owned()), span }
    }

    fn marked(params: &str, at: &str, span: Option<(usize, usize)>) -> Option<String> {
        place(params, &finding(at, span)).map(|range| params[range].to_owned())
    }

    #[test]
    fn a_span_of_the_text_is_found_in_its_spelling() {
        let params = r#"{"name":"t","arguments":{"a":["x","\u00e4b\n\"c\" \ud83d\ude00 rm"],"b/c":{"d":17}}}"#;
        let text = "äb\n\"c\" 😀 rm";
        for (part, raw) in [("äb", r"\u00e4b"), ("\n\"", r#"\n\""#), ("😀", r"\ud83d\ude00"), ("rm", "rm")] {
            let from = text.find(part).expect("there");
            assert_eq!(marked(params, "/a/1", Some((from, from + part.len()))).as_deref(), Some(raw), "{part:?}");
        }
        assert_eq!(marked(params, "/a/0", None).as_deref(), Some("\"x\""));
        assert_eq!(marked(params, "/b~1c/d", None).as_deref(), Some("17"));
        assert_eq!(marked(params, "/b~1c/d", Some((0, 1))).as_deref(), Some("17"), "a span of what is no text");
        for nowhere in ["/c", "/a/2", "/a/x", "/b"] {
            assert_eq!(marked(params, nowhere, None), None, "{nowhere}");
        }
        assert_eq!(marked(params, "/a/0", Some((5, 9))), None, "a span beyond the end");
    }

    #[test]
    fn ranges_that_meet_are_one_and_every_byte_knows_where_it_stands() {
        let params = r#"{"name":"t","arguments":{"a":"0123456789"}}"#;
        let start = params.find('0').expect("there");
        let marks =
            Marks::of(params, &[finding("/a", Some((4, 6))), finding("/a", Some((1, 2))), finding("/a", Some((5, 8)))]);
        let seen: String = (0..10).map(|n| if marks.at(start + n).0 { '^' } else { '.' }).collect();
        assert_eq!(seen, ".^..^^^^..");
        assert_eq!(marks.at(start), (false, start + 1));
        assert_eq!(marks.at(start + 4), (true, start + 8));
        assert_eq!(marks.at(start + 9), (false, usize::MAX));
        assert!(marks.touch(&(start..start + 2)) && !marks.touch(&(start + 2..start + 4)));
    }
}
