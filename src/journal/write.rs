//! Appending: one write a batch, whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::line::{self, encode};
use super::tail::Marks;
use super::{JournalError, SEGMENT_BYTES, Segment};
use crate::call::Digest;
use crate::record::{Place, Record, Stamp};

/// The one writer. Dropping it lets another open the journal.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    _lock: File,
    current: Option<Current>,
    seq: u64,
    hash: Digest,
    marks: Marks,
    buffer: Vec<u8>,
    /// The last time that was formatted, and its text.
    time: (i64, String),
    /// Set when a sync failed: the system may have dropped what was written, and would not say so twice.
    lost: Arc<AtomicBool>,
    #[cfg(test)]
    pub(super) fault: super::tests::Fault,
}

#[derive(Debug)]
struct Current {
    segment: Segment,
    file: File,
    /// The end of the last whole line.
    len: u64,
    /// A failed write could not be taken back yet.
    ragged: bool,
    unsynced: bool,
}

impl Journal {
    pub(super) fn at(
        dir: &Path,
        lock: File,
        current: Option<(Segment, File)>,
        (seq, hash): (u64, Digest),
        marks: Marks,
    ) -> Self {
        let current = current.map(|(segment, file)| {
            let len = segment.len;
            Current { segment, file, len, ragged: false, unsynced: true }
        });
        Self {
            dir: dir.to_owned(),
            _lock: lock,
            current,
            seq,
            hash,
            marks,
            buffer: Vec::new(),
            time: (i64::MIN, String::new()),
            lost: Arc::default(),
            #[cfg(test)]
            fault: super::tests::Fault::default(),
        }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes a batch: all of it, in one write, or nothing. `at` is in milliseconds since the Unix epoch. After an
    /// error the chain ends where it ended before; the next batch may be tried at any time.
    pub fn append(&mut self, at: i64, records: &[Record]) -> Result<Vec<Stamp>, JournalError> {
        if self.lost.load(Ordering::Acquire) {
            return Err(JournalError::Stopped("the disk did not take what was written"));
        }
        if records.is_empty() {
            return Ok(Vec::new());
        }
        if self.time.0 != at {
            self.time = (at, line::time(at));
        }
        self.make_room(at)?;
        let fresh = self.current.as_ref().is_some_and(|current| current.len == 0);
        let carried = (fresh && self.seq > 0).then(|| self.marks.carried());
        self.buffer.clear();
        let (mut seq, mut hash) = (self.seq, self.hash);
        let mut stamps = Vec::with_capacity(records.len());
        for record in carried.iter().chain(records) {
            seq = seq.saturating_add(1);
            let place = Place { month: 0, number: 0, offset: self.buffer.len() as u64 };
            hash = encode(&mut self.buffer, &hash, seq, &self.time.1, record)?;
            stamps.push(Stamp { seq, hash, place });
        }
        let start = self.write_buffer()?;
        stamps.drain(..stamps.len() - records.len());
        for stamp in &mut stamps {
            stamp.place = Place { offset: start.offset + stamp.place.offset, ..start };
        }
        (self.seq, self.hash) = (seq, hash);
        for record in records {
            self.marks.add(record);
        }
        // A 16 MiB call must not hold its memory for ever.
        if self.buffer.capacity() > 1 << 20 {
            self.buffer = Vec::new();
        }
        Ok(stamps)
    }

    /// Begins a new file where one is due.
    fn make_room(&mut self, at: i64) -> Result<(), JournalError> {
        // A clock set back never makes the files' order differ from the chain's.
        let month = line::month(at).max(self.current.as_ref().map_or(0, |c| c.segment.month));
        let number = match &self.current {
            Some(c) if c.segment.month == month && c.len < SEGMENT_BYTES => return Ok(()),
            Some(c) if c.segment.month == month => c.segment.number.saturating_add(1),
            _ => 1,
        };
        if let Some(current) = &mut self.current {
            current.straighten()?;
        }
        self.sync()?;
        let (number, path, file) = self.begin(month, number)?;
        let segment = Segment { month, number, path, len: 0 };
        self.current = Some(Current { segment, file, len: 0, ragged: false, unsynced: false });
        Ok(())
    }

    /// Makes an empty file; steps over files that somebody else put there.
    fn begin(&self, month: u32, number: u32) -> Result<(u32, PathBuf, File), JournalError> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true).mode(0o600);
        let mut last = number;
        loop {
            let path = self.dir.join(Segment::name(month, last));
            match options.open(&path) {
                Ok(file) => {
                    let synced = File::open(&self.dir).and_then(|dir| dir.sync_all());
                    return match synced {
                        Ok(()) => Ok((last, path, file)),
                        Err(e) => {
                            let _ = std::fs::remove_file(&path);
                            Err(JournalError::io("sync", &self.dir)(e))
                        }
                    };
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists && last < number.saturating_add(1000) => last += 1,
                Err(e) => return Err(JournalError::io("begin", &path)(e)),
            }
        }
    }

    fn write_buffer(&mut self) -> Result<Place, JournalError> {
        let Some(current) = &mut self.current else {
            return Err(JournalError::Stopped("there was no file to write"));
        };
        current.straighten()?;
        let mut file = &current.file;
        #[cfg(test)]
        let mut file = self.fault.on(&mut file);
        if let Err(e) = file.write_all(&self.buffer) {
            current.ragged = true;
            // If this fails too, the next batch tries it again before anything else.
            #[cfg(test)]
            self.fault.before_truncate().map_err(JournalError::io("write", &current.segment.path))?;
            let _ = current.straighten();
            return Err(JournalError::io("write", &current.segment.path)(e));
        }
        let start = Place { month: current.segment.month, number: current.segment.number, offset: current.len };
        current.len += self.buffer.len() as u64;
        current.unsynced = true;
        Ok(start)
    }

    /// Waits until everything appended is on the disk itself.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        if self.current.as_ref().is_none_or(|current| !current.unsynced) {
            return Ok(());
        }
        if let Some(syncer) = self.syncer()? {
            syncer.sync()?;
        }
        if let Some(current) = &mut self.current {
            current.unsynced = false;
        }
        Ok(())
    }

    /// For waiting on another thread; covers what was appended before this call. `None`: nothing was appended yet.
    pub fn syncer(&self) -> Result<Option<Syncer>, JournalError> {
        let Some(current) = &self.current else { return Ok(None) };
        let path = current.segment.path.clone();
        let file = current.file.try_clone().map_err(JournalError::io("sync", &path))?;
        Ok(Some(Syncer { file, path, lost: Arc::clone(&self.lost) }))
    }
}

impl Current {
    /// Takes back what a failed write left.
    fn straighten(&mut self) -> Result<(), JournalError> {
        if self.ragged {
            self.file.set_len(self.len).map_err(JournalError::io("take back a failed write to", &self.segment.path))?;
            self.ragged = false;
        }
        Ok(())
    }
}

/// Waits for the disk, wherever it is moved to.
#[derive(Debug)]
pub struct Syncer {
    file: File,
    path: PathBuf,
    lost: Arc<AtomicBool>,
}

impl Syncer {
    /// `fdatasync`. Fails, and stops the journal, also when the file was deleted: what is written to it is lost.
    pub fn sync(&self) -> Result<(), JournalError> {
        let synced = self.file.sync_data().and_then(|()| match self.file.metadata()?.nlink() {
            0 => Err(io::Error::new(io::ErrorKind::NotFound, "the file was deleted while it was written")),
            _ => Ok(()),
        });
        synced.map_err(|e| {
            self.lost.store(true, Ordering::Release);
            JournalError::io("sync", &self.path)(e)
        })
    }
}
