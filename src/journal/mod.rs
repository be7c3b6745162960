//! The journal: an append-only, hash-chained record of everything that was asked, decided and done. THE TRUTH; what
//! `store` keeps can always be made again from it.
//!
//! JSON Lines in `YYYY-MM.NNN.jsonl`, a new file every month (UTC) and after 64 MiB, mode 0600. One line is
//!
//! ```text
//! {"hash":"<64 hex>","seq":1,"at":"2026-11-22T09:00:00.000Z","record":{"submitted":{…}}}
//! ```
//!
//! where `hash` is the SHA-256 of the hash in the line before (64 zeros before the first; the chain runs on from file
//! to file) followed by this line from its 76th byte, `"seq"`, to its end without the line break. Standard tools check
//! it: `(printf %s "$hash_before"; tail -c +76 line | tr -d '\n') | sha256sum`.
//!
//! Invariants: a batch is one write and either all of it is in the chain or nothing; a line once written is never
//! changed; one process writes. Whoever cuts whole lines off the *end* leaves a chain that is whole: that is found by
//! comparing with what `store` has seen ([`knows`]), not here. Readers need no hub and no lock.

mod line;
mod open;
mod page;
mod read;
mod tail;
#[cfg(test)]
mod tests;
mod walk;
mod write;

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

pub use self::open::{Opening, check};
pub use self::page::{Page, find, page};
pub use self::read::{Broken, Facts, Verified, VerifyError, facts, knows, verify};
pub use self::tail::accepted;
pub use self::walk::Walk;
pub use self::write::{Journal, Syncer};

/// When a file has this many bytes, the next batch begins a new one.
const SEGMENT_BYTES: u64 = 64 << 20;

/// No line is longer: a 16 MiB message, escaped where a record quotes it, and its envelope. What is longer is no line.
const MAX_LINE: usize = 64 << 20;

/// Why the journal cannot be used. Whoever gets this while writing denies the call.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process holds the lock.
    #[error("another hub writes the journal in {0}; see: sayso hub status")]
    Busy(PathBuf),
    /// The folder is somebody else's.
    #[error("the journal's folder {0} belongs to user {1}, not to you; give another --home")]
    Foreign(PathBuf, u32),
    /// Something that is named like a file of the journal but is a link, a pipe or a folder.
    #[error("{0} is not a regular file; move it away")]
    NotAFile(PathBuf),
    /// The system refused.
    #[error("cannot {doing} {path}: {why}{}", hint(.why))]
    Io {
        /// What was tried: `write`.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        why: io::Error,
    },
    /// A record that cannot be one line. Nothing was written.
    #[error("cannot write a record as one line: {0}")]
    Record(String),
    /// An earlier failure leaves it unknown what is on the disk. Open it again.
    #[error("the journal stopped when {0}; start the hub again: sayso hub stop")]
    Stopped(&'static str),
}

impl JournalError {
    fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |why| Self::Io { doing, path: path.to_owned(), why }
    }
}

fn hint(error: &io::Error) -> &'static str {
    let is = |errno: rustix::io::Errno| error.raw_os_error() == Some(errno.raw_os_error());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room on the disk",
        io::ErrorKind::FileTooLarge => "; raise the file size limit (ulimit -f)",
        io::ErrorKind::ReadOnlyFilesystem => "; give a --home that can be written",
        io::ErrorKind::PermissionDenied => "; check its owner and mode, and those of its folder (ls -la)",
        io::ErrorKind::AlreadyExists | io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => "; move it away",
        // A link, which is not followed; a pipe, which is not waited for.
        _ if is(rustix::io::Errno::LOOP) || is(rustix::io::Errno::NXIO) => "; it is no regular file, move it away",
        _ => "",
    }
}

/// One file of the journal.
#[derive(Clone, Debug)]
struct Segment {
    month: u32,
    number: u32,
    path: PathBuf,
    /// Its length when it was listed.
    len: u64,
}

impl Segment {
    fn name(month: u32, number: u32) -> String {
        format!("{:04}-{:02}.{number:03}.jsonl", month / 100, month % 100)
    }

    fn parse(name: &str) -> Option<(u32, u32)> {
        let (month, rest) = name.split_once('.')?;
        let (year, month) = month.split_once('-')?;
        let number = rest.strip_suffix(".jsonl")?.parse().ok()?;
        let month = year.parse::<u32>().ok()?.checked_mul(100)?.checked_add(month.parse().ok()?)?;
        (Self::name(month, number) == name).then_some((month, number))
    }

    fn file_name(&self) -> String {
        Self::name(self.month, self.number)
    }

    fn open(&self) -> Result<File, JournalError> {
        open_plain(&self.path)
    }
}

/// Opens a file to read; never follows a link and never waits for a pipe.
fn open_plain(path: &Path) -> Result<File, JournalError> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let mut options = std::fs::OpenOptions::new();
    options.read(true).custom_flags(flags.bits().cast_signed());
    options.open(path).map_err(JournalError::io("read", path))
}

/// The files of the journal in the order of the chain. A folder that is not there has none.
fn segments(dir: &Path) -> Result<Vec<Segment>, JournalError> {
    let listing = match std::fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(JournalError::io("read", dir)(e)),
    };
    let mut all = Vec::new();
    for item in listing {
        let item = item.map_err(JournalError::io("read", dir))?;
        let Some((month, number)) = item.file_name().to_str().and_then(Segment::parse) else {
            continue;
        };
        let path = item.path();
        let meta = item.metadata().map_err(JournalError::io("look at", &path))?;
        if !meta.is_file() {
            return Err(JournalError::NotAFile(path));
        }
        all.push(Segment { month, number, path, len: meta.len() });
    }
    all.sort_unstable_by_key(|s| (s.month, s.number));
    Ok(all)
}
