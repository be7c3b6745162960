//! Who hosts a wrap, and whether a console is at a terminal: pure decisions on lineages that somebody else read.
//!
//! Invariant: the host is the nearest forebear that could run an agent (the desk lets no console decide that descends
//! from one, nor one that descends from a known agent without any wrap). What this cannot see (a process that left its family by a double fork) is in the threat model.

use super::{Key, Lineage, Process};

/// What a forebear is to a wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only passes commands on.
    Shell,
    /// It starts one program and waits for it: a package runner, `env`, `timeout`.
    Launcher,
    /// A person's terminal, multiplexer or login, not an agent.
    Terminal,
    /// What adopts orphans: `init`, a service manager, pid 1.
    Init,
    /// Anything else: an agent, an editor, a script.
    Program,
}

const SHELLS: &[&str] = &[
    "ash", "bash", "busybox", "csh", "dash", "elvish", "fish", "ion", "ksh", "ksh93", "mksh", "nu", "nushell", "oksh",
    "osh", "pwsh", "rbash", "rc", "sh", "tcsh", "xonsh", "yash", "zsh",
];

const LAUNCHERS: &[&str] = &[
    "asdf",
    "bunx",
    "chrt",
    "command",
    "corepack",
    "dbus-run-session",
    "direnv",
    "doas",
    "dotenv",
    "env",
    "flock",
    "fnm",
    "ionice",
    "mise",
    "nice",
    "nix",
    "nix-shell",
    "nodenv",
    "nohup",
    "npm",
    "npx",
    "nvm",
    "op",
    "pipx",
    "pnpm",
    "pnpx",
    "poetry",
    "pyenv",
    "rye",
    "script",
    "setarch",
    "setsid",
    "stdbuf",
    "su",
    "sudo",
    "systemd-inhibit",
    "systemd-run",
    "taskset",
    "time",
    "timeout",
    "unbuffer",
    "uv",
    "uvx",
    "volta",
    "xargs",
    "yarn",
    "yarnpkg",
];

const TERMINALS: &[&str] = &[
    "abduco",
    "alacritty",
    "blackbox",
    "byobu",
    "contour",
    "cool-retro-term",
    "deepin-terminal",
    "dropbear",
    "dtach",
    "foot",
    "footclient",
    "getty",
    "agetty",
    "ghostty",
    "gnome-console",
    "gnome-terminal",
    "gnome-terminal-server",
    "guake",
    "hyper",
    "kgx",
    "kitty",
    "konsole",
    "login",
    "lxterminal",
    "mate-terminal",
    "mosh-server",
    "ptyxis",
    "ptyxis-agent",
    "qterminal",
    "rio",
    "rxvt",
    "screen",
    "sshd",
    "sshd-session",
    "st",
    "tabby",
    "terminator",
    "terminology",
    "tilix",
    "tmux",
    "ttyd",
    "urxvt",
    "urxvtd",
    "uxterm",
    "wezterm",
    "wezterm-gui",
    "wezterm-mux-server",
    "xfce4-terminal",
    "xterm",
    "yakuake",
    "zellij",
];

const INITS: &[&str] = &[
    "catatonit",
    "docker-init",
    "dumb-init",
    "dinit",
    "init",
    "launchd",
    "openrc-init",
    "runit",
    "runsvdir",
    "s6-svscan",
    "systemd",
    "tini",
];

/// Programs that only run a script: the script is what counts.
const INTERPRETERS: &[&str] = &["node", "nodejs", "perl", "pypy", "pypy3", "python", "ruby"];

/// Agents that people run from a command line, by their programs' names: what they start may not decide, whether or not a
/// wrap is theirs. No editors: their terminals are a person's.
const AGENTS: &[&str] = &[
    "aider",
    "amp",
    "auggie",
    "claude",
    "claude-code",
    "claude-code-acp",
    "cline",
    "codebuff",
    "codex",
    "codex-acp",
    "copilot",
    "crush",
    "cursor-agent",
    "devin",
    "droid",
    "gemini",
    "gemini-cli",
    "goose",
    "goosed",
    "gptme",
    "grok",
    "iflow",
    "interpreter",
    "kilocode",
    "kimi",
    "kiro-cli-chat",
    "letta",
    "nanocoder",
    "openhands",
    "opencode",
    "opencode-ai",
    "plandex",
    "qchat",
    "qwen",
    "qwen-code",
    "rovodev",
    "vibe",
];

/// What one forebear is.
pub fn kind(process: &Process) -> Kind {
    if process.key.pid == 1 {
        return Kind::Init;
    }
    let words = words_of(process);
    let mut words = words.iter().map(String::as_str);
    let Some(first) = words.next() else { return Kind::Program };
    let mut name = program_name(first);
    if is_interpreter(&name)
        && let Some(script) = script_of(words.clone())
    {
        name = script_name(script);
    }
    let is_in = |table: &[&str]| table.contains(&name.as_str());
    match name.as_str() {
        // A runtime for agents and a package runner in one.
        "bun" if is_launched_by_bun(words) => Kind::Launcher,
        _ if is_in(SHELLS) => Kind::Shell,
        _ if is_in(LAUNCHERS) => Kind::Launcher,
        _ if is_in(TERMINALS) => Kind::Terminal,
        _ if is_in(INITS) => Kind::Init,
        _ => Kind::Program,
    }
}

