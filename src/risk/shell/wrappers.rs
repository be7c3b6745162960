//! The commands that run another one, and where in their words it begins.

use std::sync::LazyLock;

use super::readers::is_option;
use super::script::Word;
use crate::risk::words::Lookup;

/// A command that runs the one in its words.
pub struct Wrapper {
    /// Its name.
    pub name: &'static str,
    /// Short options that take a value.
    valued: &'static str,
    /// Short options that take none.
    plain: &'static str,
    /// Long options; `user=` takes a value.
    longs: &'static [&'static str],
    /// How many words come before the command: `timeout 5 ls`.
    first: usize,
    /// What the command gets beside what stands there.
    pub fed: bool,
}

const fn wrapper(
    name: &'static str,
    valued: &'static str,
    plain: &'static str,
    longs: &'static [&'static str],
    first: usize,
) -> Wrapper {
    Wrapper { name, valued, plain, longs, first, fed: false }
}

/// All of them, those that do no more than that and those that are grave themselves.
const WRAPPERS: &[Wrapper] = &[
    wrapper(
        "sudo",
        "ugpCDhrtTUR",
        "AbEeHiKklnPSsVvN",
        &[
            "user=",
            "group=",
            "preserve-env",
            "preserve-env=",
            "login",
            "shell",
            "non-interactive",
            "stdin",
            "set-home",
            "chdir=",
            "askpass",
            "background",
        ],
        0,
    ),
    wrapper("doas", "uC", "Lns", &[], 0),
    wrapper("env", "uC", "i0v", &["ignore-environment", "null", "unset=", "chdir=", "debug"], 0),
    wrapper("nice", "n", "", &["adjustment="], 0),
    wrapper("ionice", "cn", "t", &["class=", "classdata=", "ignore"], 0),
    wrapper("chrt", "TPD", "abdfiormpvR", &[], 1),
    wrapper("taskset", "", "acp", &["cpu-list", "all-tasks"], 1),
    wrapper("nohup", "", "", &[], 0),
    wrapper("timeout", "ks", "v", &["kill-after=", "signal=", "preserve-status", "foreground", "verbose"], 1),
    wrapper("gtimeout", "ks", "v", &["kill-after=", "signal=", "preserve-status", "foreground", "verbose"], 1),
    wrapper("time", "f", "pqv", &["portability", "verbose", "quiet", "format="], 0),
    wrapper("stdbuf", "ioe", "", &["input=", "output=", "error="], 0),
    wrapper("unbuffer", "", "p", &[], 0),
    wrapper("setsid", "", "cfw", &["ctty", "fork", "wait"], 0),
    wrapper("caffeinate", "tw", "dimsu", &[], 0),
    wrapper("setarch", "", "RZBFIL", &[], 1),
    wrapper("command", "", "p", &[], 0),
    wrapper("builtin", "", "", &[], 0),
    wrapper("exec", "a", "cl", &[], 0),
    wrapper("noglob", "", "", &[], 0),
    wrapper("nocorrect", "", "", &[], 0),
    wrapper("strace", "epsSaIOPbX", "cCdfFhiqrtTvVxyDkwz", &[], 0),
    wrapper("ltrace", "epsSanlADx", "bcCfhiLrStTV", &[], 0),
    wrapper(
        "watch",
        "nq",
        "bcdegtpwx",
        &["interval=", "differences", "no-title", "beep", "color", "exec", "errexit", "chgexit"],
        0,
    ),
    wrapper("flock", "wEc", "enosuxFv", &["timeout=", "exclusive", "shared", "nonblock", "wait="], 1),
    wrapper("chroot", "", "", &["userspec=", "groups=", "skip-chdir"], 1),
    wrapper("nsenter", "tSGrwW", "amuinpCTUFZ", &[], 0),
    wrapper("unshare", "SGRw", "imnpuUCTfrc", &[], 0),
    wrapper("pkexec", "", "", &["user=", "disable-internal-agent"], 0),
    wrapper("run0", "uD", "", &["user=", "unit="], 0),
    wrapper("busybox", "", "", &[], 0),
    wrapper("toybox", "", "", &[], 0),
    wrapper("dbus-run-session", "", "", &[], 0),
    wrapper("systemd-run", "pEMtHu", "PqGrSd", &["user", "scope", "pty", "wait", "unit=", "property="], 0),
    wrapper("start-stop-daemon", "", "", &[], 0),
    wrapper("proxychains", "", "q", &[], 0),
    wrapper("torsocks", "", "", &[], 0),
    wrapper("entr", "", "acdnprsz", &[], 0),
    Wrapper {
        fed: true,
        ..wrapper(
            "xargs",
            "aEILnPsdJRS",
            "0rtxpo",
            &[
                "null",
                "no-run-if-empty",
                "max-args=",
                "max-procs=",
                "max-lines=",
                "replace=",
                "delimiter=",
                "arg-file=",
                "verbose",
                "interactive",
                "exit",
            ],
            0,
        )
    },
    Wrapper {
        fed: true,
        ..wrapper(
            "parallel",
            "jIaNLnd",
            "0kmqtuXv",
            &[
                "jobs=",
                "bar",
                "progress",
                "keep-order",
                "dry-run",
                "halt=",
                "colsep=",
                "null",
                "eta",
                "no-notice",
                "will-cite",
            ],
            0,
        )
    },
];

