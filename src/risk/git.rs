//! Git: what a subcommand and its options do, after the options that come before it.
//!
//! The shell family asks it of every `git` in a command line; by itself it looks at tools that are git by name and are
//! given git's arguments as a list.

use super::shell::script::{Sure, Word};
use super::subject::{Found, Shape, Subject, Value, quoted};
use super::{Family, Kind};
use crate::decision::Level::{High, Medium};
use crate::risk::words::List;

mod words;

use words::{LOOKS, READS, RUNS, Read};

const CHANGES: Kind = Kind::new("git.changes", Medium, "it changes the repository in a way that can be taken back");
const FETCHES: Kind = Kind::new("git.fetches", Medium, "it fetches from another repository");
const UNKNOWN: Kind = Kind::new("git.unknown", High, "a subcommand or an option that is not known merely to read");
const DISCARDS: Kind = Kind::new("git.discards", High, "it discards changes, files, branches or stashes");
const REWRITES: Kind = Kind::new("git.rewrites", High, "it rewrites history, or makes it unreachable");
const FORCES: Kind = Kind::new("git.forces", High, "it overwrites or deletes what others have");
const PUSHES: Kind = Kind::new("git.pushes", High, "it sends commits to another repository");
const EXECUTES: Kind = Kind::new("git.executes", High, "it runs a program that its arguments or settings name");

/// The family.
pub const FAMILY: Family = Family {
    name: "git",
    about: "git, in command lines and as lists of arguments",
    kinds: &[CHANGES, FETCHES, UNKNOWN, DISCARDS, REWRITES, FORCES, PUSHES, EXECUTES],
    detect,
};

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let named = |text: &str| super::words::Words::of(text).has_one_of(const { &List::of(&["git"]) });
    if !named(subject.call.tool.as_str()) && !named(subject.call.server.name.as_str()) {
        return;
    }
    let lists = subject.values().filter(|value| {
        value.shape == Shape::Container
            && value.raw.starts_with('[')
            && subject
                .key(value)
                .is_one_of(const { &List::of(&["args", "arguments", "argv", "command", "cmd", "options"]) })
    });
    for list in lists.take(20) {
        look(subject, list, found);
    }
}

fn look(subject: &Subject<'_>, list: &Value<'_>, found: &mut Found) {
    // A list beside a program is that program's, and the shell family's.
    let program = |value: &&Value<'_>| {
        value.shape == Shape::Text && subject.key(value).is_one_of(const { &List::of(&["command", "cmd", "program"]) })
    };
    let owner = subject.values().find(|value| subject.are_siblings(value, list) && program(value));
    if owner.is_some_and(|owner| owner.text != "git") || subject.elements(list).is_empty() {
        return;
    }
    let words: Vec<Word> = subject.elements(list).into_iter().map(|text| Word::literal(text, 0..0)).collect();
    let words = if words[0].text == "git" { &words[1..] } else { &words[..] };
    if let (Some(kind), says) = judge(words) {
        found.at(kind, subject, list, says);
    }
}

/// What git does with these arguments, and a sentence of it; nothing when it only reads.
pub fn judge(arguments: &[Word]) -> (Option<Kind>, String) {
    let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
    let line = || quoted(&format!("git {}", texts.join(" ")));
    let (rest, before) = match global(arguments) {
        Ok(rest) => rest,
        Err((kind, option)) => {
            return (Some(kind), format!("{} has the option {}, which may run a program", line(), quoted(option)));
        }
    };
    let Some((subcommand, after)) = rest.split_first() else { return (None, String::new()) };
    if !subcommand.is_literal() {
        return (Some(UNKNOWN), format!("which subcommand {} has is known only when it runs", line()));
    }
    // What follows `-m` is a message, whatever it turns out to be.
    let message =
        |at: usize| at > 0 && matches!(after[at - 1].text.as_str(), "-m" | "-am" | "--message" | "--grep" | "--author");
    let open = |(at, word): (usize, &Word)| word.open && word.sure == Sure::Unknown && (word.splits || !message(at));
    let uncertain = after.iter().enumerate().any(open);
    // `-h` is given to the subcommand, which may be anybody's.
    if matches!(after, [help] if help.text == "--help") {
        return (None, String::new());
    }
    let own = Arguments { words: after, texts: after.iter().map(|word| word.text.as_str()).collect() };
    let (kind, says) =
        if before { (Some(UNKNOWN), "has an option that is not known") } else { own.judge(&subcommand.text) };
    match kind {
        Some(kind) if kind.level == High => (Some(kind), format!("{} {says}", line())),
        _ if uncertain => (Some(UNKNOWN), format!("{} is given a word that may turn out to be an option", line())),
        Some(kind) => (Some(kind), format!("{} {says}", line())),
        None => (None, String::new()),
    }
}

