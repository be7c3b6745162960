//! What could be remembered of a held call: exactly the call, and a few honest generalisations, narrowest first.
//!
//! Invariants: what is offered fits the call that it is offered for; nothing is offered that cannot be said in one
//! sentence. A call rated high is offered wider than itself only where the policy says so. Never for places to be
//! careful in, for interpreters, for calls with secrets or hidden characters, for tools that nobody has listed.

use super::cover::{fits, is_plain_path, is_within, plain_words, says};
use crate::call::{Call, Params, ToolName};
use crate::decision::{Cover, Keep, Level, Part};
use crate::json;
use crate::risk::names::{self, Deed};
use crate::risk::words::{List, Words};
use crate::risk::{Facts, Finding, Link, meta, paths, secrets};

/// How far approvals may be remembered: `[remember]` of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remember {
    /// Whether more than exactly one call may be remembered at all.
    pub wide: bool,
    /// Whether that holds for calls rated high.
    pub high: bool,
}

impl Default for Remember {
    fn default() -> Self {
        Self { wide: true, high: false }
    }
}

impl Remember {
    /// As far as both let them.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { wide: self.wide && other.wide, high: self.high && other.high }
    }

    /// Whether a call of this level may pass by an approval of more than itself.
    pub const fn allows(self, level: Level) -> bool {
        self.wide && (self.high || !matches!(level, Level::High))
    }
}

/// One thing that could be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// `None`: exactly the call.
    pub cover: Option<Cover>,
    /// What it would let through, in one sentence. Quotes the call: untrusted.
    pub says: String,
}

/// What is looked at of a call, held or of the journal.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The tool.
    pub tool: &'a ToolName,
    /// What is sent.
    pub params: &'a Params,
    /// Why it is rated as it is.
    pub findings: &'a [Finding],
    /// The level that counts: the judged one or the policy's, whichever is higher.
    pub level: Level,
    /// Where the paths in it lead.
    pub links: &'a [Link],
    /// The folders that its server was given, absolute.
    pub roots: Vec<String>,
    /// The properties that the tool's definition lists, as JSON; `None`: it is not known.
    pub properties: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A call that waits.
    pub fn of(call: &'a Call, findings: &'a [Finding], level: Level, facts: &'a Facts) -> Self {
        let given = call.server.args.iter().chain(&facts.roots).chain(&facts.host_roots);
        let roots = folders(given.map(String::as_str));
        let properties = call.definition.as_ref().map(|definition| {
            let schema = json::member(definition.raw.get(), "inputSchema");
            schema.and_then(|schema| json::member(schema, "properties")).unwrap_or("{}")
        });
        Self { tool: &call.tool, params: &call.params, findings, level, links: &facts.links, roots, properties }
    }
}

/// The absolute paths among the words of a command line, an option's value among them.
pub fn folders<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let value =
        |word: &'a str| word.split_once('=').filter(|_| word.starts_with("--")).map_or(word, |(_, value)| value);
    words.into_iter().map(value).filter(|word| is_plain_path(word)).map(paths::resolve).collect()
}

/// The most generalisations of one call.
const MOST: usize = 3;
/// The longest sentence, in characters: a longer one is not read.
const LONGEST_SENTENCE: usize = 240;
/// Families of findings that leave only the exact call: what a secret or a hidden character makes of a sentence, or of
/// an approval that stands in the journal, cannot be seen.
const EXACT_ONLY: &[&str] = &["secrets", "hidden", "blobs", "size"];
/// Keys that hold text for its own sake, beside those of paths.
const TEXTS: &List = &List::of(&["subject", "edits", "new_content", "caption", "reason"]);
const COMMANDS: &List = &List::of(&["command", "cmd", "command_line", "commandline", "shell_command", "bash_command"]);

