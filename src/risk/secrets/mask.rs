//! Secrets out of what is kept: the journal, and with it the history.
//!
//! Invariant: what comes out is strict, compact JSON of the same shape (the same members and elements in the same
//! order); in place of a secret stands how long it was, never a digest of it. What is sent is never touched.

use std::borrow::Cow;
use std::ops::Range;

use super::keys::{self, is_name_key, is_secret_key};
use super::shapes::{self, Sort, Spot};
use crate::decision::Keep;
use crate::json;
use crate::risk::words::Words;
use crate::risk::{Finding, blobs, derived};

/// Params as they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked<'a> {
    /// Strict, compact JSON.
    pub text: Cow<'a, str>,
    /// How many parts are not told.
    pub parts: u32,
    /// What they were, for texts that may quote them.
    secrets: Vec<String>,
    keep: Keep,
}

/// The most secrets that are looked for in sentences.
const MOST_QUOTED: usize = 64;
/// The shortest part of a secret that is taken for it between quotation marks, in bytes.
const SHORTEST_PART: usize = 6;
/// The shortest beginning of a secret that is taken for it at the cut end of a sentence, in bytes.
const SHORTEST_CUT: usize = 4;

/// The params of a call (strict, compact JSON) as they are to be kept.
pub fn masked(params: &str, keep: Keep) -> Masked<'_> {
    if keep == Keep::Full {
        return Masked { text: Cow::Borrowed(params), parts: 0, secrets: Vec::new(), keep };
    }
    let mut walk = Walk {
        params,
        keep,
        kept: 0,
        out: String::new(),
        parts: 0,
        secrets: Vec::new(),
        seen: Vec::new(),
        // Objects within objects are looked through again and again, but not for ever.
        left: 8 * params.len(),
    };
    walk.run();
    let Walk { kept, mut out, parts, secrets, .. } = walk;
    if parts == 0 {
        return Masked { text: Cow::Borrowed(params), parts, secrets, keep };
    }
    out.push_str(&params[kept..]);
    Masked { text: Cow::Owned(out), parts, secrets, keep }
}

impl Masked<'_> {
    /// Findings as they are kept: no sentence and no place quotes a secret, and what was about a part of a text that
    /// is not kept is about the whole of it.
    pub fn findings(&self, findings: &[Finding]) -> Vec<Finding> {
        let Cow::Owned(kept) = &self.text else { return findings.to_vec() };
        let arguments = json::member(kept, "arguments").unwrap_or("{}");
        let told = findings.iter().map(|finding| {
            let at = finding.at.as_ref().map(|at| self.redact(at));
            let text = at.as_ref().and_then(|at| json::pointer(arguments, at));
            let whole = text.is_some_and(|text| !text.contains('‹'));
            Finding { says: self.redact(&finding.says), at, span: finding.span.filter(|_| whole), ..finding.clone() }
        });
        told.collect()
    }

    /// A sentence that may quote the call, without its secrets. Of a long quotation only the beginning may stand there.
    pub fn redact(&self, says: &str) -> String {
        let mut says = text(says).into_owned();
        if self.keep == Keep::Digest {
            // No value is kept, so none is quoted.
            for (start, end) in quotations(&says).collect::<Vec<_>>().into_iter().rev() {
                let mark = mark(&says[start..end]);
                says.replace_range(start..end, &mark);
            }
        }
        for secret in &self.secrets {
            if says.contains(secret.as_str()) {
                says = says.replace(secret.as_str(), &mark(secret));
            }
            let quotes: Vec<(usize, usize)> = quotations(&says).collect();
            for (start, end) in quotes.into_iter().rev() {
                let quote = &says[start..end];
                if quote.len() >= SHORTEST_PART && secret.contains(quote) {
                    let mark = mark(quote);
                    says.replace_range(start..end, &mark);
                }
            }
            let cuts: Vec<usize> = says.match_indices('…').map(|(at, _)| at).collect();
            for cut in cuts.into_iter().rev() {
                let quote = says[..cut].rfind('\u{201c}').map_or(0, |at| at + '\u{201c}'.len_utf8());
                let shown = &says[quote..cut];
                let begun = shown.char_indices().map(|(at, _)| at);
                let begun = begun.filter(|at| shown.len() - at >= SHORTEST_CUT);
                let start = begun.into_iter().find(|at| {
                    let part = &shown[*at..];
                    secret.starts_with(part) || (part.len() >= SHORTEST_PART && secret.contains(part))
                });
                if let Some(start) = start {
                    says.replace_range(quote + start..cut, &mark(secret));
                }
            }
        }
        says
    }
}

/// What stands between quotation marks.
fn quotations(says: &str) -> impl Iterator<Item = (usize, usize)> {
    says.match_indices('\u{201c}').filter_map(|(at, open)| {
        let start = at + open.len();
        says[start..].find('\u{201d}').map(|len| (start, start + len))
    })
}

