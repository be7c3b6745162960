//! The tokens of a plain query, in one pass: what every database cuts in the same places, and nothing else.
//!
//! Invariant: a text that is taken has no backslash beside a quote, no `#`, no text in dollars, no comment that some database does not
//! end where the others do, no executable one, and no triple quotes.

use std::sync::LazyLock;

use super::super::DEEPEST;
use super::super::tokens::{is_ending, is_file};

/// The most tokens that are read, as the parser would count them.
const MOST: usize = 1200;

/// The large parser's dialects, each a bit. What is read by one of them, and changes nothing in the others, reads.
pub(super) const POSTGRES: u8 = 1;
pub(super) const MYSQL: u8 = 2;
pub(super) const SQLITE: u8 = 4;
pub(super) const SQL_SERVER: u8 = 8;
pub(super) const GENERIC: u8 = 16;
const ALL: u8 = POSTGRES | MYSQL | SQLITE | SQL_SERVER | GENERIC;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token<'a> {
    /// A word that is no name.
    Key(Key),
    Name(&'a str),
    /// A name in quotes, backticks or brackets.
    Quoted,
    /// `5`
    Whole,
    /// `2.5`, `1e5`
    Number,
    Text,
    /// `N'…'`
    National,
    /// `$1`, `?`
    Given,
    /// `:name`: given from outside, or a way into what stands before it.
    Colon,
    /// `[1]`, `['a']`
    Index,
    /// `[]`, `[1, 2]`
    List,
    Sign(&'a str),
    End,
}

macro_rules! keys {
    ($($key:ident $word:literal)*, change: $changes:literal, other: $others:literal) => {
        /// A word that is no name: it begins, joins or ends parts of a statement.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Key {
            $($key,)*
            /// It changes something, or locks.
            Change,
            /// It stands in no plain query.
            Other,
        }

        const KEYS: &[(&str, Key)] = &[$(($word, Key::$key)),*];
        const CHANGE: &str = $changes;
        const OTHER: &str = $others;
    };
}

keys! {
    All "all" Analyze "analyze" And "and" Any "any" Array "array" As "as" Asc "asc" Between "between" By "by"
    Case "case" Cast "cast" Collate "collate" Cross "cross" Cube "cube" Desc "desc" Distinct "distinct" Else "else" End "end" Escape "escape" Except "except"
    Exists "exists" Explain "explain" Extract "extract" False "false" Fetch "fetch" Filter "filter" For "for" From "from"
    Full "full" Group "group" Grouping "grouping" Having "having" Ignore "ignore" Ilike "ilike" In "in" Inner "inner" Intersect "intersect"
    Interval "interval" Is "is" Join "join" Lateral "lateral" Left "left" Like "like" Limit "limit" Natural "natural"
    Not "not" Null "null" Offset "offset" On "on" Only "only" Or "or" Order "order" Outer "outer" Over "over"
    Partition "partition" Position "position" Qualify "qualify" Recursive "recursive" Regexp "regexp" Replace "replace" Respect "respect" Right "right" Rlike "rlike" Rollup "rollup" Row "row"
    SafeCast "safe_cast" Select "select" Similar "similar" Then "then" Top "top" Trim "trim" True "true" TryCast "try_cast" Union "union"
    Using "using" Values "values" When "when" Where "where" Window "window" With "with" Within "within",
    change: "alter attach call checkpoint commit copy create delete detach drop dumpfile exec execute grant \
        holdlock insert into merge nextval outfile paglock reconfigure reindex rename revert revoke rollback rowlock \
        setuser shutdown tablock tablockx truncate update updlock vacuum xlock",
    other: "anti apply asof authorization backup begin bernoulli break bulk check cluster connect dbcc \
        declare deny describe div do export flush glob global go handler install isnull json_table \
        kill load lock match match_condition match_recognize member notnull openjson operator option overlaps overlay pivot pragma \
        print procedure qualified raiserror readtext reset restore return returning sample semi \
        set show some straight_join summarize symmetric table tablesample unload unpivot use waitfor xmltable xor"
}

