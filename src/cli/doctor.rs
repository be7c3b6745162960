//! `sayso doctor`: what is wrong and how to mend it. Looks and changes nothing.

use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, IsTerminal as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Result;

use super::Exit;
use super::hub::{print, status_of};
use crate::config::Home;
use crate::shown::Shown;
use crate::{hub, journal, policy, proc, socket, wire};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Ok,
    Warn,
    Bad,
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
        })
    }
}

/// What was found, with how to mend it.
struct Finding(Grade, &'static str, String);

/// Looks at versions, paths, permissions, hub and terminal.
pub fn run(home: &Home) -> Result<Exit> {
    let mut found = vec![Finding(
        Grade::Ok,
        "version",
        format!("sayso {}, messages of version {}", env!("CARGO_PKG_VERSION"), wire::VERSION),
    )];
    folders(home, &mut found);
    found.push(address(home));
    found.push(rules(home));
    hub_of(home, &mut found);
    found.push(program());
    found.push(forebears());
    found.push(debuggers());
    found.extend(person());
    terminal(&mut found);
    let mut out = String::new();
    for Finding(grade, what, says) in &found {
        writeln!(out, "{grade:<4}  {what:<9}  {}", Shown::line(says))?;
    }
    print(&out)?;
    let bad = found.iter().any(|Finding(grade, ..)| *grade == Grade::Bad);
    Ok(if bad { Exit::No } else { Exit::Ok })
}

fn folders(home: &Home, found: &mut Vec<Finding>) {
    let folders = [
        ("config", &home.config),
        ("journal", &home.journal),
        ("store", &home.sled),
        ("socket", &home.run),
        ("log", &home.log),
    ];
    for (what, dir) in folders {
        let (mut grade, mut says) = folder(dir);
        if what == "journal"
            && grade != Grade::Bad
            && let Err(e) = journal::check(dir)
        {
            (grade, says) = (Grade::Bad, e.to_string());
        }
        found.push(Finding(grade, what, says));
    }
}

fn folder(dir: &Path) -> (Grade, String) {
    let path = dir.display();
    let meta = match fs::metadata(dir) {
        Ok(meta) => meta,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return (Grade::Ok, format!("{path} is made when it is needed"));
        }
        Err(e) => return (Grade::Bad, format!("cannot look at {path}: {e}; give another --home")),
    };
    let (mode, me) = (meta.permissions().mode() & 0o777, rustix::process::geteuid().as_raw());
    if !meta.is_dir() {
        (Grade::Bad, format!("{path} is not a folder; move it away"))
    } else if meta.uid() != me {
        (Grade::Bad, format!("{path} belongs to user {}, not to you (user {me}); give another --home", meta.uid()))
    } else if mode & 0o022 != 0 {
        (Grade::Bad, format!("{path} may be written by others (mode {mode:o}); run: chmod 700 {path}"))
    } else if rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_err() {
        (Grade::Bad, format!("{path} cannot be written; make it writable, or give another --home"))
    } else if mode & 0o077 != 0 {
        (Grade::Warn, format!("{path} may be read by others (mode {mode:o}); run: chmod 700 {path}"))
    } else {
        (Grade::Ok, path.to_string())
    }
}

fn address(home: &Home) -> Finding {
    let path = home.socket();
    let len = path.as_os_str().len();
    if len > socket::LONGEST_ADDRESS {
        let says = format!("{} is too long for a socket ({len} bytes); give a shorter --home", path.display());
        return Finding(Grade::Bad, "address", says);
    }
    Finding(Grade::Ok, "address", path.display().to_string())
}

fn rules(home: &Home) -> Finding {
    let path = home.policy();
    let read = hub::read_policy(&path);
    let is_there = !matches!(read, Ok(None));
    let parsed = policy::parse::from_file(read, &path.display().to_string());
    match parsed.policy.why_invalid() {
        Some(why) => Finding(Grade::Bad, "policy", format!("{why}; see: sayso policy check")),
        None if is_there => Finding(Grade::Ok, "policy", path.display().to_string()),
        None => Finding(
            Grade::Ok,
            "policy",
            "there is no file, the defaults hold; to write one: sayso policy init".to_owned(),
        ),
    }
}

