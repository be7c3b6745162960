//! What the commands of a line do, each through whatever it is wrapped in.
//!
//! Invariant: a command is a reader only when a table says so; everything else is at least a change.

use std::borrow::Cow;
use std::ops::Range;

use super::listed::names_files;
use super::readers::{self, Reading};
use super::script::{Command, Script, Sure, Word, is_harmless_name};
use super::services::{self, Service};
use super::worst::{self, Known, says_going};
use super::wrappers::{self, Inner};
use super::{
    CHANGES, DESTROYS, FETCHES, OPEN, PERSISTS, PIPES, PRIVILEGE, REDIRECTS, REVEALS, RUNS, Report, SENDS, SETS,
    UNREADABLE, asks, comments, parse, plain, special,
};
use crate::risk::subject::quoted;
use crate::risk::{Kind, git, paths};

/// Something that a line does beside reading.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// What.
    pub kind: Kind,
    /// Which part of the line.
    pub at: Range<usize>,
    /// For a person.
    pub says: String,
}

/// How deep command lines within commands are followed.
const MOST_LEVELS: usize = 6;
/// The most commands of one line.
const MOST_COMMANDS: usize = 2_000;

/// The judgement of one line.
pub struct Judge<'b> {
    rulings: Vec<Ruling>,
    /// The paths that it reads or writes which are places to be careful in.
    paths: Vec<String>,
    /// What it fetches, and where that stands.
    pub urls: Vec<(String, Range<usize>)>,
    asks: bool,
    budget: &'b mut usize,
    functions: Vec<String>,
    /// Where it went with `cd`.
    here: Option<String>,
    level: usize,
    commands: usize,
    /// Whether what is piped into the command are names of files below the folder.
    names_files: bool,
    /// Where it all stands, when it is a line within a word.
    fixed: Option<Range<usize>>,
}

impl<'b> Judge<'b> {
    /// Nothing so far.
    pub fn new(budget: &'b mut usize) -> Self {
        Self {
            rulings: Vec::new(),
            paths: Vec::new(),
            urls: Vec::new(),
            asks: false,
            budget,
            functions: Vec::new(),
            here: None,
            level: 0,
            commands: 0,
            names_files: false,
            fixed: None,
        }
    }

    /// What it all comes to.
    pub fn report(self) -> Report {
        Report { rulings: self.rulings, paths: self.paths, urls: self.urls, asks: self.asks }
    }

