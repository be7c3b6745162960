//! Commands that write the names of files below the folder they run in, one after the other, for `xargs` to take up.

use super::script::{Command, Sure, Word};
use crate::risk::paths;

/// Whether what comes out of the last of these, which stand in one plain line, are the names of such files: it lists them,
/// or passes on what another one lists.
pub fn names_files(before: &[Command]) -> bool {
    let Some((last, before)) = before.split_last() else { return false };
    if last.piped && is_filter(&last.words) { names_files(before) } else { lists(&last.words) }
}

/// `head -5`, `sort -u`, `grep -v x`: what comes out is some of what goes in.
fn is_filter(words: &[Word]) -> bool {
    let Some((name, arguments)) = words.split_first() else { return false };
    let literal = arguments.iter().all(Word::is_literal);
    let operands = arguments.iter().filter(|word| !word.text.starts_with('-')).count();
    let numbers = arguments.iter().filter(|word| word.text.bytes().all(|b| b.is_ascii_digit())).count();
    literal
        && match name.text.as_str() {
            "head" | "tail" => operands == numbers && operands < 2,
            "sort" | "uniq" => operands == 0,
            "grep" | "egrep" | "fgrep" | "rg" => {
                // `-o` would make other names of them.
                let whole = |word: &Word| word.text.trim_start_matches('-').bytes().all(|b| b"vEFiwx".contains(&b));
                operands == 1 && arguments.iter().all(|word| !word.text.starts_with('-') || whole(word))
            }
            _ => false,
        }
}

fn lists(words: &[Word]) -> bool {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let has = |letter: char, longs: &[&str]| {
        let cluster = |text: &&str| text.starts_with('-') && !text.starts_with("--") && text.contains(letter);
        texts.iter().any(|text| longs.contains(text)) || texts.iter().any(cluster)
    };
    let names = match texts[..] {
        ["find" | "gfind", ..] => !texts.iter().any(|text| {
            ["-printf", "-fprint", "-exec", "-ok", "-ls", "-fls"].iter().any(|writes| text.starts_with(writes))
        }),
        ["fd", ..] | ["git", "ls-files", ..] => true,
        ["rg", ..] => has('l', &["--files", "--files-with-matches"]),
        ["grep", ..] | ["git", "grep", ..] => has('l', &["--files-with-matches"]),
        ["git", "diff", ..] => texts.contains(&"--name-only"),
        _ => false,
    };
    // A place that is not below: whatever it may be, an option's value among them.
    let elsewhere = |text: &&str| text.starts_with(['/', '~', '$', '\\']) || text.split(['/', '=']).any(|s| s == "..");
    let secret = |text: &&str| paths::sensitive(text).is_some();
    let known = !texts.iter().skip(1).any(|text| elsewhere(text) || secret(text));
    names && known && words.iter().all(|word| word.sure < Sure::Unknown)
}
