//! The end of the journal as an opening hub finds it: what was last, what was left undecided, and whether the last
//! write was torn. Reads; mends nothing.

use std::collections::BTreeMap;

use super::line::{GENESIS, Kind, Line};
use super::read::Lines;
use super::{JournalError, Segment};
use crate::call::{CallId, Digest};
use crate::decision::GrantId;
use crate::record::Record;

/// What is known after reading from the last entry that sums up everything before it.
pub(super) struct Tail {
    pub(super) last_call: CallId,
    pub(super) last_grant: GrantId,
    pub(super) seq: u64,
    pub(super) hash: Digest,
    /// Submitted and never decided, with the digest of their params.
    pub(super) undecided: Vec<(CallId, Digest)>,
    pub(super) end: End,
    /// The first line read that does not fit the chain: the file and the line's number.
    pub(super) misfit: Option<(String, u64)>,
}

/// How the last file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a whole line, or there is no file.
    Whole,
    /// With a whole line that lacks only its line break.
    NoBreak,
    /// With bytes from here on that are no line.
    Torn(u64),
}

/// Reads the tail.
pub(super) fn read(all: &[Segment]) -> Result<Tail, JournalError> {
    let mut first = all.len().saturating_sub(1);
    while first > 0 && !sums_up(&all[first])? {
        first -= 1;
    }
    let mut reading = Reading {
        last_call: CallId(0),
        last_grant: GrantId(0),
        open: BTreeMap::new(),
        last: None,
        end: End::Whole,
        misfit: None,
    };
    // Before the first file of all comes the genesis; before another comes a hash that is not read here.
    let mut previous = (first == 0).then_some(GENESIS);
    for segment in all.get(first..).unwrap_or_default() {
        reading.file(segment, &mut previous)?;
    }
    let (seq, hash) = match reading.last {
        Some(last) => last,
        None => (0, GENESIS),
    };
    let Reading { last_call, last_grant, open, end, misfit, .. } = reading;
    Ok(Tail { last_call, last_grant, seq, hash, undecided: open.into_iter().collect(), end, misfit })
}

/// Whether an entry here says what the highest numbers were, and so where reading may begin.
fn sums_up(segment: &Segment) -> Result<bool, JournalError> {
    let mut lines = Lines::open(segment, 0)?;
    while let Some(raw) = lines.next().map_err(JournalError::io("read", &segment.path))? {
        if Line::parse(raw.text).is_some_and(|line| high_marks(&line).is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn high_marks(line: &Line<'_>) -> Option<(CallId, GrantId)> {
    if line.kind() != Kind::Opened {
        return None;
    }
    match line.parse_record()? {
        Record::Opened(opened) => Some((opened.last_call?, opened.last_grant?)),
        _ => None,
    }
}

struct Reading {
    last_call: CallId,
    last_grant: GrantId,
    open: BTreeMap<CallId, Digest>,
    last: Option<(u64, Digest)>,
    end: End,
    misfit: Option<(String, u64)>,
}

impl Reading {
    fn file(&mut self, segment: &Segment, previous: &mut Option<Digest>) -> Result<(), JournalError> {
        let mut lines = Lines::open(segment, 0)?;
        let mut number = 0;
        self.end = End::Whole;
        while let Some(raw) = lines.next().map_err(JournalError::io("read", &segment.path))? {
            number += 1;
            let line = Line::parse(raw.text);
            let fits = line.is_some_and(|line| previous.is_some_and(|previous| line.follows(&previous)));
            // A line that was changed afterwards still is one: it stays, and `verify` names it. What is not even JSON
            // is a write that did not reach the disk whole.
            match line.filter(|line| fits || raw.ended && line.is_json()) {
                Some(line) => {
                    let after_garbage = matches!(self.end, End::Torn(_));
                    if (after_garbage || !fits && previous.is_some()) && self.misfit.is_none() {
                        self.misfit = Some((segment.file_name(), number));
                    }
                    self.end = if raw.ended { End::Whole } else { End::NoBreak };
                    self.last = Some((line.seq, line.hash));
                    *previous = Some(line.hash);
                    self.entry(&line);
                }
                None if self.end == End::Whole => self.end = End::Torn(raw.offset),
                None => {}
            }
        }
        Ok(())
    }

    fn entry(&mut self, line: &Line<'_>) {
        match line.kind() {
            Kind::Submitted(id) => {
                self.last_call = self.last_call.max(id);
                self.open.insert(id, params_digest(line.record));
            }
            Kind::Decided(id) => {
                self.open.remove(&id);
            }
            Kind::Granted => {
                if let Some(Record::Granted(grant)) = line.parse_record() {
                    self.last_grant = self.last_grant.max(grant.id);
                }
            }
            Kind::Opened => {
                if let Some((call, grant)) = high_marks(line) {
                    self.last_call = self.last_call.max(call);
                    self.last_grant = self.last_grant.max(grant);
                }
            }
            Kind::Finished(_) | Kind::Revoked | Kind::Other => {}
        }
    }
}

/// The digest of a submitted call's params, without parsing the params. Before the params every quote within a string
/// is escaped, so the member's name cannot stand anywhere else.
fn params_digest(record: &[u8]) -> Digest {
    const NAME: &[u8] = b"\"params_digest\":\"";
    let hex = memchr::memmem::find(record, NAME).and_then(|at| record.get(at + NAME.len()..at + NAME.len() + 64));
    hex.and_then(|hex| Digest::from_hex(std::str::from_utf8(hex).ok()?)).unwrap_or(GENESIS)
}
