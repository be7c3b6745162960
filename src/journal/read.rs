//! Reading forwards: the lines of a file, the facts for the store, and the proof that the chain is whole.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::line::{GENESIS, Kind, Line};
use super::{JournalError, MAX_LINE, Segment, segments};
use crate::call::Digest;
use crate::record::{Fact, Place, Stamp};

/// The lines of one file, one at a time, in memory bounded by the longest.
pub(super) struct Lines {
    input: BufReader<File>,
    offset: u64,
    text: Vec<u8>,
}

/// One line, whatever is in it.
pub(super) struct Raw<'a> {
    pub(super) offset: u64,
    /// Without the line break; cut after [`MAX_LINE`] bytes.
    pub(super) text: &'a [u8],
    /// Whether a line break follows: otherwise the file ends here.
    pub(super) ended: bool,
}

impl Lines {
    pub(super) fn open(segment: &Segment, offset: u64) -> Result<Self, JournalError> {
        let mut file = segment.open()?;
        if offset > 0 {
            file.seek(SeekFrom::Start(offset)).map_err(JournalError::io("read", &segment.path))?;
        }
        Ok(Self { input: BufReader::with_capacity(128 << 10, file), offset, text: Vec::new() })
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Raw<'_>>> {
        self.text.clear();
        let offset = self.offset;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            if chunk.is_empty() {
                let some = self.offset > offset;
                return Ok(some.then_some(Raw { offset, text: &self.text, ended: false }));
            }
            let end = memchr::memchr(b'\n', chunk);
            let used = end.map_or(chunk.len(), |at| at + 1);
            let room = MAX_LINE.saturating_sub(self.text.len());
            self.text.extend_from_slice(&chunk[..end.unwrap_or(chunk.len()).min(room)]);
            self.input.consume(used);
            self.offset += used as u64;
            if end.is_some() {
                return Ok(Some(Raw { offset, text: &self.text, ended: true }));
            }
        }
    }
}

/// What the chain consists of when it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries.
    pub entries: u64,
    /// In how many files.
    pub segments: usize,
    /// The last hash: who keeps it elsewhere can tell later whether lines were cut off the end.
    pub last_hash: Digest,
}