fn hub_of(home: &Home, found: &mut Vec<Finding>) {
    match status_of(home) {
        Ok(None) => found.push(Finding(Grade::Ok, "hub", "none runs; one is started on demand".to_owned())),
        Ok(Some(status)) => {
            let says = format!(
                "pid {}, {} servers, {} consoles, {} calls held",
                status.pid,
                status.wraps.len(),
                status.consoles,
                status.held
            );
            found.push(Finding(Grade::Ok, "hub", says));
            found.extend(status.policy_waits.map(|waits| Finding(Grade::Warn, "policy", waits)));
            let notices = status.notices.into_iter().map(|notice| Finding(Grade::Warn, "hub", notice));
            found.extend(notices);
        }
        Err(e) => found.push(Finding(Grade::Bad, "hub", format!("{e:#}"))),
    }
}

fn program() -> Finding {
    if cfg!(not(target_os = "linux")) {
        let says = "this system has no /proc: which program is at the other end of the socket is not checked";
        return Finding(Grade::Warn, "program", says.to_owned());
    }
    match proc::own_program().and(proc::program_path(std::process::id())) {
        Ok(path) if path.ends_with(" (deleted)") => {
            Finding(Grade::Bad, "program", format!("{path}: it was replaced while it ran; start it again"))
        }
        Ok(path) => Finding(Grade::Ok, "program", path),
        Err(e) => {
            let says = format!("/proc/self/exe cannot be read ({e}): hub and consoles refuse each other; mount /proc");
            Finding(Grade::Bad, "program", says)
        }
    }
}

fn forebears() -> Finding {
    match proc::lineage_of(std::process::id()) {
        Ok(lineage) if lineage.whole => {
            Finding(Grade::Ok, "processes", "this program's forebears can be seen up to the first".to_owned())
        }
        Ok(lineage) => {
            let last = lineage.chain.last().map_or(0, |p| p.parent);
            let says = format!(
                "forebears from pid {last} up cannot be seen (hidepid, a container?): a console is told from an agent's \
                 child only as far as they can"
            );
            Finding(Grade::Warn, "processes", says)
        }
        Err(e) => {
            let says =
                format!("/proc cannot be read ({e}): a console cannot be told from an agent's child, so none decides");
            Finding(Grade::Bad, "processes", says)
        }
    }
}

fn debuggers() -> Finding {
    match fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope") {
        Ok(scope) if scope.trim() != "0" => {
            Finding(Grade::Ok, "ptrace", "only a parent may take over a program of yours (ptrace_scope)".to_owned())
        }
        _ => {
            let says = "any program of yours may take over a console (ptrace); where the system offers it, run: sudo \
                        sysctl kernel.yama.ptrace_scope=1";
            Finding(Grade::Warn, "ptrace", says.to_owned())
        }
    }
}

fn person() -> Vec<Finding> {
    let mut found = Vec::new();
    if rustix::process::geteuid().is_root() {
        let says =
            "you are root: whatever an agent runs may do anything, sayso's files included; use an account of its own";
        found.push(Finding(Grade::Warn, "user", says.to_owned()));
    }
    for name in ["LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH"] {
        if std::env::var_os(name).is_some_and(|value| !value.is_empty()) {
            let says = format!("{name} is set and changes what programs do, this one included; unset it for consoles");
            found.push(Finding(Grade::Warn, "loader", says));
        }
    }
    found
}

fn terminal(found: &mut Vec<Finding>) {
    let mut say = |grade, what, says: String| found.push(Finding(grade, what, says));
    let name = std::env::var("TERM").unwrap_or_default();
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_col > 0);
    match size {
        _ if !io::stdout().is_terminal() => {
            say(Grade::Warn, "terminal", "standard output is no terminal here; the console needs one".to_owned());
        }
        _ if matches!(name.as_str(), "" | "dumb") => {
            say(Grade::Warn, "terminal", format!("TERM={name}: the console needs one that can place text"));
        }
        Some(size) if size.ws_col < 80 || size.ws_row < 24 => {
            let says = format!("{}×{} is small; the console wants 80×24", size.ws_col, size.ws_row);
            say(Grade::Warn, "terminal", says);
        }
        Some(size) => say(Grade::Ok, "terminal", format!("{name}, {}×{}", size.ws_col, size.ws_row)),
        None => say(Grade::Ok, "terminal", name),
    }
    // The first that is set and not empty counts (POSIX.1-2017, 8.2).
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|v| std::env::var(v).ok().filter(|t| !t.is_empty()));
    let locale = locale.unwrap_or_else(|| "C".to_owned());
    let plain = locale.to_lowercase().replace('-', "");
    if plain.contains("utf8") {
        say(Grade::Ok, "locale", locale);
    } else {
        say(Grade::Warn, "locale", format!("{locale} is not UTF-8: the console draws in ASCII; set LANG=C.UTF-8"));
    }
}