/// What follows the options before the subcommand, and whether one of them is not known. The error is one that may
/// run something.
fn global(arguments: &[Word]) -> Result<(&[Word], bool), (Kind, &str)> {
    let mut rest = arguments;
    let mut odd = false;
    while let [option, after @ ..] = rest
        && option.text.starts_with('-')
    {
        let text = option.text.as_str();
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        rest = after;
        match name {
            "-C" => rest = after.get(1..).unwrap_or_default(),
            "-P"
            | "--no-pager"
            | "--no-optional-locks"
            | "--literal-pathspecs"
            | "--glob-pathspecs"
            | "--no-replace-objects"
            | "--icase-pathspecs"
            | "--no-lazy-fetch"
            | "--bare" => {}
            "-v" | "--version" | "-h" | "--help" | "--man-path" | "--info-path" | "--html-path" => {
                return Ok((&[], odd));
            }
            "--exec-path" if value.is_none() => return Ok((&[], odd)),
            "-c" | "--config-env" => {
                let Some(setting) = value.or_else(|| after.first().map(|word| word.text.as_str())) else { break };
                if is_running(setting) {
                    return Err((EXECUTES, text));
                }
                if value.is_none() {
                    rest = after.get(1..).unwrap_or_default();
                }
            }
            // Settings and hooks from a place that the line chooses.
            "--git-dir" | "--work-tree" | "--namespace" | "--super-prefix" => {
                odd = true;
                if value.is_none() {
                    rest = after.get(1..).unwrap_or_default();
                }
            }
            "--exec-path" | "-p" | "--paginate" => return Err((EXECUTES, text)),
            _ => odd = true,
        }
    }
    Ok((rest, odd))
}

/// Whether a setting (`name=value`) may name a program.
fn is_running(setting: &str) -> bool {
    let name = setting.split('=').next().unwrap_or_default().to_ascii_lowercase();
    // `pager.log=false`, and looks alone.
    let harmless = LOOKS.contains(&name.as_str())
        || (name.starts_with("pager.") || name == "core.pager")
            && matches!(setting.split_once('='), Some((_, "false" | "cat" | "")));
    !harmless && RUNS.iter().any(|own| name.starts_with(own))
}

struct Arguments<'w> {
    words: &'w [Word],
    texts: Vec<&'w str>,
}