/// The first line that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {why}")]
pub struct Broken {
    /// The file's name in the journal's folder.
    pub file: String,
    /// The line in it, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

/// Why a journal is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not whole.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// It could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// How often, and how long apart, a last line without its end is looked at again: a hub may be writing it.
const PATIENCE: (u32, Duration) = (10, Duration::from_millis(20));

/// Walks the chain from the first line to the last.
pub fn verify(dir: &Path) -> Result<Verified, VerifyError> {
    let mut tries = 0;
    loop {
        match walk(dir)? {
            Ok(verified) => return Ok(verified),
            Err((broken, true)) if tries == PATIENCE.0 => return Err(broken.into()),
            Err((_, true)) => {
                tries += 1;
                std::thread::sleep(PATIENCE.1);
            }
            Err((broken, false)) => return Err(broken.into()),
        }
    }
}

/// The bool: it is the very last line and only its end is missing.
fn walk(dir: &Path) -> Result<Result<Verified, (Broken, bool)>, JournalError> {
    let all = segments(dir)?;
    let mut seen = Verified { entries: 0, segments: all.len(), last_hash: GENESIS };
    for (index, segment) in all.iter().enumerate() {
        let mut lines = Lines::open(segment, 0)?;
        let mut number = 0;
        while let Some(raw) = lines.next().map_err(JournalError::io("read", &segment.path))? {
            number += 1;
            let due = seen.entries + 1;
            let why = match Line::parse(raw.text) {
                _ if !raw.ended => "the line is cut off".to_owned(),
                None => "this is not a line of a journal".to_owned(),
                Some(line) if line.seq != due && number == 1 => {
                    format!("entry {due} should be here, not entry {}: is a file before this one missing?", line.seq)
                }
                Some(line) if line.seq != due => {
                    format!("entry {due} should be here, not entry {}: lines were removed, added or moved", line.seq)
                }
                Some(line) if !line.follows(&seen.last_hash) => {
                    "its hash does not fit: this line or the one before was changed".to_owned()
                }
                Some(line) => {
                    seen.last_hash = line.hash;
                    seen.entries = due;
                    continue;
                }
            };
            let being_written = !raw.ended && index + 1 == all.len();
            return Ok(Err((Broken { file: segment.file_name(), line: number, why }, being_written)));
        }
    }
    Ok(Ok(seen))
}

/// Whether the journal has this entry, with this hash, in this place.
pub fn knows(dir: &Path, stamp: &Stamp) -> Result<bool, JournalError> {
    let all = segments(dir)?;
    let Some(segment) = all.iter().find(|s| s.month == stamp.place.month && s.number == stamp.place.number) else {
        return Ok(false);
    };
    let mut lines = Lines::open(segment, stamp.place.offset)?;
    let raw = lines.next().map_err(JournalError::io("read", &segment.path))?;
    let line = raw.as_ref().filter(|raw| raw.ended).and_then(|raw| Line::parse(raw.text));
    Ok(line.is_some_and(|line| line.seq == stamp.seq && line.hash == stamp.hash))
}

/// What the store needs to know, in order, after this entry (`None`: all). Lines that do not fit the chain become
/// [`Fact::Broken`]; what they say does not count.
pub fn facts(dir: &Path, after: Option<&Stamp>) -> Result<Facts, JournalError> {
    let mut all = segments(dir)?;
    let mut offset = 0;
    if let Some(stamp) = after {
        all.retain(|s| (s.month, s.number) >= (stamp.place.month, stamp.place.number));
        offset = stamp.place.offset;
    }
    Ok(Facts {
        segments: all.into_iter(),
        open: None,
        offset,
        previous: Some(after.map_or(GENESIS, |stamp| stamp.hash)),
        last_seq: after.map_or(0, |stamp| stamp.seq),
        skip: after.is_some(),
    })
}

/// See [`facts`].
pub struct Facts {
    segments: std::vec::IntoIter<Segment>,
    open: Option<(Segment, Lines)>,
    /// Where to begin in the next file.
    offset: u64,
    /// `None` after something that is no line.
    previous: Option<Digest>,
    last_seq: u64,
    /// Whether the first line is the entry that is known already.
    skip: bool,
}

impl Facts {
    fn advance(&mut self) -> Result<Option<(Stamp, Fact)>, JournalError> {
        loop {
            let (segment, lines) = match &mut self.open {
                Some(open) => open,
                None => match self.segments.next() {
                    None => return Ok(None),
                    Some(segment) => {
                        let lines = Lines::open(&segment, std::mem::take(&mut self.offset))?;
                        self.open.insert((segment, lines))
                    }
                },
            };
            let Some(raw) = lines.next().map_err(JournalError::io("read", &segment.path))? else {
                self.open = None;
                continue;
            };
            if std::mem::take(&mut self.skip) {
                continue;
            }
            let Some(line) = Line::parse(raw.text).filter(|_| raw.ended) else {
                self.previous = None;
                continue;
            };
            let place = Place { month: segment.month, number: segment.number, offset: raw.offset };
            let stamp = Stamp { seq: line.seq, hash: line.hash, place };
            let fits = self.last_seq.checked_add(1) == Some(line.seq)
                && self.previous.is_some_and(|previous| line.follows(&previous));
            self.previous = Some(line.hash);
            self.last_seq = line.seq;
            return Ok(Some((stamp, if fits { fact(&line) } else { Fact::Broken })));
        }
    }
}

fn fact(line: &Line<'_>) -> Fact {
    let telling = match line.kind() {
        Kind::Granted | Kind::Revoked => true,
        Kind::Decided(_) => memchr::memmem::find(line.record, b"\"grant\":").is_some(),
        Kind::Submitted(_) | Kind::Finished(_) | Kind::Opened | Kind::Carried | Kind::Policy | Kind::Other => false,
    };
    match (telling, line.kind()) {
        (false, _) => Fact::Other,
        // A revocation that cannot be read might be of any approval.
        (true, kind) => line
            .parse_record()
            .map_or(if kind == Kind::Revoked { Fact::Broken } else { Fact::Other }, |record| Fact::of(&record)),
    }
}

impl Iterator for Facts {
    type Item = Result<(Stamp, Fact), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