/// What could be remembered of this call, narrowest first; the first is exactly the call.
pub fn suggest(asked: &Request<'_>, remember: Remember) -> Vec<Suggestion> {
    let mut out = vec![Suggestion { cover: None, says: says(asked.tool.as_str(), None) }];
    if !remember.allows(asked.level) || !is_sayable(asked) {
        return out;
    }
    for cover in special(asked).into_iter().chain(any_arguments(asked)) {
        let new = cover.others || cover.args.iter().any(|(_, part)| !matches!(part, Part::Is(_)));
        let known = out.iter().any(|other| other.cover.as_ref() == Some(&cover));
        let sentence = says(asked.tool.as_str(), Some(&cover));
        let short = sentence.chars().count() <= LONGEST_SENTENCE;
        if new && !known && short && fits(&cover, asked.params, asked.links) && out.len() <= MOST {
            out.push(Suggestion { cover: Some(cover), says: sentence });
        }
    }
    out
}

/// Whether a sentence about the call would be clear: names that are words, nothing sent beside the arguments, nothing
/// hidden or secret.
fn is_sayable(asked: &Request<'_>) -> bool {
    let family = |finding: &Finding| finding.id.split('.').next().is_some_and(|family| EXACT_ONLY.contains(&family));
    is_word(asked.tool.as_str())
        && asked.params.others().all(|(key, _)| key == "_meta")
        && json::members(asked.params.arguments()).all(|(key, _)| is_word(&key))
        && !asked.findings.iter().any(family)
        && secrets::masked(asked.params.text(), Keep::Masked).parts == 0
}

/// Whether a name reads as one word of a sentence.
pub fn is_word(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b))
}

fn is_text(key: &str) -> bool {
    let words = Words::of(key);
    words.is_one_of(paths::CONTENT) || words.is_one_of(TEXTS)
}

/// The cover in which each argument is what `part` makes of it; where that is nothing, it stays as it is.
fn with(asked: &Request<'_>, part: impl Fn(&str, &str) -> Option<Part>) -> Cover {
    let exactly = |value: &str| Part::Is(json::canonical(value));
    let members = json::members(asked.params.arguments());
    let mut args: Vec<(String, Part)> = members
        .map(|(key, value)| {
            let part = part(&key, value).unwrap_or_else(|| exactly(value));
            (key.into_owned(), part)
        })
        .collect();
    args.sort_by(|(a, _), (b, _)| a.cmp(b));
    Cover { args, others: false, level: asked.level }
}

fn text_of(value: &str) -> Option<std::borrow::Cow<'_, str>> {
    value.starts_with('"').then(|| json::unescape(value))
}

fn path<'v>(key: &str, value: &'v str) -> Option<std::borrow::Cow<'v, str>> {
    text_of(value).filter(|text| !is_text(key) && is_plain_path(text))
}

/// What the arguments lend themselves to.
fn special(asked: &Request<'_>) -> Vec<Cover> {
    let any_text = |key: &str| is_text(key).then_some(Part::Any);
    let all = || json::members(asked.params.arguments());
    if all().any(|(key, value)| path(&key, value).is_some()) {
        let near = with(asked, |key, value| {
            let folder = path(key, value).and_then(|path| folder(&path, &asked.roots));
            folder.map(Part::Under).or_else(|| any_text(key))
        });
        let far = with(asked, |key, value| {
            let root = path(key, value).and_then(|path| root(&path, &asked.roots));
            root.map(Part::Under).or_else(|| any_text(key))
        });
        let farther = far.args.iter().any(|(_, part)| matches!(part, Part::Under(_)));
        return std::iter::once(near).chain(Some(far).filter(|_| farther)).collect();
    }
    let command = with(asked, |key, value| {
        let line = text_of(value).filter(|_| Words::of(key).is_one_of(COMMANDS))?;
        (!has_arguments_beside(asked)).then(|| prefix(&line)).flatten().map(Part::Command)
    });
    let host = with(asked, |_, value| text_of(value).and_then(|url| origin(&url)).map(Part::Host));
    // The same recipient, the same page, the same everything, and another text.
    let text = with(asked, |key, _| any_text(key));
    vec![text, command, host]
}

