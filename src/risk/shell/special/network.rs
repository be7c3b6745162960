//! What speaks with other machines: `curl`, `wget`, `rsync`, `ssh`.

use std::ops::Range;

use super::super::commands::{Judge, join};
use super::super::script::{Sure, Word};
use super::super::{DESTROYS, FETCHES, REDIRECTS, SENDS, worst};
use super::{Given, line, operands};
use crate::risk::subject::quoted;

/// Long options of `curl` and `wget` under which they only fetch.
const FETCHING: &[&str] = &[
    "silent",
    "show-error",
    "location",
    "fail",
    "fail-with-body",
    "head",
    "include",
    "compressed",
    "ipv4",
    "ipv6",
    "max-time=",
    "connect-timeout=",
    "retry=",
    "retry-delay=",
    "url=",
    "http1.1",
    "http2",
    "get",
    "verbose",
    "no-progress-meter",
    "globoff",
    "quiet",
    "spider",
    "timeout=",
    "tries=",
    "write-out=",
];

/// `curl` and `wget`, which fetch until an option makes them more.
pub fn fetch(judge: &mut Judge<'_>, own: &str, arguments: &[Word], whole: &Range<usize>) {
    let plain = if own == "curl" { "sSLfIivgG46#N" } else { "qvS46" };
    let read = operands(arguments, plain, if own == "curl" { "mwXHAo" } else { "OTt" }, FETCHING);
    let Some((places, values)) = read else {
        let gone = arguments.iter().any(|word| worst::says_going(&word.text));
        let kind = if gone { DESTROYS } else { SENDS };
        return judge.rule(
            kind,
            whole,
            format!(
                "{} sends something, or has an option that is not known",
                quoted(&format!("{own} {}", join(arguments)))
            ),
        );
    };
    for value in &values {
        given(judge, own, value);
    }
    // wget writes a file unless it is told not to.
    if own == "wget"
        && !arguments
            .iter()
            .any(|word| matches!(word.text.as_str(), "--spider" | "/dev/null" | "-") || word.text.ends_with("O-"))
    {
        judge.rule(REDIRECTS, whole, "wget writes what it fetches to a file".to_owned());
    }
    if arguments.iter().any(|word| word.sure == Sure::Unknown) {
        return judge.rule(
            SENDS,
            whole,
            "where it connects, or what it sends there, is known only when it runs".to_owned(),
        );
    }
    judge.rule(FETCHES, whole, format!("{} fetches from another machine", quoted(own)));
    for place in places {
        match place.text.split_once("://") {
            None | Some(("http" | "https", _)) => judge.urls.push((place.text.clone(), place.at.clone())),
            Some((scheme, _)) => judge.rule(SENDS, &place.at, format!("it speaks {} and not HTTP", quoted(scheme))),
        }
    }
}

/// A value that an option of theirs is given.
fn given(judge: &mut Judge<'_>, own: &str, value: &Given<'_>) {
    let (option, text, value) = (value.option, value.value, value.word);
    let plain = value.is_literal() && !text.starts_with('@') && !text.contains("%output");
    let fine = match option {
        'X' => matches!(text, "GET" | "HEAD" | "OPTIONS"),
        'H' => {
            let lower = text.to_ascii_lowercase();
            plain && ["accept", "content-type", "user-agent"].iter().any(|header| lower.starts_with(header))
        }
        'o' | 'O' => matches!(text, "/dev/null" | "-"),
        _ => plain,
    };
    if !fine {
        let kind = match option {
            'o' | 'O' => REDIRECTS,
            'X' if text == "DELETE" || text == "PURGE" => DESTROYS,
            _ => SENDS,
        };
        let says = format!("{} is given {}, and does more than fetch", quoted(own), quoted(text));
        judge.rule(kind, &value.at, says);
    } else if option == '-' && text.contains("://") {
        judge.urls.push((text.to_owned(), value.at.clone()));
    }
}

/// `rsync --list-only` and `-n` look.
pub fn mirror(judge: &mut Judge<'_>, arguments: &[Word], whole: &Range<usize>) -> bool {
    const LONGS: &[&str] = &[
        "list-only",
        "dry-run",
        "archive",
        "verbose",
        "recursive",
        "human-readable",
        "itemize-changes",
        "stats",
        "progress",
        "exclude=",
        "include=",
        "checksum",
        "delete",
    ];
    let Some((operands, _)) = operands(arguments, "avrzhntlpgoDxHSci", "", LONGS) else { return false };
    let short = |word: &&Word| word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains('n');
    if !arguments.iter().any(|word| matches!(word.text.as_str(), "--list-only" | "--dry-run") || short(&word)) {
        return false;
    }
    if operands.iter().any(|word| word.text.contains(':')) {
        judge.rule(FETCHES, whole, "rsync asks another machine".to_owned());
    }
    for word in operands {
        judge.read_path(word);
    }
    true
}

/// `ssh host command`: it connects, and the command runs there.
pub fn remote(judge: &mut Judge<'_>, arguments: &[Word], whole: &Range<usize>) {
    judge.rule(SENDS, whole, "it runs something on another machine".to_owned());
    match operands_until(arguments, "46AaCfGgKkMNnqsTtVvXxYy", "BbcDEeFIiJLlmOopQRSWw") {
        Some([_, command @ ..]) => line(judge, command, whole),
        _ => judge.worst_of(arguments, whole),
    }
}

/// What comes after the options, where the first operand ends them.
fn operands_until<'w>(arguments: &'w [Word], plain: &str, valued: &str) -> Option<&'w [Word]> {
    let mut rest = arguments;
    while let [word, after @ ..] = rest
        && word.text.starts_with('-')
        && word.text.len() > 1
    {
        rest = after;
        for (at, c) in word.text[1..].char_indices() {
            if valued.contains(c) {
                if 1 + at + c.len_utf8() == word.text.len() {
                    rest = after.get(1..).unwrap_or_default();
                }
                break;
            }
            if !plain.contains(c) {
                return None;
            }
        }
    }
    Some(rest)
}
