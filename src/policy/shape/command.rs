//! `{ command = "git log" }`: a single simple command that begins with these words.
//!
//! Invariant: a text fits exactly only when every shell, and a program that splits at blanks, takes it for the same
//! words: letters, digits and a few signs, parted by single blanks. Anything else (quotes, operators, expansions,
//! redirections, variables set before) never loosens. It tightens wherever these words follow each other, as the names
//! of programs do in lists, pipelines, substitutions and behind `sudo`.

use super::Fit;
use crate::json;
use crate::risk::subject::tokens;

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
    // A line that goes on after a backslash is one line to a shell.
    let joined = text.replace("\\\r\n", "").replace("\\\n", "");
    let unquoted: String = joined.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
    let comma = |c| c == ',' || is_between(c);
    // As it stands; without quotes and backslashes (`g\it 'lo'g`); with braces taken apart (`{git,log}`).
    let within = has_within(prefix, pieces(&joined, is_between))
        || has_within(prefix, pieces(&unquoted, is_between))
        || unquoted.contains('{') && has_within(prefix, pieces(&unquoted, comma));
    if within { Fit::Wide } else { Fit::No }
}

/// How far a list of words fits (`["git", "log"]`), or an object that holds some.
pub(super) fn list(prefix: &[String], raw: &str) -> Fit {
    let flat = raw.starts_with('[') && json::elements(raw).all(|element| element.starts_with('"'));
    let words: Vec<_> = tokens(raw).filter(|(_, is_key)| !is_key).map(|(text, _)| json::unescape(text)).collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    if flat && !words.is_empty() && words.iter().all(|word| is_plain(word)) && starts(prefix, &words) {
        return Fit::Exact;
    }
    // Whoever joins what is in it, at any depth, may have the command.
    fit(prefix, &words.join(" ")).min(Fit::Wide)
}

/// Where one word ends for some shell.
fn is_between(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "|&;<>()`'\"{}$\\!".contains(c)
}

/// The words of a text; `$IFS` is a blank to a shell.
fn pieces(text: &str, is_between: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    let blank = |piece: &str| {
        piece.strip_prefix("IFS").is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    };
    text.split(is_between).filter(move |piece| !piece.is_empty() && !blank(piece))
}

fn starts<T: AsRef<str>>(prefix: &[String], words: &[T]) -> bool {
    words.len() >= prefix.len() && prefix.iter().zip(words).all(|(own, word)| own == word.as_ref())
}

/// Whether the words follow each other anywhere, the first perhaps behind its folder or in other casing, options and
/// their values perhaps between (`git -C x push`). Linear in the text, times the words of the prefix.
fn has_within<'a>(prefix: &[String], words: impl Iterator<Item = &'a str>) -> bool {
    let named = |own: &str, word: &str| {
        own == word || word.rsplit(['/', '\\']).next().is_some_and(|name| name.eq_ignore_ascii_case(own))
    };
    // At `i`: somewhere it has begun, and `i` words of it were met; `option`: the word before was one, and may take this.
    let none = [false; 2];
    let (mut met, mut after) = (vec![none; prefix.len()], vec![none; prefix.len()]);
    for word in words {
        after.fill(none);
        let is_option = word.starts_with('-');
        let on = met.iter().enumerate().filter(|(_, place)| **place != none);
        let begun = named(&prefix[0], word).then_some(1);
        let mut reached = begun.into_iter().collect::<Vec<_>>();
        for (count, [_, option]) in on {
            if word == prefix[count] {
                reached.push(count + 1);
            } else if is_option || *option {
                after[count][usize::from(is_option)] = true;
            }
        }
        for count in reached {
            match after.get_mut(count) {
                Some(place) => place[0] = true,
                None => return true,
            }
        }
        std::mem::swap(&mut met, &mut after);
    }
    false
}