/// Where the words of one length and first letter lie.
struct Table {
    words: Vec<(&'static str, Key)>,
    index: Vec<(usize, usize)>,
}

const LONGEST_KEY: usize = 16;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let all = |words: &'static str, key| words.split_whitespace().map(move |word| (word, key));
    let others = all(CHANGE, Key::Change).chain(all(OTHER, Key::Other));
    let mut words: Vec<_> = KEYS.iter().copied().chain(others).collect();
    let place = |word: &str| word.len() * 26 + usize::from(word.as_bytes()[0] - b'a');
    words.sort_unstable_by_key(|(word, _)| place(word));
    let index = (0..(LONGEST_KEY + 1) * 26)
        .map(|at| (words.partition_point(|(w, _)| place(w) < at), words.partition_point(|(w, _)| place(w) <= at)))
        .collect();
    Table { words, index }
});

/// What a word is, unless it is a name.
fn key(word: &str) -> Option<Key> {
    let first = usize::from(word.as_bytes().first()?.to_ascii_lowercase().checked_sub(b'a')?);
    if first > 25 || word.len() > LONGEST_KEY {
        return None;
    }
    let (from, to) = *TABLE.index.get(word.len() * 26 + first)?;
    TABLE.words.get(from..to)?.iter().find(|(own, _)| own.eq_ignore_ascii_case(word)).map(|(_, key)| *key)
}

/// Whether a word changes something, or locks, in some place.
const fn changes(key: Key) -> bool {
    matches!(key, Key::Change | Key::For)
}

/// How long the sign is that a text begins with.
fn sign(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'!', b'~', b'*', ..] | [b'-', b'>', b'>', ..] | [b'<', b'=' | b'-', b'>', ..] => Some(3),
        [b'!', b'=' | b'~', ..]
        | [b'-' | b'@', b'>', ..]
        | [b'=' | b'>', b'>' | b'=', ..]
        | [b'<', b'=' | b'>' | b'<' | b'@', ..]
        | [b':', b':', ..]
        | [b'&', b'&', ..]
        | [b'|', b'|', ..]
        | [b'~', b'*', ..] => Some(2),
        [first, ..] if b"(),.;=<>+-*/%~&|^".contains(first) => Some(1),
        _ => None,
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Which parsers read all of it.
    readers: u8,
    /// What came before.
    last: Token<'a>,
    /// As the parser counts them.
    count: usize,
    depth: usize,
    cases: usize,
    prefixes: usize,
}