/// A plain text without its secrets.
pub fn text(text: &str) -> Cow<'_, str> {
    let spots = shapes::spots(text);
    if spots.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(without(text, &spots)) }
}

/// The words of a command without its secrets: those with the shape of one, and what follows an option that says so.
pub fn words(words: &[String]) -> Vec<String> {
    let mut called = false;
    let mut out = Vec::with_capacity(words.len());
    for word in words {
        let option = word.trim_start_matches('-');
        let value = option.split_once('=').filter(|(name, _)| is_secret_key(&Words::of(name)));
        out.push(if called && !word.starts_with('-') {
            mark(word)
        } else if let Some((_, value)) = value {
            format!("{}{}", &word[..word.len() - value.len()], mark(value))
        } else {
            text(word).into_owned()
        });
        called = option.len() < word.len() && is_secret_key(&Words::of(option));
    }
    out
}

fn without(text: &str, spots: &[Spot]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    for Spot { range, .. } in spots {
        out.push_str(&text[kept..range.start]);
        out.push_str(&mark(&text[range.clone()]));
        kept = range.end;
    }
    out.push_str(&text[kept..]);
    out
}

/// The secrets of a text, and the encoded parts of it in which there are some, however often they are encoded.
fn secrets_of(text: &str, rounds: usize) -> Vec<Spot> {
    let mut spots = shapes::spots(text);
    if rounds > 0 {
        let encoded = blobs::holding(text, |inner| !secrets_of(inner, rounds - 1).is_empty());
        for range in encoded {
            spots.retain(|spot| spot.range.end <= range.start || spot.range.start >= range.end);
            spots.push(Spot { range, sort: Sort::Assigned, what: "an encoded secret" });
        }
        spots.sort_by_key(|spot| spot.range.start);
    }
    spots
}

/// What stands in the place of a secret.
fn mark(secret: &str) -> String {
    format!("‹masked: {} characters›", secret.chars().count())
}

/// Whether the name under which an object sets a value is a secret's, or nobody looks any more. The object begins the text.
fn is_named(text: &str, left: &mut usize) -> bool {
    if *left == 0 {
        return true;
    }
    let object = &text[..json::value_len(text)];
    *left = left.saturating_sub(object.len());
    json::members(object).any(|(key, value)| {
        let is_name = value.starts_with('"') && value.len() <= 130 && Words::of(&key).is_one_of(keys::NAMES);
        is_name && is_secret_key(&Words::of(&json::unescape(value)))
    })
}

/// Whether an element of a list, as written, says that the next one is a secret.
fn is_option(token: &str) -> bool {
    token.starts_with("\"-")
        && token.len() <= 130
        && !token.contains('=')
        && is_secret_key(&Words::of(&json::unescape(token)))
}

/// One pass over the tokens.
struct Walk<'a> {
    params: &'a str,
    keep: Keep,
    /// Everything before has been copied or replaced.
    kept: usize,
    out: String,
    parts: u32,
    secrets: Vec<String>,
    /// What the keys that came up lately say, as they are written: rows repeat theirs.
    seen: Vec<(&'a str, Says)>,
    /// How many more bytes of objects are looked through for names; beyond that whatever is set is taken for a secret.
    left: usize,
}

/// The most keys that are not read again.
const MOST_SEEN: usize = 32;

/// What a key says of its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Nothing.
    Nothing,
    /// That it is a secret.
    Secret,
    /// That it is the name of something, however random it looks.
    Name,
}

/// An open object or array while walking.
struct Open {
    is_object: bool,
    /// Where it begins.
    start: usize,
    /// Whether the name under which it sets a value is a secret's, once somebody asked.
    named: Option<bool>,
    /// Of a list: whether the element before says that a secret follows (`--password`).
    called: bool,
    /// Whether what it holds stands under a key that says secret.
    secret: bool,
    /// What the key of the member that is being read says; within an array, the array's.
    key: Says,
}

impl Open {
    fn is_secret(&self) -> bool {
        self.secret || self.called || self.key == Says::Secret
    }
}

