//! Globs: `*`, `**` and `?`, nothing else. Matching is linear in the text (times the pattern's length, which is capped).
//!
//! In a [`Glob::name`] `*` stands for any run of characters. In a [`Glob::value`] it stops at `/`; `**` does not, and
//! `**/` may also stand for nothing, so that `a/**/b` matches `a/b`. Everything else stands for itself, byte for byte:
//! no case folding, no escapes, no classes. Never allocates per character, never recurses.

use std::fmt;

/// The longest pattern, in characters.
pub const MAX_PATTERN: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// This character.
    Is(char),
    /// One character (in a value: not `/`).
    One { slash: bool },
    /// Any run of characters (or, without `slash`, of characters other than `/`).
    Run { slash: bool },
    /// What follows may be left out: together they are nothing, or any run of characters that ends in `/`.
    Perhaps,
    /// Any run of characters that ends in `/`.
    Folders,
}

/// A pattern, ready to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
    tokens: Vec<Token>,
    /// The pattern's first characters up to the first wildcard.
    prefix: String,
}

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGlob {
    /// More than [`MAX_PATTERN`] characters.
    #[error("a pattern has at most {MAX_PATTERN} characters")]
    TooLong,
    /// It could not be told on a screen what the rule says.
    #[error("the pattern holds the invisible character U+{:04X}; write it without", u32::from(*.0))]
    Hidden(char),
}

impl Glob {
    /// A pattern for the name of a server or tool.
    pub fn name(text: &str) -> Result<Self, BadGlob> {
        Self::new(text, true)
    }

    /// A pattern for the value of an argument: `*` stops at `/`.
    pub fn value(text: &str) -> Result<Self, BadGlob> {
        Self::new(text, false)
    }

