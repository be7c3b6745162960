//! What the system says of processes: the thin reader of `/proc`. The decision on a lineage is in [`lineage`].
//!
//! Invariant: what cannot be read is an error or a shorter lineage, never a guess. Never writes, never signals.

mod code;
pub mod lineage;

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;

/// One process for as long as the machine is up: a number alone comes back, with its start it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The process's number.
    pub pid: u32,
    /// When it started, in clock ticks since boot.
    pub started: u64,
}

/// A process as `/proc` shows it. The names are the process's own words: untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Which.
    pub key: Key,
    /// Its parent's number; 0 for none within sight.
    pub parent: u32,
    /// The device number of its controlling terminal; 0 for none.
    pub tty: u32,
    /// The kernel's short name for it (15 bytes at most).
    pub name: String,
    /// Its command line, the first 4 KiB of it; empty for kernel threads and zombies.
    pub words: Vec<String>,
}

/// The most of a command line that is read, in bytes.
const COMMAND_LINE: u64 = 4096;

/// No lineage is longer than this; a longer one is cut.
const GENERATIONS: usize = 128;

impl Process {
    /// The process with this number.
    pub fn look(pid: u32) -> io::Result<Self> {
        let stat = read_bounded(pid, "stat")?;
        let mut process = parse_stat(pid, &stat)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid}/stat is unreadable")))?;
        let line = read_bounded(pid, "cmdline").unwrap_or_default();
        process.words = line
            .split(|&b| b == 0)
            .filter(|word| !word.is_empty())
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        Ok(process)
    }

    /// The name of its controlling terminal for a person (`/dev/pts/3`), if it has one.
    pub fn terminal(&self) -> Option<String> {
        terminal_name(self.tty)
    }
}

fn read_bounded(pid: u32, file: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(format!("/proc/{pid}/{file}"))?.take(COMMAND_LINE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// `/proc/PID/stat`, `proc_pid_stat(5)`. The name may hold blanks and brackets, so it ends at the last `)`.
fn parse_stat(pid: u32, stat: &[u8]) -> Option<Process> {
    let text = String::from_utf8_lossy(stat);
    let (head, tail) = text.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let fields: Vec<&str> = tail.split_whitespace().collect();
    // Fields count from 3 (the state) behind the name: 4 is the parent, 7 the terminal, 22 the start.
    let field = |number: usize| fields.get(number - 3).copied();
    Some(Process {
        key: Key { pid, started: field(22)?.parse().ok()? },
        parent: field(4)?.parse().ok()?,
        tty: field(7)?.parse::<i32>().ok()?.cast_unsigned(),
        name: name.to_owned(),
        words: Vec::new(),
    })
}

fn terminal_name(device: u32) -> Option<String> {
    // As the kernel packs it in stat: minor 31-20 and 7-0, major 15-8.
    let major = device >> 8 & 0xfff;
    let minor = device & 0xff | device >> 12 & 0xf_ff00;
    match (major, minor) {
        (0, _) => None,
        (136..=143, _) => Some(format!("/dev/pts/{}", (major - 136) * 256 + minor)),
        (4, 0..=63) => Some(format!("/dev/tty{minor}")),
        _ => Some(format!("terminal {major}:{minor}")),
    }
}

/// The process that has this number now.
pub fn key_of(pid: u32) -> Option<Key> {
    parse_stat(pid, &read_bounded(pid, "stat").ok()?).map(|process| process.key)
}

/// A process and its forebears as far as they can be seen, the process itself first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// The process itself, its parent, and so on.
    pub chain: Vec<Process>,
    /// Whether the chain goes up to a process without a parent; otherwise somebody above could not be read.
    pub whole: bool,
}

/// Reads a lineage. A parent that ended meanwhile is no parent any more, so its child is read again.
pub fn lineage_of(pid: u32) -> io::Result<Lineage> {
    let mut chain = vec![Process::look(pid)?];
    while chain.len() < GENERATIONS {
        let Some(last) = chain.last() else { break };
        if last.parent == 0 {
            return Ok(Lineage { chain, whole: true });
        }
        match Process::look(last.parent) {
            // A parent is never younger than its child: this number was given away again.
            Ok(parent) if parent.key.started <= last.key.started => chain.push(parent),
            Ok(_) | Err(_) => match Process::look(last.key.pid) {
                Ok(again) if again.key == last.key && again.parent != last.parent => {
                    chain.pop();
                    chain.push(again);
                }
                _ => return Ok(Lineage { chain, whole: false }),
            },
        }
    }
    Ok(Lineage { chain, whole: false })
}

/// Which file a process runs: device and inode, so a copy, a replaced or another program differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    device: u64,
    inode: u64,
}