    /// Judges a command line. The error is why nobody can read it.
    pub fn line(&mut self, text: &str) -> Result<(), &'static str> {
        // One shell reads flags there, among them one that runs the value; the others take no such line.
        if text.contains("${(") {
            return Err("it has `${(`, which few shells take and which may run what is in it");
        }
        if let Some((at, command)) = comments::command(text) {
            self.rule(
                RUNS,
                &at,
                format!("{} stands behind #, where it runs if somebody types the line", quoted(command)),
            );
        }
        let (script, plain) = match plain::read(text) {
            Some(script) => (script, true),
            None => (parse::read(text, self.budget)?, false),
        };
        if script.commands.is_empty() && script.writes.is_empty() && script.unsure.is_empty() {
            return if text.trim_start().starts_with('#') { Ok(()) } else { Err("there is no command in it") };
        }
        self.script(&script, plain);
        Ok(())
    }

    /// A plain one has no more than lists and pipelines in it.
    fn script(&mut self, script: &Script, plain: bool) {
        for (at, why) in &script.unsure {
            self.rule(UNREADABLE, at, format!("the command line has {why}, which only a shell resolves"));
        }
        for word in &script.writes {
            if word.text.starts_with("/dev/tcp/") || word.text.starts_with("/dev/udp/") {
                self.rule(SENDS, &word.at, format!("it connects to {}", quoted(&word.text)));
            } else {
                self.rule(REDIRECTS, &word.at, format!("it writes to {}", quoted(&word.text)));
                self.path(&word.text);
            }
        }
        for word in &script.reads {
            if word.text.starts_with("/dev/tcp/") || word.text.starts_with("/dev/udp/") {
                self.rule(SENDS, &word.at, format!("it connects to {}", quoted(&word.text)));
            } else if word.sure == Sure::Unknown && !word.text.starts_with("$(") {
                self.rule(OPEN, &word.at, format!("it reads {}, which only the shell resolves", quoted(&word.text)));
            } else {
                self.read_path(word);
            }
        }
        self.functions.extend(script.functions.iter().cloned());
        for (at, command) in script.commands.iter().enumerate() {
            self.names_files = plain && command.piped && self.here.is_none() && names_files(&script.commands[..at]);
            self.commands += 1;
            if self.commands > MOST_COMMANDS {
                return self.rule(UNREADABLE, &command.at(), "there are too many commands to judge".to_owned());
            }
            self.command(command);
        }
        // What is read by redirection may be read where the line went.
        if self.here.is_some() {
            script.reads.iter().for_each(|word| self.read_path(word));
        }
    }

    fn command(&mut self, command: &Command) {
        let whole = command.at();
        // What is set for one command of the shell's own that only prints or says yes or no is set for nothing.
        let alone = command.words.first().filter(|name| name.is_literal() && !self.functions.contains(&name.text));
        let alone = alone.is_some_and(|name| ["echo", "true", "false", "pwd"].contains(&name.text.as_str()));
        command.sets.iter().filter(|_| !alone).for_each(|set| self.set(set));
        self.argv(&command.words, command.piped, &whole);
    }

    fn set(&mut self, set: &Word) {
        let name = set.text.split(['=', '+', '[']).next().unwrap_or_default();
        if !is_harmless_name(name) {
            self.rule(SETS, &set.at, format!("setting {} may change which code runs", quoted(name)));
        } else if set.holds_command() {
            self.rule(SETS, &set.at, format!("{} is given a command, which may run wherever it is used", quoted(name)));
        }
    }

    /// Judges one command from its words.
    pub fn argv(&mut self, words: &[Word], piped: bool, whole: &Range<usize>) {
        let Some((name, arguments)) = words.split_first() else { return };
        if !name.is_literal() {
            let says = format!("which command runs as {} is only known when it does", quoted(&name.text));
            return self.rule(UNREADABLE, &name.at, says);
        }
        if self.functions.contains(&name.text) {
            return self.rule(RUNS, whole, format!("{} is a function that the line defines", quoted(&name.text)));
        }
        let own = base(&name.text);
        if self.level > MOST_LEVELS {
            return self.rule(UNREADABLE, whole, "there are commands within commands within commands".to_owned());
        }
        self.level += 1;
        self.dispatch(&name.text, &own, arguments, piped, whole);
        self.level -= 1;
    }

    fn dispatch(&mut self, name: &str, own: &str, arguments: &[Word], piped: bool, whole: &Range<usize>) {
        // A reader is one by its own name only, or from where the system keeps it: `./ls` may be anything.
        let trusted = name == own
            || ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"].iter().any(|d| name.strip_prefix(d) == Some(own));
        if trusted && is_known(own) && asks::only(own, arguments) {
            return;
        }
        if own == "git" && trusted {
            return self.git(arguments, whole);
        }
        if trusted && special::judge(self, own, arguments, whole) {
            return;
        }
        if let Some(wrapper) = wrappers::named(own) {
            return self.wrapped(wrapper, name, arguments, piped, whole);
        }
        if trusted && let Some(reading) = readers::read(own, arguments) {
            return self.reader(own, arguments, reading, whole);
        }
        if trusted && let Some(service) = services::judge(own, arguments) {
            return self.service(service, own, arguments, whole);
        }
        self.worst(own, arguments, piped, whole);
    }

    fn git(&mut self, arguments: &[Word], whole: &Range<usize>) {
        let (kind, says) = git::judge(arguments);
        match kind {
            Some(kind) => self.rule(kind, whole, says),
            // `git diff --no-index` reads any file.
            None => arguments.iter().for_each(|word| self.read_path(word)),
        }
    }

    fn reader(&mut self, own: &str, arguments: &[Word], reading: Reading, whole: &Range<usize>) {
        match reading {
            Reading::Not if worst::known(own).is_some() => return self.worst(own, arguments, false, whole),
            Reading::Not => {
                let going = arguments.iter().any(|word| word.text == "-delete");
                let kind = if going { DESTROYS } else { RUNS };
                return self.rule(
                    kind,
                    whole,
                    format!("{} has an option or a word that makes it more than a reader", quoted(own)),
                );
            }
            Reading::Open => {
                self.rule(OPEN, whole, format!("what {} reads is known only when it runs", quoted(own)));
            }
            Reading::Sure => {}
        }
        if matches!(own, "cd" | "pushd") {
            match arguments.iter().find(|word| !word.text.starts_with('-')) {
                Some(word) if word.sure == Sure::Unknown => {
                    self.rule(OPEN, whole, "where it goes is known only when it runs".to_owned());
                }
                Some(word) => {
                    self.here = Some(placed(self.here.as_deref(), &word.text).into_owned());
                }
                None => self.here = Some("~".to_owned()),
            }
        }
        if readers::opens(own) {
            for word in arguments {
                self.read_path(word);
            }
        }
    }

    fn service(&mut self, service: Service, own: &str, arguments: &[Word], whole: &Range<usize>) {
        let line = || quoted(&format!("{own} {}", join(arguments)));
        self.asks = true;
        match service {
            Service::Reads => {}
            Service::Fetches => self.rule(FETCHES, whole, format!("{} asks a service", line())),
            Service::Reveals => self.rule(REVEALS, whole, format!("{} tells secrets", line())),
            Service::Runs(inner) => {
                self.rule(RUNS, whole, format!("{} runs something in another place", line()));
                self.nested(inner, whole);
            }
            Service::Destroys => self.rule(DESTROYS, whole, format!("{} deletes, or takes out of service", line())),
            Service::Changes => self.worst(own, arguments, false, whole),
        }
    }

    /// A command that is in the words of another.
    pub fn nested(&mut self, words: &[Word], whole: &Range<usize>) {
        if !words.is_empty() {
            self.argv(words, false, whole);
        }
    }

    /// A command line that is in a word of a command.
    pub fn nested_line(&mut self, text: &str, whole: &Range<usize>) {
        if self.level > MOST_LEVELS {
            return self.rule(UNREADABLE, whole, "there are commands within commands within commands".to_owned());
        }
        let fixed = self.fixed.clone();
        self.fixed.get_or_insert_with(|| whole.clone());
        self.level += 1;
        if let Err(why) = self.line(text) {
            self.rule(UNREADABLE, whole, format!("there is a command line within it that cannot be read: {why}"));
        }
        self.level -= 1;
        self.fixed = fixed;
    }

    fn wrapped(
        &mut self,
        wrapper: &wrappers::Wrapper,
        name: &str,
        arguments: &[Word],
        piped: bool,
        whole: &Range<usize>,
    ) {
        match worst::known(wrapper.name) {
            Some(Known::Privilege) => {
                self.rule(
                    PRIVILEGE,
                    whole,
                    format!("{} runs with other rights", quoted(&format!("{name} {}", join(arguments)))),
                );
            }
            Some(Known::Persists) => {
                self.rule(
                    PERSISTS,
                    whole,
                    format!("{} goes on by itself", quoted(&format!("{name} {}", join(arguments)))),
                );
            }
            _ if base(name) != name && !name.starts_with("/usr/bin/") && !name.starts_with("/bin/") => {
                self.rule(RUNS, whole, format!("{} may be anything", quoted(name)));
            }
            _ => {}
        }
        match wrapper.inner(arguments) {
            Inner::None if wrapper.name == "env" => {
                self.rule(REVEALS, whole, "it tells the whole environment".to_owned());
            }
            Inner::None if wrapper.fed && wrapper.name == "parallel" => {
                self.rule(RUNS, whole, "it runs what it is given to read".to_owned());
            }
            Inner::None => {}
            Inner::Unsure(rest) => {
                self.rule(RUNS, whole, format!("{} has an option that is not known", quoted(wrapper.name)));
                self.worst_of(rest, whole);
            }
            Inner::At(sets, inner) => {
                for set in sets {
                    self.set(set);
                }
                // `xargs -a file`, `env -C folder`.
                let before = arguments.len().saturating_sub(inner.len());
                arguments.iter().take(before).for_each(|word| self.read_path(word));
                let file = |word: &Word| word.text.starts_with("-a") || word.text.starts_with("--arg-file");
                let named = self.names_files && wrapper.name == "xargs" && !arguments[..before].iter().any(file);
                self.inside(wrapper, inner, (piped, named), whole);
            }
        }
    }

    /// What a wrapper runs, and whether something is piped into it, and that the names of files.
    fn inside(
        &mut self,
        wrapper: &wrappers::Wrapper,
        inner: &[Word],
        (piped, named): (bool, bool),
        whole: &Range<usize>,
    ) {
        if inner.is_empty() && wrapper.name == "env" {
            return self.rule(REVEALS, whole, "it tells the whole environment".to_owned());
        }
        // These give one line to a shell, whatever the number of words.
        let to_shell = matches!(wrapper.name, "watch" | "parallel") || (wrapper.name == "flock" && inner.len() == 1);
        if to_shell {
            if !inner.iter().all(Word::is_literal) {
                self.rule(UNREADABLE, whole, "a shell is given a line with variables in it".to_owned());
            }
            let ends = inner.iter().position(|word| word.text.starts_with(":::")).unwrap_or(inner.len());
            let mut line = join(&inner[..ends]);
            if wrapper.fed {
                line.push_str(" \"$1\"");
            }
            return self.nested_line(&line, whole);
        }
        if wrapper.fed {
            // To a reader whose options are all harmless, names of files below are as good as a pattern.
            let tame = named && inner.first().is_some_and(|own| own.is_literal() && readers::takes_any(&own.text));
            let sure = if tame { Sure::Tame } else { Sure::Unknown };
            let fill = |word: &Word| Word { sure, open: word.open || word.text.starts_with("{}"), ..word.clone() };
            let fed = inner.iter().map(|word| if word.text.contains("{}") { fill(word) } else { word.clone() });
            let fed: Vec<Word> = fed.chain([Word { sure, ..Word::unknown(whole.clone()) }]).collect();
            return self.argv(&fed, true, whole);
        }
        self.argv(inner, piped, whole);
    }

    /// What is no reader: the worst that is known of it.
    fn worst(&mut self, own: &str, arguments: &[Word], piped: bool, whole: &Range<usize>) {
        let line = quoted(&format!("{own} {}", join(arguments)));
        let going = || arguments.iter().any(|word| says_going(&word.text));
        let (kind, what) = match worst::known(own) {
            Some(Known::Destroys) => (DESTROYS, "deletes or overwrites"),
            Some(Known::Privilege) => (PRIVILEGE, "runs with other rights, or changes rights"),
            Some(Known::Persists) => (PERSISTS, "stays, or starts things later"),
            Some(Known::Sends) => (SENDS, "sends to other machines, or fetches from them"),
            Some(Known::Reveals) => (REVEALS, "tells what may be secret"),
            Some(Known::Changes)
                if arguments.iter().all(|word| !word.text.starts_with("-m") && !word.text.starts_with("--mode")) =>
            {
                for word in arguments {
                    self.path(&placed(self.here.as_deref(), &word.text));
                }
                (CHANGES, "makes a file or a folder")
            }
            Some(Known::Interprets) if piped => (PIPES, "runs what is piped into it"),
            _ if going() => (DESTROYS, "deletes, or takes out of service"),
            Some(Known::Interprets) => (RUNS, "runs code"),
            Some(Known::Builds) => (RUNS, "runs what is written in the project or in a package"),
            _ => (RUNS, "is not known merely to read"),
        };
        self.rule(kind, whole, format!("{line} {what}"));
        if worst::known(own) == Some(Known::Interprets) {
            self.worst_of(arguments, whole);
        }
    }

    /// The worst that any of these words could be the name of, where it is not known which of them is one.
    pub fn worst_of(&mut self, words: &[Word], whole: &Range<usize>) {
        let mut kinds: Vec<(Kind, &str)> = Vec::new();
        let inner = words
            .iter()
            .flat_map(|word| word.text.split([' ', ';', '|', '&', '\'', '"', '(', ')', '`', '\n', '$', ',']));
        for word in inner.take(2_000).filter(|word| word.len() < 100) {
            let kind = match worst::known(&base(word)) {
                Some(Known::Destroys) => DESTROYS,
                Some(Known::Privilege) => PRIVILEGE,
                Some(Known::Persists) => PERSISTS,
                Some(Known::Sends) => SENDS,
                _ => continue,
            };
            if !kinds.iter().any(|(own, _)| *own == kind) {
                kinds.push((kind, word));
            }
        }
        for (kind, word) in kinds {
            self.rule(kind, whole, format!("it may run {}", quoted(word)));
        }
    }

    /// Leaves a ruling.
    pub fn rule(&mut self, kind: Kind, at: &Range<usize>, says: String) {
        let at = self.fixed.clone().unwrap_or_else(|| at.clone());
        self.rulings.push(Ruling { kind, at, says });
    }

    /// A word that a reader opens.
    pub fn read_path(&mut self, word: &Word) {
        let text = word.text.as_str();
        let value = match text.strip_prefix("--").and_then(|long| long.split_once('=')) {
            Some((_, value)) => value,
            None if text.len() > 2 && text.starts_with('-') && !text.starts_with("--") => text.get(2..).unwrap_or(text),
            None => text,
        };
        if !value.is_empty() && !value.starts_with("/dev/fd/") && value != "/dev/null" {
            self.path(&placed(self.here.as_deref(), value));
        }
    }

    fn path(&mut self, path: &str) {
        if paths::sensitive(path).is_some() {
            self.paths.push(path.to_owned());
        }
    }
}

/// A path from where the line went.
fn placed<'p>(here: Option<&str>, path: &'p str) -> Cow<'p, str> {
    match here {
        Some(here) if !path.starts_with(['/', '~', '$']) => format!("{}/{path}", here.trim_end_matches('/')).into(),
        _ => Cow::Borrowed(path),
    }
}

/// The words as one text.
pub fn join(words: &[Word]) -> String {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    texts.join(" ")
}

/// A command's own name: `/bin/rm` and `rm.exe` are `rm`.
pub fn base(word: &str) -> Cow<'_, str> {
    let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
    let bytes = name.as_bytes();
    let is_program = bytes.len().checked_sub(4).is_some_and(|at| bytes[at..].eq_ignore_ascii_case(b".exe"));
    let name = if is_program { &name[..name.len() - 4] } else { name };
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// Whether a command of this name is in any table.
pub fn is_known(own: &str) -> bool {
    own == "git"
        || worst::known(own).is_some()
        || wrappers::named(own).is_some()
        || services::is_known(own)
        || readers::is_known(own)
        || matches!(own, "find" | "sed" | "curl" | "wget" | "ssh" | "dig" | "ping")
}