    fn new(text: &str, star_crosses: bool) -> Result<Self, BadGlob> {
        if text.chars().count() > MAX_PATTERN {
            return Err(BadGlob::TooLong);
        }
        if let Some(c) = text.chars().find(|c| crate::risk::hidden::is_hidden(*c)) {
            return Err(BadGlob::Hidden(c));
        }
        let mut tokens = Vec::new();
        let mut rest = text;
        let mut before = None;
        while let Some(c) = rest.chars().next() {
            if c == '*' && !star_crosses && rest.starts_with("**/") && matches!(before, None | Some('/')) {
                tokens.extend([Token::Perhaps, Token::Folders]);
                before = Some('/');
                rest = &rest[3..];
                continue;
            }
            let (token, len) = match c {
                '*' if star_crosses => (Token::Run { slash: true }, 1),
                '*' if rest.starts_with("**") => (Token::Run { slash: true }, 2),
                '*' => (Token::Run { slash: false }, 1),
                '?' => (Token::One { slash: star_crosses }, 1),
                c => (Token::Is(c), c.len_utf8()),
            };
            before = rest[..len].chars().next_back();
            rest = &rest[len..];
            tokens.push(token);
        }
        let prefix = tokens.iter().map_while(|t| if let Token::Is(c) = t { Some(*c) } else { None }).collect();
        Ok(Self { text: text.to_owned(), tokens, prefix })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has no wildcard at all.
    pub fn is_exact(&self) -> bool {
        self.prefix.len() == self.text.len()
    }

    /// Whether it matches whatever it is given.
    pub fn is_any(&self) -> bool {
        !self.tokens.is_empty() && self.tokens.iter().all(|t| *t == Token::Run { slash: true })
    }

    /// How many characters stand for themselves: the more, the more specific.
    pub fn literals(&self) -> usize {
        self.tokens.iter().filter(|t| matches!(t, Token::Is(_))).count()
    }

    /// How many parts stand for others.
    pub fn wildcards(&self) -> usize {
        self.tokens.len() - self.literals()
    }

    /// The longest part without a wildcard, which every text that fits holds; `None`: there is none.
    pub fn longest_plain(&self) -> Option<String> {
        let plain = self.tokens.split(|token| !matches!(token, Token::Is(_)));
        let longest = plain.max_by_key(|part| part.len()).filter(|part| !part.is_empty())?;
        Some(longest.iter().filter_map(|token| if let Token::Is(c) = token { Some(*c) } else { None }).collect())
    }

    /// Whether the whole of `text` fits.
    pub fn matches(&self, text: &str) -> bool {
        if self.is_exact() {
            return self.text == text;
        }
        if self.is_any() {
            return true;
        }
        let Some(rest) = text.strip_prefix(self.prefix.as_str()) else { return false };
        let tokens = &self.tokens[self.prefix.chars().count()..];
        if tokens.len() < 64 { narrow(tokens, rest) } else { wide(tokens, rest) }
    }

    /// Whether no text fits both: certain, or `false`.
    pub fn is_apart_from(&self, other: &Self) -> bool {
        match (self.is_exact(), other.is_exact()) {
            (true, _) => !other.matches(&self.text),
            (_, true) => !self.matches(&other.text),
            _ => !self.prefix.starts_with(&other.prefix) && !other.prefix.starts_with(&self.prefix),
        }
    }

    /// Whether every text that fits `other` fits this: certain, or `false`. Both are of the same kind, for names or for
    /// values.
    pub fn covers(&self, other: &Self) -> bool {
        self.is_any() || self.text == other.text || covers(&self.tokens, &other.tokens)
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a token does with a character: whether the place stays, and whether it moves on.
const fn step(token: Token, c: char) -> (bool, bool) {
    match token {
        Token::Is(own) => (false, own == c),
        Token::One { slash } => (false, slash || c != '/'),
        Token::Run { slash } => (slash || c != '/', false),
        Token::Perhaps => (false, false),
        Token::Folders => (true, c == '/'),
    }
}

/// Which places are reached from a token's place without a character: the next, and the one after.
const fn skips(token: Token) -> (bool, bool) {
    match token {
        Token::Run { .. } => (true, false),
        Token::Perhaps => (true, true),
        Token::Is(_) | Token::One { .. } | Token::Folders => (false, false),
    }
}

/// Whether the texts of `narrower` are all among those of `wider`: walks through `narrower` as if it were a text, and
/// keeps the places of `wider` that can be reached whatever stands for a wildcard.
fn covers(wider: &[Token], narrower: &[Token]) -> bool {
    let close = |places: &mut Vec<bool>| {
        for (i, token) in wider.iter().enumerate() {
            if places[i] {
                let (next, over) = skips(*token);
                places[i + 1] |= next;
                if over {
                    places[i + 2] = true;
                }
            }
        }
    };
    let walk = |places: &[bool], symbol: Token| {
        let mut next = vec![false; places.len()];
        for (i, token) in wider.iter().enumerate().filter(|(i, _)| places[*i]) {
            let (stays, moves) = match (symbol, *token) {
                (Token::Is(c), token) => step(token, c),
                (Token::One { slash }, Token::One { slash: own }) => (false, own || !slash),
                (Token::One { slash } | Token::Run { slash }, Token::Run { slash: own }) => (own || !slash, false),
                (Token::One { .. } | Token::Run { .. }, Token::Folders) => (true, false),
                _ => (false, false),
            };
            next[i] |= stays;
            next[i + 1] |= moves;
        }
        close(&mut next);
        next
    };
    let mut places = vec![false; wider.len() + 1];
    places[0] = true;
    close(&mut places);
    for symbol in narrower {
        places = match symbol {
            // With `Folders`, which follows: nothing, or a run that ends in `/`. A place has to be reached by both.
            Token::Perhaps => continue,
            Token::Folders => {
                let folders = walk(&walk(&places, Token::Run { slash: true }), Token::Is('/'));
                places.iter().zip(folders).map(|(nothing, folders)| *nothing && folders).collect()
            }
            symbol => walk(&places, *symbol),
        };
    }
    places[wider.len()]
}

/// All places at once, one bit each; for fewer than 64 tokens.
fn narrow(tokens: &[Token], text: &str) -> bool {
    let skip = |mut places: u64| {
        for (i, token) in tokens.iter().enumerate() {
            if places & (1 << i) != 0 {
                let (next, over) = skips(*token);
                places |= u64::from(next) << (i + 1);
                if over {
                    places |= 1 << (i + 2);
                }
            }
        }
        places
    };
    let mut places = skip(1);
    for c in text.chars() {
        let mut next = 0_u64;
        let mut left = places & ((1 << tokens.len()) - 1);
        while left != 0 {
            let i = left.trailing_zeros() as usize;
            left &= left - 1;
            let (stays, moves) = step(tokens[i], c);
            next |= u64::from(stays) << i | u64::from(moves) << (i + 1);
        }
        if next == 0 {
            return false;
        }
        places = skip(next);
    }
    places >> tokens.len() & 1 == 1
}

/// The same for longer patterns.
fn wide(tokens: &[Token], text: &str) -> bool {
    let skip = |places: &mut [bool]| {
        for (i, token) in tokens.iter().enumerate() {
            if places[i] {
                let (next, over) = skips(*token);
                places[i + 1] |= next;
                if over {
                    places[i + 2] = true;
                }
            }
        }
    };
    let mut places = vec![false; tokens.len() + 1];
    let mut next = places.clone();
    places[0] = true;
    skip(&mut places);
    for c in text.chars() {
        next.fill(false);
        for (i, token) in tokens.iter().enumerate() {
            if places[i] {
                let (stays, moves) = step(*token, c);
                next[i] |= stays;
                next[i + 1] |= moves;
            }
        }
        std::mem::swap(&mut places, &mut next);
        if !places.contains(&true) {
            return false;
        }
        skip(&mut places);
    }
    places[tokens.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(pattern: &str, text: &str) -> bool {
        Glob::value(pattern).expect("valid").matches(text)
    }

    #[test]
    fn a_star_in_a_value_stops_at_a_slash_and_two_do_not() {
        assert!(value("/a/*", "/a/b") && !value("/a/*", "/a/b/c"));
        assert!(value("/a/**", "/a/b/c") && value("/a/**", "/a/") && !value("/a/**", "/a") && !value("/a/**", "/ab"));
        assert!(value("/a/**/z", "/a/z") && value("/a/**/z", "/a/b/c/z") && !value("/a/**/z", "/a/bz"));
        assert!(value("**/.env", ".env") && value("**/.env", "/x/y/.env") && !value("**/.env", "/x/y.env"));
        assert!(value("?.txt", "é.txt") && !value("?", "/") && !value("?", ""));
        assert!(value("", "") && !value("", "a"));
    }

    #[test]
    fn a_star_in_a_name_stands_for_anything() {
        let name = |pattern: &str, text: &str| Glob::name(pattern).expect("valid").matches(text);
        assert!(name("*", "") && name("*", "a/b") && name("write_*", "write_") && name("a?c", "a/c"));
        assert!(!name("write_*", "Write_x") && !name("demo.read", "demo/read") && !name("demo.read", "demo__read"));
    }

    #[test]
    fn what_cannot_be_seen_cannot_be_in_a_pattern() {
        assert_eq!(Glob::name("re\u{200b}ad"), Err(BadGlob::Hidden('\u{200b}')));
        assert_eq!(Glob::value("a\u{202e}b"), Err(BadGlob::Hidden('\u{202e}')));
        assert_eq!(Glob::value(&"a".repeat(MAX_PATTERN + 1)), Err(BadGlob::TooLong));
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        // A backtracking matcher would not end in the life of the universe.
        let pattern = format!("{}b", "*a".repeat(400));
        assert!(!value(&pattern, &"a".repeat(20_000)));
        assert!(value(&"**/a".repeat(20), &"a/".repeat(20_000).replace("a/", "/a")));
    }

    /// The definition, by trying everything.
    fn naive(pattern: &str, text: &str, crosses: bool, start: bool) -> bool {
        let folders = !crosses && start && pattern.starts_with("**/");
        if folders {
            let rest = &pattern[3..];
            return naive(rest, text, crosses, true)
                || text.match_indices('/').any(|(i, _)| naive(rest, &text[i + 1..], crosses, true));
        }
        let (star, through) = if crosses {
            ("*", true)
        } else if pattern.starts_with("**") {
            ("**", true)
        } else {
            ("*", false)
        };
        if let Some(rest) = pattern.strip_prefix(star) {
            return text
                .char_indices()
                .map(|(i, _)| i)
                .chain([text.len()])
                .any(|i| (through || !text[..i].contains('/')) && naive(rest, &text[i..], crosses, false));
        }
        let (mut p, mut t) = (pattern.chars(), text.chars());
        match (p.next(), t.next()) {
            (None, None) => true,
            (Some('?'), Some(c)) => (crosses || c != '/') && naive(p.as_str(), t.as_str(), crosses, false),
            (Some(a), Some(b)) => a == b && naive(p.as_str(), t.as_str(), crosses, a == '/'),
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn the_matcher_agrees_with_the_definition(pattern in "[a/*]{0,9}|[ab/*?é]{0,10}", text in "[a/]{0,9}|[ab/é]{0,12}", crosses: bool) {
            let glob = Glob::new(&pattern, crosses).expect("valid");
            let want = naive(&pattern, &text, crosses, true);
            prop_assert_eq!(glob.matches(&text), want);
            prop_assert_eq!(narrow(&glob.tokens, &text), want);
            prop_assert_eq!(wide(&glob.tokens, &text), want);
        }

        #[test]
        fn what_covers_another_pattern_or_is_apart_from_it_agrees_on_every_text(a in "[a/*?]{0,6}", b in "[a/*?]{0,6}", text in "[a/]{0,8}", crosses: bool) {
            let (a, b) = (Glob::new(&a, crosses).expect("valid"), Glob::new(&b, crosses).expect("valid"));
            prop_assert!(a.covers(&a) && b.covers(&b));
            prop_assert!(!a.covers(&b) || !b.matches(&text) || a.matches(&text));
            prop_assert!(!(a.is_apart_from(&b) && a.matches(&text) && b.matches(&text)));
        }

        #[test]
        fn an_exact_pattern_matches_itself_alone(a in "[a-c./]{1,8}", b in "[a-c./]{1,8}") {
            prop_assert_eq!(Glob::value(&a).expect("valid").matches(&b), a == b);
        }
    }
}