impl Arguments<'_> {
    /// Whether one of these options is there, alone, with a value, or within a cluster like `-fd`.
    fn has(&self, options: &[&str]) -> bool {
        let until = self.texts.iter().position(|text| *text == "--").unwrap_or(self.texts.len());
        self.texts[..until].iter().any(|text| {
            options.iter().any(|option| {
                let cluster = option.len() == 2
                    && text.len() > 2
                    && text.starts_with('-')
                    && !text.starts_with("--")
                    && text[1..].bytes().take_while(u8::is_ascii_alphabetic).any(|b| b == option.as_bytes()[1]);
                // Git takes any beginning of a long option that is no other's.
                let name = text.split_once('=').map_or(*text, |(name, _)| name);
                cluster || name == *option || (name.starts_with("--") && name.len() > 3 && option.starts_with(name))
            })
        })
    }

    fn first(&self) -> &str {
        self.texts.iter().find(|text| !text.starts_with('-')).copied().unwrap_or_default()
    }

    /// Whether what comes first is no option, so that the first word is no value.
    fn leads(&self) -> bool {
        self.texts.first().is_some_and(|text| !text.starts_with('-'))
    }

    fn operands(&self) -> usize {
        self.texts.iter().filter(|text| !text.starts_with('-')).count()
    }

    /// Helpers that a URL or an option names.
    fn runs_helper(&self) -> bool {
        let named = |text: &&str| {
            text.starts_with("ext::") || text.starts_with("fd::") || text.split_once("::").is_some_and(|(helper, _)| helper.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
                // `ssh://-oProxyCommand=…`
                || text.contains("://-") || (text.starts_with('-') && text.contains("ProxyCommand"))
        };
        self.has(&[
            "--upload-pack",
            "--receive-pack",
            "--exec",
            "-u",
            "--template",
            "--config",
            "-c",
            "--server-option",
        ]) || self.texts.iter().any(named)
    }

    fn judge(&self, subcommand: &str) -> (Option<Kind>, &'static str) {
        match subcommand {
            "push" => self.push(),
            "reset" if self.has(&["--hard", "--merge", "--keep"]) => (Some(DISCARDS), "discards changes"),
            "reset" if self.first().contains(['~', '^', '@']) || self.has(&["--soft", "--mixed"]) => {
                (Some(CHANGES), "moves the branch, and keeps the files")
            }
            "reset" => (Some(CHANGES), "changes the index"),
            "clean" if self.has(&["-n", "--dry-run"]) && !self.has(&["-f", "--force"]) => (None, ""),
            "clean" => (Some(DISCARDS), "deletes files that git does not know"),
            "checkout" => self.checkout(),
            "switch" if self.has(&["-f", "--force", "--discard-changes", "-C", "--force-create"]) => {
                (Some(DISCARDS), "discards changes")
            }
            "switch" => (Some(CHANGES), "changes the branch"),
            "restore" if self.has(&["--staged", "-S"]) && !self.has(&["--worktree", "-W"]) => {
                (Some(CHANGES), "changes the index")
            }
            "restore" => (Some(DISCARDS), "overwrites files"),
            "rm" if self.has(&["--cached"]) => (Some(CHANGES), "changes the index"),
            "rm" => (Some(DISCARDS), "deletes files"),
            "branch" => self.branch(),
            "tag" => self.tag(),
            "stash" => match self.first() {
                "list" | "show" if self.leads() => self.reads("stash"),
                "drop" | "clear" => (Some(DISCARDS), "throws stashed changes away"),
                _ => (Some(CHANGES), "stashes changes, or takes them out again"),
            },
            "worktree" => match self.first() {
                "list" if self.leads() => self.reads("worktree"),
                "add" | "lock" | "unlock" => (Some(CHANGES), "changes the work trees"),
                _ => (Some(DISCARDS), "removes work trees"),
            },
            "commit" if self.has(&["--amend"]) => (Some(REWRITES), "rewrites the last commit"),
            "rebase" if self.has(&["--exec", "-x"]) => (Some(EXECUTES), "runs a command for every commit"),
            "filter-branch" | "filter-repo" | "rebase" | "replace" | "update-ref" | "symbolic-ref" | "fast-import"
            | "prune" | "history" => self.rewrites(subcommand),
            "reflog" if self.texts.iter().any(|text| matches!(*text, "expire" | "delete" | "drop")) => {
                (Some(REWRITES), "may forget where branches were")
            }
            "gc" if self.texts.is_empty() || self.texts == ["--auto"] => (Some(CHANGES), "packs the repository"),
            "gc" | "repack" | "prune-packed" | "pack-refs" | "maintenance" => {
                (Some(REWRITES), "may delete what is not reachable")
            }
            "notes" => match self.first() {
                "" => self.reads("notes"),
                "list" | "show" if self.leads() => self.reads("notes"),
                _ => (Some(CHANGES), "changes notes"),
            },
            "config" => self.config(),
            "remote" => self.remote(),
            "submodule" => match self.first() {
                "status" | "summary" => self.reads("submodule"),
                "deinit" => (Some(DISCARDS), "removes a submodule's files"),
                _ => (Some(EXECUTES), "fetches what another repository names, or runs a command"),
            },
            "bisect" if self.first() == "run" => (Some(EXECUTES), "runs a command for every commit"),
            "bisect" if self.first() == "log" && self.leads() => self.reads("bisect"),
            "fetch" | "clone" | "pull" | "ls-remote" => self.fetches(subcommand),
            "add" if self.has(&["-i", "-p", "-e", "--edit", "--interactive", "--patch"]) => {
                (Some(UNKNOWN), "opens an editor")
            }
            "add" | "stage" | "commit" | "mv" | "init" | "merge" | "cherry-pick" | "revert" | "apply" | "am"
            | "bisect" | "sparse-checkout" => self.changes(subcommand),
            _ => self.reads(subcommand),
        }
    }

    fn push(&self) -> (Option<Kind>, &'static str) {
        let forced =
            ["-f", "--force", "--force-with-lease", "--force-if-includes", "--delete", "-d", "--mirror", "--prune"];
        if self.has(&["--dry-run", "-n"]) && !self.runs_helper() && !self.has(&["--no-dry-run"]) {
            return (Some(FETCHES), "asks another repository");
        }
        if self.has(&forced) || self.texts.iter().any(|text| text.starts_with(['+', ':'])) {
            return (Some(FORCES), "overwrites or deletes branches of another repository");
        }
        if self.has(&["--receive-pack", "--exec"]) || self.runs_helper() && !self.has(&["-u"]) {
            return (Some(EXECUTES), "runs a program that it names");
        }
        (Some(PUSHES), "sends commits to another repository")
    }

    fn checkout(&self) -> (Option<Kind>, &'static str) {
        if self.has(&["-f", "--force", "-B", "--ours", "--theirs", "-p", "--patch", "--pathspec-from-file", "-m"]) {
            return (Some(DISCARDS), "overwrites files or branches");
        }
        if self.has(&["-b", "--orphan", "--track", "-t"]) {
            return (Some(CHANGES), "changes the branch");
        }
        // A name alone is a branch or, where there is none of that name, a file to overwrite.
        let name = self.first();
        let looks = self.words.len() == 1
            && !name.is_empty()
            && !name.contains('.')
            && !name.contains('*')
            && self.words[0].is_literal();
        if looks || (self.words.len() == 2 && self.has(&["--detach", "-q", "--quiet"]) && !name.contains('.')) {
            return (Some(CHANGES), "changes the branch");
        }
        (Some(DISCARDS), "overwrites files")
    }

    fn branch(&self) -> (Option<Kind>, &'static str) {
        if self.has(&["-D", "-d", "--delete"]) {
            return (Some(DISCARDS), "deletes branches");
        }
        if self.has(&["-f", "--force", "-M", "-C"]) {
            return (Some(REWRITES), "moves branches that are there");
        }
        if self.has(&["--edit-description"]) {
            return (Some(UNKNOWN), "opens an editor");
        }
        let looks = &["--format", "--sort", "--column", "--no-column", "--color", "--no-color", "--ignore-case", "-i"];
        let lists = self.texts.is_empty()
            || (self.operands() == 0 && self.has(looks))
            || self.has(&[
                "-a",
                "-r",
                "-v",
                "-l",
                "--list",
                "--all",
                "--remotes",
                "--show-current",
                "--contains",
                "--no-contains",
                "--merged",
                "--no-merged",
                "--points-at",
            ]);
        let makes =
            self.has(&["-m", "-c", "--move", "--copy", "-u", "--set-upstream-to", "--unset-upstream", "--track", "-t"]);
        let bare = self.has(&["-v", "-r", "-a"])
            && !self.has(&["-l", "--list", "--contains", "--merged", "--no-merged", "--no-contains", "--points-at"])
            && self.operands() > 0;
        if lists && !makes && !bare { self.reads("branch") } else { (Some(CHANGES), "makes or renames a branch") }
    }

    fn tag(&self) -> (Option<Kind>, &'static str) {
        if self.has(&["-d", "--delete", "-f", "--force"]) {
            return (Some(DISCARDS), "deletes or moves tags");
        }
        let lists = self.texts.is_empty()
            || self.has(&["-l", "--list", "--contains", "--no-contains", "--points-at", "--merged", "--no-merged"])
            || (self.operands() == 0 && self.has(&["-n", "--sort"]));
        if lists && !self.has(&["-a", "-s", "-m", "-F", "-u"]) {
            self.reads("tag")
        } else {
            (Some(CHANGES), "makes a tag")
        }
    }

    fn rewrites(&self, subcommand: &str) -> (Option<Kind>, &'static str) {
        match subcommand {
            "symbolic-ref" if self.operands() < 2 && !self.has(&["-d", "--delete"]) => self.reads("symbolic-ref"),
            "filter-branch" => (Some(REWRITES), "rewrites history, with commands that it names"),
            "update-ref" | "symbolic-ref" => (Some(REWRITES), "moves or deletes references"),
            "prune" if self.has(&["-n", "--dry-run"]) => (None, ""),
            _ => (Some(REWRITES), "rewrites history"),
        }
    }

    fn config(&self) -> (Option<Kind>, &'static str) {
        let asks = self.has(&[
            "--get",
            "--get-all",
            "--get-regexp",
            "--get-urlmatch",
            "-l",
            "--list",
            "--get-color",
            "--get-colorbool",
        ]) || (matches!(self.first(), "list" | "get") && self.leads());
        let writes = self.has(&[
            "--add",
            "--unset",
            "--unset-all",
            "--replace-all",
            "--rename-section",
            "--remove-section",
            "-e",
            "--edit",
        ]) || matches!(self.first(), "set" | "unset" | "edit" | "rename-section" | "remove-section");
        let operands: Vec<&str> = self.texts.iter().filter(|text| !text.starts_with('-')).copied().collect();
        if !writes && (asks || operands.len() == 1) && !self.has(&["--type", "-f", "--file", "--blob"]) {
            return (None, "");
        }
        let known = self.words.iter().all(Word::is_literal);
        if !known || self.has(&["-e", "--edit", "-f", "--file"]) || operands.iter().any(|text| is_running(text)) {
            return (Some(EXECUTES), "sets what git runs");
        }
        if self.has(&["--global", "--system"]) {
            return (Some(UNKNOWN), "changes the settings of every repository");
        }
        (Some(CHANGES), "changes a setting")
    }

    fn remote(&self) -> (Option<Kind>, &'static str) {
        match self.first() {
            "" | "get-url" => self.reads("remote"),
            "show" | "update" if !self.runs_helper() => (Some(FETCHES), "asks another repository"),
            "remove" | "rm" | "prune" => (Some(DISCARDS), "removes what is known of another repository"),
            "add" | "rename" | "set-url" | "set-head" | "set-branches" if !self.runs_helper() => {
                (Some(UNKNOWN), "changes where commits go to and come from")
            }
            _ => (Some(UNKNOWN), "is not known merely to read"),
        }
    }

    fn fetches(&self, subcommand: &str) -> (Option<Kind>, &'static str) {
        // `-u` is `--update-head-ok` of a fetch.
        if self.runs_helper() || self.has(&["--recurse-submodules"]) {
            return (Some(EXECUTES), "runs a program that it names, or fetches what another repository names");
        }
        if self.has(&["-f", "--force", "--prune", "-p", "--rebase", "-r", "--mirror"])
            || self.texts.iter().any(|text| text.starts_with('+'))
        {
            return (Some(REWRITES), "overwrites or deletes branches");
        }
        match subcommand {
            "ls-remote" | "fetch" => (Some(FETCHES), "fetches from another repository"),
            "pull" => (Some(FETCHES), "fetches from another repository and merges"),
            _ => (Some(FETCHES), "copies another repository"),
        }
    }

    fn changes(&self, subcommand: &str) -> (Option<Kind>, &'static str) {
        let looks = self.has(&["--stat", "--numstat", "--summary", "--check"]) && !self.has(&["--apply"]);
        if subcommand == "apply" && looks {
            return (None, "");
        }
        let forces = match subcommand {
            "merge" | "cherry-pick" | "revert" | "am" => {
                self.has(&["--abort", "--quit", "--skip", "-X", "--strategy", "-s"])
            }
            "init" => self.has(&["--template", "--separate-git-dir"]),
            "mv" => self.has(&["-f", "--force"]),
            "commit" => self.has(&["--fixup", "--date", "--author"]) && self.has(&["--amend"]),
            "apply" => self.has(&["--unsafe-paths", "--directory"]),
            "bisect" => true,
            _ => false,
        };
        if forces { (Some(DISCARDS), "may discard changes") } else { (Some(CHANGES), "changes the repository") }
    }

    /// One of the subcommands that read, with the options under which they do.
    fn reads(&self, subcommand: &str) -> (Option<Kind>, &'static str) {
        const NOT: (Option<Kind>, &str) = (Some(UNKNOWN), "is not known merely to read");
        let Some(Read { vetoes, .. }) = READS.iter().find(|own| own.name == subcommand) else { return NOT };
        let filters = subcommand == "cat-file" && self.has(&["--filters"]);
        if filters || self.has(&["--ext-diff", "--textconv", "--open-files-in-pager"]) {
            return (Some(EXECUTES), "runs a program that its settings name");
        }
        if self.has(&["--output"]) || self.has(vetoes) {
            return NOT;
        }
        (None, "")
    }
}
