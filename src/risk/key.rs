//! The key of a value: its words, and the answers given about it so far. Rows have the same few keys thousands of times
//! over, the elements of a list have one among them, and a dozen families ask the same of each.

use std::cell::RefCell;
use std::ops::Deref;

use super::words::Words;

/// The most answers that are kept of one key.
const MOST: usize = 64;

/// A question about a key: which one, and the list that it is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    IsOneOf(usize, usize),
    HasOneOf(usize, usize),
    EndsIn(usize, usize),
    Is(usize),
}

/// A key, with what was asked of it before.
#[derive(Debug, Default)]
pub struct Key {
    words: Words,
    /// `None` until the key comes up again: most keys never do.
    answers: Option<RefCell<Vec<(Ask, bool)>>>,
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("asked")
    }
}

impl Deref for Key {
    type Target = Words;

    fn deref(&self) -> &Words {
        &self.words
    }
}

impl Key {
    pub(super) const fn new(words: Words) -> Self {
        Self { words, answers: None }
    }

    /// The key came up again, or another value of its list: from now on answers are kept.
    pub(super) fn again(&mut self) {
        self.answers.get_or_insert_default();
    }

    /// Whether the whole key is one of these (words joined by `_`).
    pub fn is_one_of(&self, names: &'static [&'static str]) -> bool {
        self.answer(Ask::IsOneOf(names.as_ptr().addr(), names.len()), || self.words.is_one_of(names))
    }

    /// Whether one of its words is one of these.
    pub fn has_one_of(&self, words: &'static [&'static str]) -> bool {
        self.answer(Ask::HasOneOf(words.as_ptr().addr(), words.len()), || self.words.has_one_of(words))
    }

    /// Whether its last word is one of these.
    pub fn ends_in(&self, words: &'static [&'static str]) -> bool {
        self.answer(Ask::EndsIn(words.as_ptr().addr(), words.len()), || self.words.ends_in(words))
    }

    /// Whether this is true of it, by its words alone.
    pub fn is(&self, true_of: fn(&Words) -> bool) -> bool {
        self.answer(Ask::Is(true_of as usize), || true_of(&self.words))
    }

    fn answer(&self, ask: Ask, find: impl FnOnce() -> bool) -> bool {
        let Some(answers) = &self.answers else { return find() };
        if let Some((_, answer)) = answers.borrow().iter().find(|(asked, _)| *asked == ask) {
            return *answer;
        }
        let answer = find();
        let mut answers = answers.borrow_mut();
        if answers.len() < MOST {
            answers.push((ask, answer));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_answers_alike_however_often_it_is_asked() {
        const LISTS: [&[&str]; 3] = [&["file_path", "path"], &["path"], &["file"]];
        let mut key = Key::new(Words::of("filePath"));
        for _ in 0..3 {
            assert_eq!(LISTS.map(|list| key.is_one_of(list)), [true, false, false]);
            assert_eq!(LISTS.map(|list| key.has_one_of(list)), [true, true, true]);
            assert_eq!(LISTS.map(|list| key.ends_in(list)), [true, true, false]);
            assert!(key.is(|words| words.has_pair("file", "path")) && !key.is(|words| words.is_one_of(&["x"])));
            key.again();
        }
    }
}
