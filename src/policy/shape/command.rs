//! `{ command = "git log" }`: a single simple command that begins with these words.
//!
//! Invariant: a text fits exactly only when every shell, and a program that splits at blanks, takes it for the same
//! words: letters, digits and a few signs, parted by single blanks. Anything else (quotes, operators, expansions,
//! redirections, variables set before) never loosens. It tightens wherever these words follow each other, as the names
//! of programs do in lists, pipelines, substitutions and behind `sudo`.

use super::Fit;
use crate::json;

/// Why the first words of a command are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCommand {
    /// Nothing there.
    #[error("command is empty; write the words a command begins with, as \"git log\"")]
    Empty,
    /// A shell would do something with it.
    #[error("the word {0:?} is more than a plain word to a shell; write words without quotes, operators or wildcards")]
    Word(String),
}

/// The words that a command begins with.
pub(super) fn prefix(text: &str) -> Result<Vec<String>, BadCommand> {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    match words.iter().find(|word| !is_plain(word)) {
        Some(word) => Err(BadCommand::Word(word.clone())),
        None if words.is_empty() => Err(BadCommand::Empty),
        None => Ok(words),
    }
}

/// Whether a word is itself to every shell.
fn is_plain(word: &str) -> bool {
    let sign = |b| b"_-./:,@+=".contains(&b);
    // `=git` is a place to some shells.
    !word.is_empty() && !word.starts_with('=') && word.bytes().all(|b| b.is_ascii_alphanumeric() || sign(b))
}

/// How far a command line fits.
pub(super) fn fit(prefix: &[String], text: &str) -> Fit {
    let words: Vec<&str> = text.split(' ').collect();
    // `A=b git log` sets a variable, which may say what `git` is.
    let simple = words.iter().all(|word| is_plain(word)) && !words[0].contains('=');
    if simple && starts(prefix, &words) {
        return Fit::Exact;
    }
    let pieces: Vec<&str> = text.split(is_between).filter(|piece| !piece.is_empty()).collect();
    if has_within(prefix, &pieces) || has_within(prefix, &bare(text)) { Fit::Wide } else { Fit::No }
}

/// How far a list of words fits (`["git", "log"]`).
pub(super) fn list(prefix: &[String], raw: &str) -> Fit {
    if !raw.starts_with('[') || json::elements(raw).any(|element| !element.starts_with('"')) {
        return Fit::No;
    }
    let words: Vec<_> = json::elements(raw).map(json::unescape).collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    if !words.is_empty() && words.iter().all(|word| is_plain(word)) && starts(prefix, &words) {
        return Fit::Exact;
    }
    fit(prefix, &words.join(" ")).min(Fit::Wide)
}

/// Where one word ends for some shell.
fn is_between(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "|&;<>()`'\"{}$\\!".contains(c)
}

/// The words once quotes and backslashes are taken away, as a shell does: `g\it 'lo'g` is `git log`.
fn bare(text: &str) -> Vec<String> {
    let text: String = text.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
    text.split(is_between).filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
}

fn starts<T: AsRef<str>>(prefix: &[String], words: &[T]) -> bool {
    words.len() >= prefix.len() && prefix.iter().zip(words).all(|(own, word)| own == word.as_ref())
}

/// Whether the words follow each other anywhere, the first perhaps behind its folder or in other casing, options and
/// their values perhaps between (`git -C x push`).
fn has_within<T: AsRef<str>>(prefix: &[String], words: &[T]) -> bool {
    let named = |own: &str, word: &str| {
        own == word || word.rsplit(['/', '\\']).next().is_some_and(|name| name.eq_ignore_ascii_case(own))
    };
    (0..words.len()).filter(|start| named(&prefix[0], words[*start].as_ref())).any(|start| {
        let mut next = 1;
        let mut option = false;
        for word in words[start + 1..].iter().map(AsRef::as_ref) {
            if next == prefix.len() || (word != prefix[next] && !word.starts_with('-') && !option) {
                break;
            }
            option = word != prefix[next] && word.starts_with('-');
            next += usize::from(word == prefix[next]);
        }
        next == prefix.len()
    })
}