static NAMED: LazyLock<Lookup<&'static Wrapper>> =
    LazyLock::new(|| WRAPPERS.iter().map(|wrapper| (wrapper.name, wrapper)).collect());

/// The wrapper of this name.
pub fn named(name: &str) -> Option<&'static Wrapper> {
    NAMED.get(name).copied()
}

/// Where the inner command is.
pub enum Inner<'w> {
    /// There is none: `sudo -l`, `command -v x`.
    None,
    /// These words, after these variables.
    At(Vec<&'w Word>, &'w [Word]),
    /// An option stands before it that is not known.
    Unsure(&'w [Word]),
}

impl Wrapper {
    /// The command in these arguments.
    pub fn inner<'w>(&self, arguments: &'w [Word]) -> Inner<'w> {
        let mut rest = arguments;
        while let [word, after @ ..] = rest {
            let text = word.text.as_str();
            if !word.is_literal() {
                break;
            }
            if text == "--" {
                rest = after;
                break;
            }
            if !text.starts_with('-') || text == "-" {
                break;
            }
            let Some(takes_next) = self.option(text) else { return Inner::Unsure(after) };
            if takes_next && after.first().is_some_and(|value| is_option(&value.text)) {
                return Inner::Unsure(after);
            }
            rest = if takes_next { after.get(1..).unwrap_or_default() } else { after };
        }
        let mut sets = Vec::new();
        if matches!(self.name, "env" | "sudo" | "doas") {
            while let [word, after @ ..] = rest
                && word.text.split_once('=').is_some_and(|(name, _)| !name.is_empty() && !name.contains('/'))
            {
                sets.push(word);
                rest = after;
            }
        }
        let rest = rest.get(self.first..).unwrap_or_default();
        // What may be several words may be the command itself.
        if arguments[..arguments.len() - rest.len()].iter().any(|word| word.splits) {
            return Inner::Unsure(rest);
        }
        if rest.is_empty() && sets.is_empty() { Inner::None } else { Inner::At(sets, rest) }
    }

    /// Whether an option takes the next word; `None` when it is not known.
    fn option(&self, text: &str) -> Option<bool> {
        if let Some(long) = text.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, false), |(name, _)| (name, true));
            let own = |with: bool| {
                self.longs.iter().any(|own| own.strip_suffix('=').map_or(!with && *own == name, |o| with && o == name))
            };
            return if value {
                own(true).then_some(false)
            } else if own(false) {
                Some(false)
            } else {
                own(true).then_some(true)
            };
        }
        // `nice -10`.
        if self.name == "nice" && text[1..].bytes().all(|b| b.is_ascii_digit()) {
            return Some(false);
        }
        for (at, c) in text[1..].char_indices() {
            if self.valued.contains(c) {
                return Some(1 + at + c.len_utf8() == text.len());
            }
            if !self.plain.contains(c) {
                return None;
            }
        }
        Some(false)
    }
}