impl<'a> Walk<'a> {
    fn run(&mut self) {
        let bytes = self.params.as_bytes();
        let mut open: Vec<Open> = Vec::new();
        let (mut at, mut is_value) = (0, true);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' => {
                    let secret = open.last().is_some_and(Open::is_secret);
                    let key = open.last().map_or(Says::Nothing, |o| o.key);
                    open.push(Open { is_object: *byte == b'{', start: at, named: None, called: false, secret, key });
                    is_value = *byte == b'[';
                    at += 1;
                }
                b'}' | b']' => {
                    open.pop();
                    if let Some(open) = open.last_mut() {
                        open.called = false;
                    }
                    at += 1;
                }
                b',' => {
                    is_value = open.last().is_none_or(|o| !o.is_object);
                    at += 1;
                }
                b':' => {
                    is_value = true;
                    at += 1;
                }
                b'"' => {
                    let end = at + json::value_len(&self.params[at..]);
                    if is_value {
                        self.value(at..end, open.last(), open.len());
                        if let Some(open) = open.last_mut() {
                            open.called = !open.is_object && is_option(&self.params[at..end]);
                        }
                    } else {
                        self.key(at..end, open.last_mut());
                    }
                    at = end;
                }
                _ => {
                    let len = bytes[at..].iter().position(|b| b",]}".contains(b)).unwrap_or(bytes.len() - at);
                    self.plain(at..at + len, open.last());
                    if let Some(open) = open.last_mut() {
                        open.called = false;
                    }
                    at += len;
                }
            }
        }
    }

    /// Takes a key.
    fn key(&mut self, token: Range<usize>, open: Option<&mut Open>) {
        let params = self.params;
        let written = &params[token.clone()];
        if let Some((_, says)) = self.seen.iter().find(|(own, _)| *own == written) {
            if let Some(open) = open {
                open.key = *says;
            }
            return;
        }
        let key = json::unescape(written);
        let words = Words::of(&key);
        // What stands beside it may say more of a value than its key.
        let value = words.is_one_of(keys::VALUES);
        let says = match (is_secret_key(&words), is_name_key(&words)) {
            (true, _) => Says::Secret,
            (false, true) => Says::Name,
            (false, false) => Says::Nothing,
        };
        if let Some(open) = open {
            let left = &mut self.left;
            let mut named = || *open.named.get_or_insert_with(|| is_named(&params[open.start..], left));
            open.key = if value && named() { Says::Secret } else { says };
        }
        let spots = shapes::spots(&key);
        if !spots.is_empty() {
            // Two keys must not become one.
            let number = self.parts + 1;
            let key = key.into_owned();
            self.secrets.extend(spots.iter().map(|spot| key[spot.range.clone()].to_owned()));
            let masked = format!("{} ({number})", without(&key, &spots));
            self.replace(token, &masked);
        } else if !value && self.seen.len() < MOST_SEEN {
            self.seen.push((written, says));
        }
    }

    fn value(&mut self, token: Range<usize>, open: Option<&Open>, depth: usize) {
        // The tool's name stands in clear beside it.
        let own = depth == 1 && self.params[..token.start].ends_with("\"name\":");
        if own {
            return;
        }
        let params: &'a str = self.params;
        let text = json::unescape(&params[token.clone()]);
        if self.keep == Keep::Digest {
            let count = text.chars().count();
            self.remember(&text);
            return self.replace(token, &format!("‹{count} characters›"));
        }
        // After `--password` comes what is one, or another option.
        let option = open.is_some_and(|o| o.called) && text.starts_with('-');
        let secret = open.is_some_and(|o| if option { o.secret || o.key == Says::Secret } else { o.is_secret() });
        if secret && !text.is_empty() {
            self.remember(&text);
            let masked = mark(&text);
            return self.replace(token, &masked);
        }
        let named = open.is_some_and(|o| o.key == Says::Name);
        let mut spots = secrets_of(&text, derived::ROUNDS);
        spots.retain(|spot| !(named && spot.sort == Sort::Random));
        if !spots.is_empty() {
            for spot in &spots {
                self.remember(&text[spot.range.clone()]);
            }
            let masked = without(&text, &spots);
            self.replace(token, &masked);
        }
    }

    /// A number, `true`, `false` or `null`.
    fn plain(&mut self, token: Range<usize>, open: Option<&Open>) {
        let text = &self.params[token.clone()];
        let number = !matches!(text, "true" | "false" | "null");
        if self.keep == Keep::Digest && text != "null" {
            return self.replace(token, if number { "‹a number›" } else { "‹true or false›" });
        }
        if number && open.is_some_and(Open::is_secret) {
            let masked = mark(text);
            self.replace(token, &masked);
        }
    }

    fn remember(&mut self, secret: &str) {
        if self.secrets.len() < MOST_QUOTED && secret.len() >= SHORTEST_CUT {
            self.secrets.push(secret.to_owned());
        }
    }

    fn replace(&mut self, token: Range<usize>, by: &str) {
        self.out.push_str(&self.params[self.kept..token.start]);
        self.out.push_str(&json::quote(by));
        self.kept = token.end;
        self.parts = self.parts.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_kept_without_what_its_options_say_is_secret() {
        let command = [
            "npx",
            "server",
            "--api-key",
            "abc",
            "--port",
            "80",
            "--token=x1",
            "/srv",
            "--password",
            "-v",
            "PWD=a1b2c3",
        ];
        let kept = words(&command.map(str::to_owned));
        let wanted = [
            "npx",
            "server",
            "--api-key",
            "‹masked: 3 characters›",
            "--port",
            "80",
            "--token=‹masked: 2 characters›",
            "/srv",
            "--password",
            "-v",
            "PWD=‹masked: 6 characters›",
        ];
        assert_eq!(kept, wanted);
    }
}
