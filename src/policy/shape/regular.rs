//! `{ regex = "…" }`: regular expressions that cannot hang.
//!
//! The crate matches in time linear in the text; the size of what a pattern compiles to is capped here, and how many
//! there may be is capped by the parser. To loosen, the whole text has to fit; to tighten, any part of it.

use regex::RegexBuilder;

use crate::risk::hidden::is_hidden;

/// The most regular expressions in a policy.
pub const MAX_REGEXES: usize = 250;
/// The longest, in characters.
const LONGEST: usize = 1024;
/// The most that one may compile to, in bytes.
const SIZE: usize = 256 * 1024;

/// A regular expression, ready to match.
#[derive(Clone, Debug)]
pub struct Regular {
    text: String,
    whole: regex::Regex,
    part: regex::Regex,
}

impl PartialEq for Regular {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Regular {}

/// Why a regular expression is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRegex {
    /// What is wrong.
    pub says: String,
    /// At which of its characters, from 0, if that can be told.
    pub at: Option<usize>,
}

impl Regular {
    /// Compiles it.
    pub fn new(text: &str) -> Result<Self, BadRegex> {
        let bad = |says: String, at| Err(BadRegex { says, at });
        if text.chars().count() > LONGEST {
            return bad(format!("a regex has at most {LONGEST} characters"), None);
        }
        if let Some(at) = text.chars().position(|c| is_hidden(c) || c.is_control()) {
            return bad("the regex holds an invisible character; write it as \\x{…}".to_owned(), Some(at));
        }
        let build = |text: &str| {
            RegexBuilder::new(text).size_limit(SIZE).dfa_size_limit(SIZE).nest_limit(50).build().map_err(|e| why(&e))
        };
        // By itself first: what closes a group that it did not open is an error, not a way out of the frame.
        let part = build(text)?;
        let whole = build(&format!(r"\A(?:{text})\z"))?;
        Ok(Self { text: text.to_owned(), whole, part })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole of a text fits.
    pub fn fits_whole(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }

    /// Whether some part of a text fits.
    pub fn fits_part(&self, text: &str) -> bool {
        self.part.is_match(text)
    }
}

/// What the crate says, on one line, with the place that it points at.
fn why(error: &regex::Error) -> BadRegex {
    let text = error.to_string();
    let says = if matches!(error, regex::Error::CompiledTooBig(_)) {
        "the regex is too large; write a simpler one".to_owned()
    } else {
        let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        format!("regex: {}", last.trim().trim_start_matches("error: "))
    };
    let marks = text.lines().find(|line| line.contains('^') && line.trim().chars().all(|c| c == '^'));
    BadRegex { says, at: marks.and_then(|line| line.find('^')?.checked_sub(4)) }
}