/// Whether `bun` only starts another program: it runs a script file itself.
fn is_launched_by_bun<'a>(mut words: impl Iterator<Item = &'a str>) -> bool {
    let is_file = |word: &str| word.contains('/') || word.rsplit_once('.').is_some_and(|(_, end)| end.ends_with('s'));
    match words.next() {
        Some("x" | "exec" | "create") => true,
        Some("run") => !words.find(|word| !word.starts_with('-')).is_some_and(is_file),
        _ => false,
    }
}

/// The command line; a title that a process gave itself (`npm exec x`, `tmux: server`) is one word and is taken apart.
fn words_of(process: &Process) -> Vec<String> {
    match process.words.as_slice() {
        [] => vec![process.name.clone()],
        [title] if !title.starts_with('/') => title.split_whitespace().map(str::to_owned).collect(),
        words => words.to_vec(),
    }
}

fn program_name(word: &str) -> String {
    let base = word.rsplit('/').next().unwrap_or(word);
    // A login shell is `-bash`; a multiplexer's server is `tmux:`; GNU screen's is `SCREEN`.
    base.trim_start_matches('-').trim_end_matches(':').to_lowercase()
}

fn is_interpreter(name: &str) -> bool {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    INTERPRETERS.contains(&plain) || INTERPRETERS.contains(&name)
}

/// The script or module (`-m NAME`) that an interpreter runs.
fn script_of<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    while let Some(word) = words.next() {
        match word {
            "-m" => return words.next(),
            "-c" | "-e" | "--eval" => return None,
            "-r" | "--require" | "--import" | "--loader" | "-W" | "-X" => _ = words.next(),
            _ if word.starts_with('-') => {}
            _ => return Some(word),
        }
    }
    None
}

fn script_name(script: &str) -> String {
    let name = program_name(script);
    let stem = [".js", ".cjs", ".mjs", ".py"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    stem.strip_suffix("-cli").unwrap_or(stem).to_owned()
}

/// The host of a wrap, from the wrap's own lineage (itself first): the nearest forebear that is neither a shell nor a
/// launcher. When that is a person's terminal, or nothing, the wrap was started by hand or by a shell script: the
/// topmost script then stands for the host, or else the wrap's parent. `None` when the parent is what adopts orphans: who started the wrap cannot be told any more.
pub fn host_of(wrap: &[Process]) -> Option<Key> {
    let above = wrap.get(1..)?;
    let nearest = above.iter().find(|p| !matches!(kind(p), Kind::Shell | Kind::Launcher));
    if let Some(host) = nearest.filter(|p| kind(p) == Kind::Program) {
        return Some(host.key);
    }
    let started = above.iter().take_while(|p| matches!(kind(p), Kind::Shell | Kind::Launcher));
    let script = started.filter(|p| is_script(p)).last();
    script.or_else(|| above.first().filter(|parent| kind(parent) != Kind::Init)).map(|host| host.key)
}

/// Whether a shell runs a script or a command line, so that nobody types into it.
fn is_script(process: &Process) -> bool {
    let given = |word: &String| word == "-c" || !word.starts_with(['-', '+']);
    kind(process) == Kind::Shell && process.words.iter().skip(1).any(given)
}

/// Whether a process is a known agent ([`AGENTS`]): by its own name, by the script that it runs, or by the package in
/// which that lies (`node_modules/@openai/codex/dist/index.js`).
fn is_agent(process: &Process) -> bool {
    let is_known = |name: &str| AGENTS.contains(&name);
    let words = words_of(process);
    let mut words = words.iter().map(String::as_str);
    let Some(first) = words.next().map(program_name) else { return false };
    if is_known(&first) || is_known(&process.name.to_lowercase()) {
        return true;
    }
    if !is_interpreter(&first) && !matches!(first.as_str(), "bun" | "deno") {
        return false;
    }
    script_of(words.filter(|word| *word != "run")).is_some_and(|script| {
        let package = script.rsplit_once("node_modules/").map_or("", |(_, rest)| rest);
        is_known(&script_name(script)) || package.split('/').take(2).any(is_known)
    })
}

/// Why a console with this lineage may not decide whatever hosts there are, if it may not: it is not at a terminal, or
/// an agent started it.
pub fn unfit(console: &Lineage) -> Option<String> {
    let Some(own) = console.chain.first() else {
        return Some("this console may not decide: the system does not show which process it is".to_owned());
    };
    if let Some(agent) = console.chain[1..].iter().find(|process| is_agent(process)) {
        return Some(format!(
            "this console may not decide: it was started by the agent that is process {}; open sayso in a terminal of \
             your own",
            agent.key.pid
        ));
    }
    (own.tty == 0).then(|| {
        "this console may not decide: it has no terminal of its own; open sayso in a terminal you type in".to_owned()
    })
}

#[cfg(test)]
mod tests;
