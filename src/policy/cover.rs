//! Whether a call lies within what was remembered, and in words what that is.
//!
//! Invariant: strict. Every argument is accounted for; a path, a command line or a URL that could be read in more ways
//! than one lies within nothing. What the words say is all that is covered: they are made from the same [`Cover`].

use super::shape::has_one_reading;
use super::suggest::Remember;
use crate::call::{Call, Params};
use crate::decision::{Cover, Level, Part};
use crate::json;
use crate::risk::subject::tokens;
use crate::risk::words::Words;
use crate::risk::{Link, meta, paths};

/// The longest path, command line or URL that lies within anything, in bytes.
const LONGEST: usize = 4096;

/// Whether an approval with this cover lets the call pass, which is rated `level` now. That the server, the tool and its
/// definition are the same is the key's doing (`Call::tool_key`).
pub fn covers(remember: Remember, cover: &Cover, call: &Call, level: Level, links: &[Link]) -> bool {
    remember.allows(level) && level <= cover.level && fits(cover, &call.params, links)
}

/// Whether what is sent lies within it, whatever its level.
pub fn fits(cover: &Cover, params: &Params, links: &[Link]) -> bool {
    let arguments = params.arguments();
    if !arguments.starts_with('{') || params.others().any(|(key, _)| key != "_meta") {
        return false;
    }
    let mut named = 0;
    for (key, value) in json::members(arguments) {
        let part = cover.args.iter().find(|(own, _)| *own == key).map(|(_, part)| part);
        // Where anything may stand, nothing may that chooses what the tool does, or which tool.
        let free = || !meta::may_choose(&Words::of(&key)) && !meta::holds_chooser(value);
        let fits = match part {
            None => cover.others && free(),
            Some(Part::Any) => free(),
            Some(part) => part_fits(part, value, links),
        };
        if !fits {
            return false;
        }
        named += usize::from(part.is_some());
    }
    named == cover.args.len()
}

fn part_fits(part: &Part, value: &str, links: &[Link]) -> bool {
    let text = || value.starts_with('"').then(|| json::unescape(value)).filter(|text| text.len() <= LONGEST);
    match part {
        Part::Any => true,
        Part::Is(canonical) => json::canonical(value) == *canonical && !holds_link(value, links),
        Part::Under(folder) => text().is_some_and(|path| is_under(folder, &path, links)),
        Part::Command(words) => text().is_some_and(|line| {
            let own = plain_words(&line);
            own.is_some_and(|own| own.len() >= words.len() && own.iter().zip(words).all(|(a, b)| a == b))
        }),
        Part::Host(origin) => text().is_some_and(|url| is_of(origin, &url)),
    }
}

/// Whether a text in it is a path that leads elsewhere, or nobody knows where: then it says less than it seems to.
fn holds_link(value: &str, links: &[Link]) -> bool {
    let leads = |token: &str| links.iter().any(|link| link.is_of(&json::unescape(token)));
    !links.is_empty() && tokens(value).any(|(token, is_key)| !is_key && leads(token))
}

/// Whether every reader takes the path for one below the folder, none of its links leads out of it, and it is no place
/// to be careful in.
fn is_under(folder: &str, path: &str, links: &[Link]) -> bool {
    // Where a link leads is only known for what was looked at; what was looked at and not found out leads anywhere.
    let stays = |link: &Link| link.leads.as_deref().is_some_and(|leads| is_within(folder, leads));
    is_plain_path(path)
        && is_within(folder, path)
        && paths::readings(path).iter().all(|reading| paths::sensitive(reading).is_none())
        && links.iter().filter(|link| link.is_of(path)).all(stays)
}

/// By its letters.
pub(super) fn is_within(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether it is an absolute path with one reading. Of what is not ASCII only letters and digits: the rest may become a
/// dot or a slash when a text is normalised.
pub(super) fn is_plain_path(path: &str) -> bool {
    path.starts_with('/') && has_one_reading(path) && path.chars().all(|c| c.is_ascii() || c.is_alphanumeric())
}

/// The words of a command line that is one command and means the same to every shell, and without any; else none.
pub(super) fn plain_words(line: &str) -> Option<Vec<&str>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=@,+-".contains(c);
    let words: Vec<&str> = line.split(' ').collect();
    // `=git` is a place to some shells.
    let simple = |word: &&str| !word.is_empty() && !word.starts_with('=') && word.chars().all(plain);
    words.iter().all(simple).then_some(words)
}

/// Whether a URL is of this origin, has one reading and carries no query.
fn is_of(origin: &str, url: &str) -> bool {
    let Some(rest) = url.strip_prefix(origin) else { return false };
    let plain = |c: char| c.is_ascii_graphic() && !"?#@;".contains(c);
    rest.is_empty() || (rest.starts_with('/') && rest.chars().all(plain) && has_one_reading(rest))
}

/// What is covered, in one sentence without the name of the server: for a screen or a line of a terminal, through
/// `Shown`. `None`: exactly one call.
pub fn says(tool: &str, cover: Option<&Cover>) -> String {
    let Some(cover) = cover else { return format!("{tool} with exactly these arguments") };
    let mut parts: Vec<String> = cover.args.iter().map(|(key, part)| phrase(key, part)).collect();
    if cover.others {
        parts.push(if parts.is_empty() { "any arguments" } else { "any other arguments" }.to_owned());
    }
    let last = parts.pop().unwrap_or_else(|| "no arguments".to_owned());
    let list = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
    let level = match cover.level {
        Level::Low => ", rated low",
        Level::Medium => ", rated medium or lower",
        Level::High => ", however it is rated",
    };
    format!("{tool} with {list}{level}")
}

fn phrase(key: &str, part: &Part) -> String {
    match part {
        Part::Is(json) => format!("{key} {json}"),
        Part::Under(folder) => format!("{key} under {}", json::quote(folder)),
        Part::Command(words) => format!("{key} beginning with {}", json::quote(&words.join(" "))),
        Part::Host(origin) => format!("{key} on {} without a query", json::quote(origin)),
        Part::Any => format!("any {key}"),
    }
}