/// `{command: "git", args: […]}`: the words stand elsewhere.
fn has_arguments_beside(asked: &Request<'_>) -> bool {
    json::members(asked.params.arguments())
        .any(|(key, _)| Words::of(&key).is_one_of(const { &List::of(&["args", "arguments", "argv"]) }))
}

/// The folder that a path lies in, if an approval may be for all below it.
fn folder(path: &str, roots: &[String]) -> Option<String> {
    let path = path.trim_end_matches('/');
    let folder = if roots.iter().any(|root| root == path) { path } else { &path[..path.rfind('/')?] };
    is_fit(folder, roots).then(|| folder.to_owned())
}

/// The innermost folder of the server's that a path lies in.
fn root(path: &str, roots: &[String]) -> Option<String> {
    let around = roots.iter().filter(|root| is_within(root, path) && is_fit(root, roots));
    around.max_by_key(|root| root.len()).cloned()
}

/// Never the root of all, somebody's home, what stands above a folder of the server's, or a place to be careful in.
fn is_fit(folder: &str, roots: &[String]) -> bool {
    let segments: Vec<&str> = folder.split('/').skip(1).collect();
    let home = |at: usize| matches!(segments.get(at), Some(&("home" | "Users"))) && segments.len() <= at + 2;
    segments.len() >= 2
        && !(0..segments.len()).any(home)
        && is_plain_path(folder)
        && paths::sensitive(folder).is_none()
        && !roots.iter().any(|root| root != folder && is_within(folder, root))
}

/// Programs whose first word says what they do, and how many words that takes.
const PROGRAMS: &[(&str, usize)] = &[
    ("git", 1),
    ("cargo", 1),
    ("go", 1),
    ("npm", 1),
    ("pnpm", 1),
    ("yarn", 1),
    ("docker", 1),
    ("kubectl", 1),
    ("gh", 2),
    ("dotnet", 1),
    ("mvn", 1),
    ("gradle", 1),
    ("terraform", 1),
];
/// First words of these that run whatever follows, or change what others do.
const RUNS_ANYTHING: &[&str] =
    &["run", "exec", "x", "dlx", "eval", "config", "alias", "api", "shell", "ssh", "debug", "attach", "submodule"];
/// Programs that read and nothing else, whatever their words: the level says of each line whether that is so.
const READERS: &[&str] = &["ls", "cat", "head", "tail", "wc", "grep", "rg", "stat", "du", "df", "diff", "tree", "file"];

/// The words of a plain command that say what it does. None for a program that is not known.
fn prefix(line: &str) -> Option<Vec<String>> {
    let words = plain_words(line)?;
    let (program, rest) = words.split_first()?;
    if READERS.contains(program) {
        return Some(vec![(*program).to_owned()]);
    }
    let (_, more) = PROGRAMS.iter().find(|(name, _)| name == program)?;
    let subcommand = rest.get(..*more)?;
    let says = |word: &&str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !word.starts_with('-');
    let clear = subcommand.iter().all(says) && !subcommand.iter().any(|word| RUNS_ANYTHING.contains(word));
    clear.then(|| words[..=*more].iter().map(|&word| word.to_owned()).collect())
}

/// `https://example.org` or with a port, of a URL on the web that has no user part.
fn origin(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let host = &rest[..rest.find('/').unwrap_or(rest.len())];
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:".contains(&b);
    let fits = host.contains('.') && host.len() <= 253 && host.bytes().all(plain);
    fits.then(|| url[..url.len() - rest.len() + host.len()].to_owned())
}

/// The tool whatever its arguments: not where these choose what it does, nor where it runs things.
fn any_arguments(asked: &Request<'_>) -> Option<Cover> {
    let properties = asked.properties?;
    let chooses = meta::holds_chooser(properties) || meta::holds_chooser(asked.params.arguments());
    let bound = asked.level != Level::High && !chooses && !runs(asked.tool);
    bound.then(|| Cover { args: Vec::new(), others: true, level: asked.level })
}

/// Whether the tool's name says that it runs things.
pub fn runs(tool: &ToolName) -> bool {
    names::read(tool.as_str()).deed == Deed::Execute
}

#[cfg(test)]
mod tests;
