//! What a line reckons with. To a shell a variable in a calculation is a calculation itself, and so is the place in an
//! array: what was read into it from a file runs as a command when it says so (`a[$(rm x)]`).
//!
//! What a line has put into a variable is its own doing too where it goes out to a service.
//!
//! Invariant: a name that a line reckons with is given nothing but numbers in that line, or the line is unsure. What it
//! was given before the line is not seen.

use std::collections::HashSet;
use std::ops::Range;

use super::script::Word;

/// A name that is reckoned with.
struct Used {
    name: String,
    /// The array whose place it tells, which may be one of names.
    array: Option<String>,
    at: Range<usize>,
}

/// What a line gives to variables, and which of them it reckons with.
#[derive(Default)]
pub struct Numbers {
    used: Vec<Used>,
    /// The names that are given what may be no number.
    given: HashSet<String>,
    /// The arrays whose places are names: `declare -A`.
    named: HashSet<String>,
    /// Whether a part of the line is not read here.
    unseen: bool,
}

impl Numbers {
    /// A variable is given this, as it is written.
    pub fn give(&mut self, name: &str, written: &str) {
        if !is_number(written) {
            self.given.insert(name.to_owned());
        }
    }

    /// The places of an array are names.
    pub fn name(&mut self, array: &str) {
        self.named.insert(array.to_owned());
    }

    /// What a command gives to variables.
    pub fn command(&mut self, words: &[Word]) {
        let Some((first, rest)) = words.split_first() else { return };
        let texts = || rest.iter().map(|word| word.text.as_str());
        match first.text.as_str() {
            "read" | "mapfile" | "readarray" | "getopts" => {
                self.given.extend(["REPLY", "MAPFILE", "OPTARG"].map(str::to_owned));
                self.given.extend(texts().map(str::to_owned));
            }
            "printf" if texts().next() == Some("-v") => self.given.extend(texts().nth(1).map(str::to_owned)),
            "declare" | "typeset" | "local" | "readonly" | "export" => {
                let named = texts().any(|text| text.starts_with('-') && text.contains('A'));
                for text in texts().filter(|text| !text.starts_with('-')) {
                    match text.split_once('=') {
                        Some((name, value)) => self.give(name, value),
                        None if named => self.name(text),
                        None => {}
                    }
                }
            }
            "eval" | "source" | "." => self.unseen = true,
            _ => {}
        }
    }

    /// A calculation, as it is written.
    pub fn reckon(&mut self, text: &str, at: &Range<usize>) {
        self.place(None, text, at);
    }

    /// A place in an array, as it is written.
    pub fn place(&mut self, array: Option<&str>, text: &str, at: &Range<usize>) {
        let part = |c: char| c == '_' || c.is_ascii_alphanumeric();
        let mut rest = text;
        let mut before = "";
        while let Some(start) = rest.find(part) {
            before = if start > 0 { &rest[..start] } else { before };
            let len = rest[start..].find(|c| !part(c)).unwrap_or(rest.len() - start);
            let word = &rest[start..start + len];
            // `$1` is whatever was given; `16#ff`, `0x1f` are numbers, `${#x}` is one.
            let given = before.ends_with(['$', '{']) && word.starts_with(|c: char| matches!(c, '1'..='9'));
            let name = word.starts_with(|c: char| !c.is_ascii_digit()) && !before.ends_with('#');
            if given || name {
                self.used.push(Used { name: word.to_owned(), array: array.map(str::to_owned), at: at.clone() });
            }
            rest = &rest[start + len..];
            before = "";
        }
        if text.contains("$@") || text.contains("$*") {
            self.used.push(Used { name: "1".to_owned(), array: None, at: at.clone() });
        }
    }

    /// What stands in `${…}`: a place in an array, or a name that is the name of another.
    pub fn parameter(&mut self, written: &str, at: &Range<usize>) {
        let Some(inside) = written.strip_prefix("${") else { return };
        let inside = inside.strip_suffix('}').unwrap_or(inside);
        let own = inside.trim_start_matches(['!', '#']);
        let len = own.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(own.len());
        let (name, rest) = own.split_at(len);
        if let Some(place) = rest.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')).map(|(place, _)| place) {
            if place != "@" && place != "*" {
                self.place(Some(name), place, at);
            }
        } else if inside.starts_with('!') && !rest.starts_with(['@', '*']) {
            self.reckon(name, at);
        }
    }

    /// Whether a word, as it is written, takes in what the line itself has made: what a command writes, or a variable that
    /// the line gave something to. Any other variable is from before.
    pub fn makes(&self, word: &str) -> bool {
        let part = |c: char| c == '_' || c.is_ascii_alphanumeric();
        let given = || {
            word.match_indices('$').any(|(at, _)| {
                let name = word[at + 1..].trim_start_matches(['{', '!', '#']);
                let len = name.find(|c| !part(c)).unwrap_or(name.len());
                self.given.contains(&name[..len])
            })
        };
        word.contains("$(") || word.contains('`') || given()
    }

    /// Where the line reckons with what may be no number.
    pub fn unsure(&self) -> Option<Range<usize>> {
        let open = |used: &&Used| {
            let named = used.array.as_ref().is_some_and(|array| self.named.contains(array));
            let digit = used.name.starts_with(|c: char| c.is_ascii_digit());
            !named && (self.unseen || digit || self.given.contains(&used.name))
        };
        self.used.iter().find(open).map(|used| used.at.clone())
    }
}

/// Whether what is written is a number, whatever the shell makes of it.
fn is_number(written: &str) -> bool {
    let text = written.trim_matches('"');
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let range = |text: &str| text.split("..").all(|part| digits(part.strip_prefix('-').unwrap_or(part)));
    let known = ["$?", "$#", "$$", "$!", "$RANDOM", "$SECONDS", "$LINENO", "$EPOCHSECONDS", "$UID"];
    digits(text.strip_prefix('-').unwrap_or(text))
        || known.contains(&text)
        || text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).is_some_and(range)
        || text.strip_prefix("${#").is_some_and(|rest| rest.ends_with('}') && !rest.contains(['$', '`']))
        || (text.starts_with("$((") && text.ends_with("))") && text.matches("$(").count() == 1)
        || text.strip_prefix("$(").and_then(|text| text.strip_suffix(')')).is_some_and(counts)
}

/// Whether a pipeline writes a number and nothing else.
fn counts(line: &str) -> bool {
    if line.contains([';', '&', '\n', '`', '$', '(']) {
        return false;
    }
    let line = line.trim();
    let line =
        ["| tr -d ' '", "| tr -d '[:space:]'", "| xargs"].iter().find_map(|end| line.strip_suffix(end)).unwrap_or(line);
    let last = line.rsplit('|').next().unwrap_or_default().trim();
    let words: Vec<&str> = last.split_whitespace().collect();
    match words.as_slice() {
        ["nproc"]
        | ["wc", "-l" | "-c" | "-w" | "-m"]
        | ["date", "+%s" | "+%s%N"]
        | ["stat", "-c", "%s" | "%Y", _]
        | ["stat", "-c%s" | "-f%z", _]
        | ["stat", "-f", "%z", _] => true,
        ["wc", "-l" | "-c" | "-w" | "-m", file, ..] => file.starts_with('<'),
        ["grep", "-c", _] => line.contains('|'),
        ["seq", numbers @ ..] => numbers.iter().all(|number| number.bytes().all(|b| b.is_ascii_digit())),
        _ => false,
    }
}
