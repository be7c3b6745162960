//! Opening the journal to write: one writer, a torn last line put aside, and what an earlier hub left undone.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, SeekFrom};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::tail::{self, End, Tail};
use super::write::Journal;
use super::{JournalError, Segment, open_plain, segments};
use crate::call::{CallId, Digest};
use crate::decision::{By, Decision, DecisionKind, GrantId};
use crate::record::{Accepted, Decided, Mended, Opened, Record};

/// What an opening hub has to know and to do first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The highest number of a call so far; 0: none.
    pub last_call: CallId,
    /// The highest number of a remembered approval so far; 0: none.
    pub last_grant: GrantId,
    /// How many entries there are.
    pub seq: u64,
    /// The last hash; 64 zeros when there is no entry.
    pub hash: Digest,
    /// Submitted and never decided, oldest first, with the digest of their params: the hub ended in between.
    pub undecided: Vec<(CallId, Digest)>,
    /// The policy that was accepted last; `None`: not known.
    pub policy: Option<Accepted>,
    /// What was mended, in sentences.
    pub mended: Vec<String>,
    /// What is wrong and cannot be mended, in sentences: for a person, on every start.
    pub warnings: Vec<String>,
}

impl Opening {
    /// The first batch a hub has to write, in this order, so that a kill in the middle of it loses nothing: decisions
    /// for the calls that have none, what was mended, and last that it opened, which closes all before it.
    pub fn records(&self, pid: u32) -> Vec<Record> {
        let blocked = self.undecided.iter().map(|(id, params_digest)| {
            let decision = Decision::new(DecisionKind::Blocked, By::Hub).because("the hub ended before a decision");
            Record::Decided(Decided {
                id: *id,
                decision,
                who: None,
                params_digest: *params_digest,
                held_ms: 0,
                looked_ms: None,
                shown: None,
            })
        });
        let mended = self.mended.iter().map(|what| Record::Mended(Mended { what: what.clone() }));
        let opened = Record::Opened(Opened {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid,
            last_call: Some(self.last_call),
            last_grant: Some(self.last_grant),
        });
        blocked.chain(mended).chain([opened]).collect()
    }
}

impl Journal {
    /// Opens the journal in this folder, which is made (mode 0700) if it is missing. `now` is in milliseconds since
    /// the Unix epoch. Reads the last file only, unless its beginning was lost.
    pub fn open(dir: &Path, now: i64) -> Result<(Self, Opening), JournalError> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(JournalError::io("make", dir))?;
        let owner = fs::metadata(dir).map_err(JournalError::io("look at", dir))?.uid();
        if owner != rustix::process::geteuid().as_raw() {
            return Err(JournalError::Foreign(dir.to_owned(), owner));
        }
        let lock = lock(dir)?;
        let mut all = segments(dir)?;
        let Tail { marks, seq, hash, end, misfit } = tail::read(&all)?;
        let mut mended = Vec::new();
        let current = match all.last_mut() {
            None => None,
            Some(last) => {
                let file = append_to(last)?;
                mended.extend(mend(last, &file, end, now)?);
                Some((last.clone(), file))
            }
        };
        let changed = misfit.map(|(file, line)| {
            format!("the journal was changed: {file}, line {line}, does not fit; see: sayso history verify")
        });
        let newer = marks.versions.iter().find(|version| is_newer(version)).map(|version| {
            format!(
                "the journal was written by sayso {version}, which is newer; what it added is not read: update sayso"
            )
        });
        let warnings = changed.into_iter().chain(newer).collect();
        let opening = Opening {
            last_call: marks.last_call,
            last_grant: marks.last_grant,
            seq,
            hash,
            policy: marks.policy,
            undecided: marks.open.iter().map(|(id, digest)| (*id, *digest)).collect(),
            mended,
            warnings,
        };
        Ok((Self::at(dir, lock, current, (seq, hash), marks), opening))
    }
}

/// Whether a hub could open the journal in this folder as it is. Changes nothing and takes no lock.
pub fn check(dir: &Path) -> Result<(), JournalError> {
    let all = segments(dir)?;
    tail::read(&all)?;
    for path in all.last().map(|last| last.path.clone()).into_iter().chain([dir.join("lock")]) {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        match OpenOptions::new().append(true).custom_flags(flags.bits().cast_signed()).open(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(JournalError::io("write", &path)(e)),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// Whether a version is a later one than this program's.
fn is_newer(version: &str) -> bool {
    let numbers =
        |text: &str| -> Vec<u64> { text.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect() };
    numbers(version) > numbers(env!("CARGO_PKG_VERSION"))
}

fn lock(dir: &Path) -> Result<File, JournalError> {
    let path = dir.join("lock");
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600).custom_flags(flags.bits().cast_signed());
    let file = options.open(&path).map_err(JournalError::io("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Busy(dir.to_owned())),
        Err(TryLockError::Error(e)) => Err(JournalError::io("lock", &path)(e)),
    }
}

fn append_to(segment: &Segment) -> Result<File, JournalError> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.append(true).custom_flags(flags.bits().cast_signed());
    let file = options.open(&segment.path).map_err(JournalError::io("write", &segment.path))?;
    let mode = file.metadata().map_err(JournalError::io("look at", &segment.path))?.permissions().mode();
    if mode & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(JournalError::io("protect", &segment.path))?;
    }
    Ok(file)
}

/// Makes the file end with a whole line. What is cut off is kept beside it.
fn mend(segment: &mut Segment, file: &File, end: End, now: i64) -> Result<Option<String>, JournalError> {
    let name = segment.file_name();
    let what = match end {
        End::Whole => return Ok(None),
        End::NoBreak => {
            io::Write::write_all(&mut &*file, b"\n").map_err(JournalError::io("mend", &segment.path))?;
            segment.len += 1;
            format!("the last line of {name} lacked its line break")
        }
        End::Torn(from) => {
            let aside = segment.path.with_extension(format!("{now}.torn"));
            let bytes = keep(segment, from, &aside)?;
            file.set_len(from).map_err(JournalError::io("mend", &segment.path))?;
            segment.len = from;
            let kept = aside.file_name().unwrap_or_default().to_string_lossy().into_owned();
            format!("a torn last line of {bytes} bytes was cut off {name} and kept in {kept}")
        }
    };
    file.sync_data().map_err(JournalError::io("sync", &segment.path))?;
    Ok(Some(what))
}

fn keep(segment: &Segment, from: u64, aside: &Path) -> Result<u64, JournalError> {
    let mut source = open_plain(&segment.path)?;
    source.seek(SeekFrom::Start(from)).map_err(JournalError::io("read", &segment.path))?;
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(aside)
        .map_err(JournalError::io("keep a torn line in", aside))?;
    let bytes = io::copy(&mut source, &mut target)
        .and_then(|bytes| target.sync_all().map(|()| bytes))
        .map_err(JournalError::io("keep a torn line in", aside))?;
    Ok(bytes)
}
