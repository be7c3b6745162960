//! The words of a name in any casing: `readFile`, `read_file`, `READ-FILE`, `HTTPGet`, `get2fa`.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Lower-case words, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Joined by `_`.
    joined: String,
    /// The marks of each of them, of all together, and of the last.
    each: u128,
    whole: u128,
    last: u128,
}

/// Words, or names of several joined by `_`, to look others up in. A dozen families ask about each key, and nearly every
/// answer is no: that is told by the marks that the words leave, without a look at the words.
#[derive(Debug)]
pub struct List {
    words: &'static [&'static str],
    marks: u128,
}

impl List {
    /// The list of these.
    pub const fn of(words: &'static [&'static str]) -> Self {
        let (mut marks, mut at) = (0, 0);
        while at < words.len() {
            marks |= mark(words[at].as_bytes());
            at += 1;
        }
        Self { words, marks }
    }

    /// Whether this is one of them.
    pub fn contains(&self, word: &str) -> bool {
        self.marks & mark(word.as_bytes()) != 0 && self.words.contains(&word)
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.words.iter().copied()
    }
}

/// One of 128, by where a word begins and by its length.
const fn mark(word: &[u8]) -> u128 {
    match word {
        [] => 0,
        [first, ..] => 1 << ((*first as usize & 31) << 2 | word.len() & 3),
    }
}

/// What is known of certain names, for looking many others up. The names are few and fixed, so any hash will do.
pub type Lookup<V> = HashMap<&'static str, V, BuildHasherDefault<Short>>;

/// FNV-1a, quick for a handful of bytes.
pub struct Short(u64);

impl Default for Short {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Short {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Words {
    /// Takes a name apart: at whatever is neither letter nor digit, and where the casing begins a word.
    pub fn of(name: &str) -> Self {
        let mut out = String::with_capacity(name.len() + 4);
        let mut chars = name.chars().peekable();
        let (mut before_lower, mut before_upper) = (false, false);
        while let Some(c) = chars.next() {
            if !c.is_alphanumeric() {
                if !out.ends_with('_') && !out.is_empty() {
                    out.push('_');
                }
                (before_lower, before_upper) = (false, false);
                continue;
            }
            let starts =
                c.is_uppercase() && (before_lower || before_upper && chars.peek().is_some_and(|n| n.is_lowercase()));
            if starts && !out.ends_with('_') {
                out.push('_');
            }
            (before_lower, before_upper) = (c.is_lowercase() || c.is_numeric(), c.is_uppercase());
            out.extend(c.to_lowercase());
        }
        if out.ends_with('_') {
            out.pop();
        }
        let mut words = Self { whole: mark(out.as_bytes()), joined: out, each: 0, last: 0 };
        for word in words.joined.split('_') {
            words.last = mark(word.as_bytes());
            words.each |= words.last;
        }
        words
    }

    /// One by one.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.joined.split('_').filter(|word| !word.is_empty())
    }

    /// All of them, joined by `_`.
    pub fn joined(&self) -> &str {
        &self.joined
    }

    /// Whether the whole name is one of these.
    pub fn is_one_of(&self, names: &List) -> bool {
        self.whole & names.marks != 0 && names.words.contains(&self.joined())
    }

    /// Whether one of its words is one of these.
    pub fn has_one_of(&self, words: &List) -> bool {
        self.each & words.marks != 0 && self.iter().any(|word| words.contains(word))
    }

    /// Whether its last word is one of these.
    pub fn ends_in(&self, words: &List) -> bool {
        self.last & words.marks != 0 && self.iter().next_back().is_some_and(|word| words.words.contains(&word))
    }

    /// Whether these two stand side by side.
    pub fn has_pair(&self, first: &str, second: &str) -> bool {
        // Most names are one word.
        let both = mark(first.as_bytes()) | mark(second.as_bytes());
        self.each & both == both && self.iter().zip(self.iter().skip(1)).any(|pair| pair == (first, second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_any_casing_has_the_same_words() {
        for name in ["read_file", "readFile", "ReadFile", "READ-FILE", "read.file", "__read  file__", "read/file"] {
            assert_eq!(Words::of(name).joined(), "read_file", "{name}");
        }
        assert_eq!(Words::of("getHTTPResponse2x").joined(), "get_http_response2x");
        assert_eq!(Words::of("").iter().count() + Words::of("__--").iter().count(), 0);
    }

    #[test]
    fn marks_hide_no_word_of_a_list() {
        const LIST: &List = &List::of(&["path", "file_path", "a", "z", "zz", "größe", "2fa", "to"]);
        for word in LIST.iter() {
            assert!(LIST.contains(word), "{word}");
            assert!(Words::of(word).is_one_of(LIST), "{word}");
            let last = word.rsplit('_').next().expect("a word");
            let inner = Words::of(&format!("my_{last}_of"));
            assert_eq!(
                (inner.has_one_of(LIST), inner.is_one_of(LIST), inner.ends_in(LIST)),
                (true, false, false),
                "{word}"
            );
            assert!(Words::of(&format!("my-{last}")).ends_in(LIST), "{word}");
            assert!(inner.has_pair("my", last) && inner.has_pair(last, "of") && !inner.has_pair("of", last), "{word}");
        }
        // "pith" leaves the mark of "path".
        for other in ["pith", "", "PATHS", "file path x", "too"] {
            let words = Words::of(other);
            assert!(!LIST.contains(other) && !words.is_one_of(LIST) && !words.ends_in(LIST), "{other}");
        }
    }
}