/// The tokens of a text, without blanks and comments, [`Token::End`] last, and which parsers read them;
/// `None`: it is not plain.
pub(super) fn tokens(text: &str) -> Option<(Vec<Token<'_>>, u8)> {
    let mut lexer = Lexer { text, at: 0, readers: ALL, last: Token::End, count: 0, depth: 0, cases: 0, prefixes: 0 };
    let mut tokens = Vec::with_capacity(text.len() / 4 + 2);
    loop {
        lexer.blanks()?;
        let token = lexer.next()?;
        // A function with a name in quotes is anybody's, and none where that is a text.
        if token == Token::Sign("(") && lexer.last == Token::Quoted {
            return None;
        }
        lexer.last = token;
        lexer.count(token)?;
        tokens.push(token);
        if token == Token::End {
            return Some((tokens, lexer.readers));
        }
    }
}

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Goes past blanks and comments.
    fn blanks(&mut self) -> Option<()> {
        loop {
            self.at += self.rest().iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
            let rest = self.rest();
            let plain = |b: &u8| matches!(b, b' '..=b'~' | b'\t');
            match rest {
                // MySQL wants a blank after it, PostgreSQL ends it at a carriage return too.
                [b'-', b'-', b' ' | b'\t' | b'\n', ..] => {
                    let len = rest.iter().take_while(|b| plain(b)).count();
                    (!is_suspect(rest.get(..len)?)).then_some(())?;
                    match rest.get(len..)? {
                        [] | [b'\n', ..] | [b'\r', b'\n', ..] => self.at += len,
                        _ => return None,
                    }
                }
                // Some nest them, and MySQL runs or heeds some.
                [b'/', b'*', first, ..] if !matches!(first, b'!' | b'+' | b'M') => {
                    let inside = rest.get(2..)?;
                    let len = memchr::memmem::find(inside, b"*/")?;
                    let inside = inside.get(..len)?;
                    let odd = |b: &u8| !plain(b) && *b != b'\n' && *b != b'\r';
                    if inside.iter().any(odd) || memchr::memmem::find(inside, b"/*").is_some() || inside.ends_with(b"/")
                    {
                        return None;
                    }
                    self.at += len + 4;
                }
                _ => return Some(()),
            }
        }
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        let after = |from: usize, fits: fn(u8) -> bool| {
            from + rest.get(from..).unwrap_or_default().iter().take_while(|b| fits(**b)).count()
        };
        let (token, len) = match rest {
            [] => (Token::End, 0),
            [b'n' | b'N', text @ ..] if text.starts_with(b"'") => (Token::National, 1 + string(text)?),
            [b'a'..=b'z' | b'A'..=b'Z' | b'_', ..] => {
                let len = after(1, is_part);
                // `e'…'`, `x'…'`, `n'…'` are texts of other kinds; `a$b`, `a@b` names in some databases.
                if matches!(rest.get(len), Some(b'\'' | b'$' | b'@' | b'#' | b'"' | b'`')) {
                    return None;
                }
                let word = self.text.get(self.at..self.at + len)?;
                (key(word).map_or(Token::Name(word), Token::Key), len)
            }
            [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => {
                let len = number(rest)?;
                let whole = rest.iter().take(len).all(u8::is_ascii_digit);
                (if whole { Token::Whole } else { Token::Number }, len)
            }
            [b'\'', ..] => (Token::Text, string(rest)?),
            [b'"', ..] => (Token::Quoted, self.quoted(b'"')?),
            [b'`', ..] => (Token::Quoted, self.quoted(b'`')?),
            [b'[', b'0'..=b'9' | b'\'' | b']', ..] => self.index()?,
            [b'[', ..] if self.last == Token::Key(Key::Array) => self.index()?,
            [b'[', ..] => (Token::Quoted, self.quoted(b']')?),
            [b'?', ..] => (Token::Given, 1),
            [b'@', b'a'..=b'z' | b'A'..=b'Z' | b'_', ..] => (Token::Given, after(1, is_part)),
            [b'$', b'0'..=b'9', ..] => (Token::Given, after(1, |b| b.is_ascii_digit())),
            [b':', b'a'..=b'z' | b'A'..=b'Z' | b'_', ..] => {
                let len = after(1, is_part);
                let name = self.text.get(self.at + 1..self.at + len)?;
                (!key(name).is_some_and(changes)).then_some((Token::Colon, len))?
            }
            // Comments, and `U&"…"`, which spells any name.
            [b'-', b'-', ..] | [b'/', b'*' | b'/', ..] | [b'*', b'/', ..] | [b'&', b'"' | b'\'', ..] => return None,
            _ => {
                let len = sign(rest)?;
                (Token::Sign(self.text.get(self.at..self.at + len)?), len)
            }
        };
        self.readers &= match (token, rest) {
            (Token::Quoted, [b'[', ..]) => SQLITE | SQL_SERVER,
            (Token::Quoted, [b'`', ..]) => MYSQL | SQLITE | GENERIC,
            (Token::Given, [b'?' | b'@', ..]) => !POSTGRES,
            _ => ALL,
        };
        let glued = || match rest.get(len..) {
            Some([b':', b':', ..]) => token == Token::Given,
            Some([next, ..]) => is_part(*next) || b"$?:'\"`".contains(next),
            _ => false,
        };
        if matches!(token, Token::Given | Token::Colon) && glued() {
            return None;
        }
        self.at += len;
        Some(token)
    }

    /// A name in quotes: letters, digits and blanks, no word that changes anything.
    fn quoted(&mut self, end: u8) -> Option<usize> {
        let inside = self.rest().get(1..)?;
        let len = memchr::memchr(end, inside)?;
        let name = self.text.get(self.at + 1..self.at + 1 + len)?;
        // What some cut into pieces has nothing in it that means anything; `"Total (USD)"` is one piece to all.
        let fits = |b: u8| match end {
            b'`' => is_part(b) || b" .-".contains(&b),
            b'"' => is_part(b) || b" ()%-.,:+=<>#?!".contains(&b),
            _ => is_part(b) || b == b' ',
        };
        let words = || name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let starts = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        if !starts
            || !name.bytes().all(fits)
            || name.contains("--")
            || is_file(name)
            || is_ending(name)
            || words().any(|word| key(word).is_some_and(changes))
        {
            return None;
        }
        // `"a""b"`, `[a]]b]`, and texts that some take for one.
        if matches!(inside.get(len + 1), Some(b'"' | b'`' | b'\'' | b'[' | b']' | b'(' | b'$' | b'@')) {
            return None;
        }
        self.count += 2 * words().count() + 2;
        self.depth_is_within(1)?;
        Some(len + 2)
    }

    /// `[1, 2]`: to some databases a list or a place in one, to others a name that ends where the list does.
    fn index(&mut self) -> Option<(Token<'a>, usize)> {
        let inside = self.rest().get(1..)?;
        let len = memchr::memchr(b']', inside)?;
        let inside = inside.get(..len)?;
        let array = self.last == Token::Key(Key::Array);
        let is_item = |item: &[u8]| match item.trim_ascii() {
            [b'\'', text @ .., b'\''] => text.iter().all(|b| is_part(*b) || b" .%".contains(b)),
            // `ARRAY[a, t.b]`
            name if array && name.first().is_some_and(u8::is_ascii_alphabetic) => {
                name.split(|b| *b == b'.').all(|part| {
                    part.first().is_some_and(u8::is_ascii_alphabetic)
                        && part.iter().all(|b| is_part(*b))
                        && str::from_utf8(part).is_ok_and(|part| key(part).is_none())
                })
            }
            number => !number.is_empty() && number.iter().all(u8::is_ascii_digit),
        };
        let items = inside.split(|b| *b == b',').count();
        if !inside.is_empty() && !inside.split(|b| *b == b',').all(is_item) {
            return None;
        }
        self.count += inside.len();
        self.depth_is_within(1)?;
        let one = items == 1 && !inside.is_empty();
        Some((if one { Token::Index } else { Token::List }, len + 2))
    }

    fn depth_is_within(&self, more: usize) -> Option<()> {
        (self.depth + self.cases + self.prefixes + more <= DEEPEST).then_some(())
    }

    /// Counts as the large parser's guard does.
    fn count(&mut self, token: Token<'a>) -> Option<()> {
        self.count += 1;
        let is_prefix = matches!(token, Token::Key(Key::Not) | Token::Sign("-" | "+" | "~"));
        self.prefixes = if is_prefix { self.prefixes + 1 } else { 0 };
        match token {
            Token::Sign("(") => self.depth += 1,
            Token::Sign(")") => self.depth = self.depth.saturating_sub(1),
            Token::Key(Key::Case) => self.cases += 1,
            Token::Key(Key::End) => self.cases = self.cases.saturating_sub(1),
            _ => {}
        }
        self.depth_is_within(0)?;
        (self.count <= MOST).then_some(())
    }
}