/// What the process runs. The link is followed by the kernel, so this holds for a deleted file too.
pub fn program_of(pid: u32) -> io::Result<Program> {
    program_at(&format!("/proc/{pid}/exe"))
}

/// What this process runs.
pub fn own_program() -> io::Result<Program> {
    program_at("/proc/self/exe")
}

fn program_at(link: &str) -> io::Result<Program> {
    let meta = fs::metadata(link)?;
    Ok(Program { device: meta.dev(), inode: meta.ino() })
}

/// Where the process's program lies, for a person; ends in ` (deleted)` when it was replaced.
pub fn program_path(pid: u32) -> io::Result<String> {
    Ok(fs::read_link(format!("/proc/{pid}/exe"))?.to_string_lossy().into_owned())
}

/// Why a peer is not taken for a sayso of this build.
#[derive(Debug, thiserror::Error)]
pub enum NotOurs {
    /// The system does not say which process it is.
    #[error("the system does not say which process is at the other end (another container or pid namespace?)")]
    NoPid,
    /// It runs another file.
    #[error("pid {pid} runs another program ({path}) than this sayso")]
    Other {
        /// Which process.
        pid: u32,
        /// What it runs, as far as that can be read.
        path: String,
    },
    /// It spoke before it was looked at: then it may have been another program that spoke.
    #[error("the process at the other end spoke before its turn")]
    Early,
    /// It runs more than the program.
    #[error("pid {pid} runs code that is not sayso's: {what}")]
    Foreign {
        /// Which process.
        pid: u32,
        /// Where that code is from.
        what: String,
    },
    /// It cannot be looked at.
    #[error("cannot tell which program pid {pid} runs: {why}")]
    Unseen {
        /// Which process.
        pid: u32,
        /// What the system said.
        why: io::Error,
    },
}

/// Whether a peer runs the same file as this process. What cannot be told is refused, except on systems that have no
/// `/proc` at all, where `doctor` says that nothing is checked.
pub fn check_program(pid: Option<u32>) -> Result<(), NotOurs> {
    if cfg!(not(target_os = "linux")) {
        return Ok(());
    }
    let pid = pid.filter(|&pid| pid != 0).ok_or(NotOurs::NoPid)?;
    let theirs = program_of(pid).map_err(|why| NotOurs::Unseen { pid, why })?;
    let ours = own_program().map_err(|why| NotOurs::Unseen { pid: std::process::id(), why })?;
    if theirs == ours {
        return Ok(());
    }
    Err(NotOurs::Other {
        pid,
        path: program_path(pid).unwrap_or_else(|_| "unknown".to_owned()).escape_debug().to_string(),
    })
}

/// Whether a peer runs this program and no code besides that this process does not run too.
pub fn check_code(pid: Option<u32>) -> Result<(), NotOurs> {
    check_program(pid)?;
    let Some(pid) = pid.filter(|_| cfg!(target_os = "linux")) else { return Ok(()) };
    match code::foreign(pid) {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(NotOurs::Foreign { pid, what: what.escape_debug().to_string() }),
        Err(why) => Err(NotOurs::Unseen { pid, why }),
    }
}

#[cfg(test)]
mod tests;