/// Whether a text or a comment holds what would mean something outside of it: that is for the large parser.
fn is_suspect(inside: &[u8]) -> bool {
    let holds = |sign: &[u8]| memchr::memmem::find(inside, sign).is_some();
    holds(b"/*") || holds(b"&\"") || (!inside.is_ascii() && holds(b"--"))
}

/// How long a number is: `1`, `2.5`, `.5`, `1e-5`.
fn number(rest: &[u8]) -> Option<usize> {
    let digits =
        |from: usize| from + rest.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
    let mut len = digits(0);
    if rest.get(len) == Some(&b'.') {
        len = digits(len + 1);
    }
    if matches!(rest.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(rest.get(len + 1), Some(b'+' | b'-')));
        let end = digits(len + 1 + sign);
        (end > len + 1 + sign).then_some(())?;
        len = end;
    }
    let glued = rest.get(len).is_some_and(|b| is_part(*b) || b".'\"`$@#".contains(b));
    (!glued).then_some(len)
}

/// How long a text is: with `''` for a quote or with backslashes, but not with both, nor with triple quotes.
fn string(rest: &[u8]) -> Option<usize> {
    let mut len = 1;
    loop {
        len += memchr::memchr(b'\'', rest.get(len..)?)? + 1;
        if rest.get(len) != Some(&b'\'') {
            break;
        }
        len += 1;
        if rest.get(len) == Some(&b'\'') {
            return None;
        }
    }
    let inside = rest.get(1..len - 1)?;
    let odd = |b: &u8| b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r');
    // A backslash means something to some, but not to where a text without quotes in it ends.
    if memchr::memchr(b'\\', inside).is_some() && (inside.ends_with(b"\\") || inside.contains(&b'\'')) {
        return None;
    }
    let triple = inside.first() == Some(&b'\'') || inside.last() == Some(&b'\'');
    let glued = rest.get(len).is_some_and(|b| is_part(*b) || b"\"`$@#".contains(b));
    (!inside.iter().any(odd) && !is_suspect(inside) && !triple && !glued).then_some(len)
}
