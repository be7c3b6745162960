//! The end of the journal as an opening hub finds it: what was last, what was left undecided, and whether the last
//! write was torn. Reads; mends nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::line::{GENESIS, Kind, Line};
use super::read::Lines;
use super::{JournalError, Segment};
use crate::call::{CallId, Digest};
use crate::decision::GrantId;
use crate::record::{Accepted, Carried, Record};

/// What is known after reading from the last entry that sums up everything before it.
pub(super) struct Tail {
    pub(super) marks: Marks,
    pub(super) seq: u64,
    pub(super) hash: Digest,
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

/// What the entries so far add up to, as far as a hub has to know when it opens.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    pub(super) last_call: CallId,
    pub(super) last_grant: GrantId,
    /// Submitted and not decided, with the digest of their params.
    pub(super) open: BTreeMap<CallId, Digest>,
    /// The policy that was accepted last; `None`: not known.
    pub(super) policy: Option<Accepted>,
    /// The versions that wrote it.
    pub(super) versions: BTreeSet<String>,
}

impl Marks {
    /// Takes in one more.
    pub(super) fn add(&mut self, record: &Record) {
        match record {
            Record::Submitted(submitted) => self.submitted(submitted.id, submitted.params_digest),
            Record::Decided(decided) => drop(self.open.remove(&decided.id)),
            Record::Granted(grant) => self.last_grant = self.last_grant.max(grant.id),
            Record::Carried(carried) => {
                self.last_call = self.last_call.max(carried.last_call);
                self.last_grant = self.last_grant.max(carried.last_grant);
                self.open.extend(carried.open.iter().copied());
                self.policy = carried.policy.or(self.policy);
            }
            Record::Opened(opened) => {
                self.last_call = self.last_call.max(opened.last_call.unwrap_or_default());
                self.last_grant = self.last_grant.max(opened.last_grant.unwrap_or_default());
                self.versions.insert(opened.version.clone());
            }
            Record::Policy(loaded) => {
                self.policy = loaded.accepted().map(|digest| Accepted { digest }).or(self.policy);
            }
            Record::Finished(_) | Record::Revoked(_) | Record::Mended(_) => {}
        }
    }

    fn submitted(&mut self, id: CallId, params_digest: Digest) {
        self.last_call = self.last_call.max(id);
        self.open.insert(id, params_digest);
    }

    /// For the beginning of a new file.
    pub(super) fn carried(&self) -> Record {
        let open = self.open.iter().map(|(id, digest)| (*id, *digest)).collect();
        Record::Carried(Carried { last_call: self.last_call, last_grant: self.last_grant, open, policy: self.policy })
    }
}

/// Reads the tail.
pub(super) fn read(all: &[Segment]) -> Result<Tail, JournalError> {
    let first = beginning(all)?;
    let mut reading = Reading { marks: Marks::default(), last: None, end: End::Whole, misfit: None };
    // Before the first file of all comes the genesis; before another comes a hash that is not read here.
    let mut previous = (first == 0).then_some(GENESIS);
    for segment in all.get(first..).unwrap_or_default() {
        reading.file(segment, &mut previous)?;
    }
    let (seq, hash) = reading.last.unwrap_or((0, GENESIS));
    Ok(Tail { marks: reading.marks, seq, hash, end: reading.end, misfit: reading.misfit })
}

/// The newest file from which on the entries say all that has to be known: a policy that was accepted, and, in that
/// file itself, what the highest numbers were before.
fn beginning(all: &[Segment]) -> Result<usize, JournalError> {
    let mut policy = false;
    for (at, segment) in all.iter().enumerate().skip(1).rev() {
        let mut numbers = false;
        let mut lines = Lines::open(segment, 0)?;
        while let Some(raw) = lines.next().map_err(JournalError::io("read", &segment.path))? {
            let Some(line) = Line::parse(raw.text) else { continue };
            let says = says(&line);
            numbers |= says.0;
            policy |= says.1;
            if numbers && policy {
                return Ok(at);
            }
        }
    }
    Ok(0)
}

/// Whether a line says what the highest numbers were, and whether it names a policy that was accepted.
fn says(line: &Line<'_>) -> (bool, bool) {
    let record = match line.kind() {
        Kind::Carried | Kind::Opened | Kind::Policy => line.parse_record(),
        _ => None,
    };
    match record {
        Some(Record::Carried(carried)) => (true, carried.policy.is_some()),
        Some(Record::Opened(opened)) => (opened.last_call.is_some() && opened.last_grant.is_some(), false),
        Some(Record::Policy(loaded)) => (false, loaded.accepted().is_some()),
        _ => (false, false),
    }
}

/// The policy that was accepted last, from a journal that may be written at the same time; `None`: there is no journal,
/// or it does not say.
pub fn accepted(dir: &Path) -> Result<Option<Accepted>, JournalError> {
    Ok(read(&super::segments(dir)?)?.marks.policy)
}

struct Reading {
    marks: Marks,
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
                    let misfit = after_garbage || !fits && previous.is_some();
                    if misfit {
                        self.misfit.get_or_insert_with(|| (segment.file_name(), number));
                    }
                    self.end = if raw.ended { End::Whole } else { End::NoBreak };
                    self.last = Some((line.seq, line.hash));
                    *previous = Some(line.hash);
                    self.entry(&line);
                    if misfit {
                        // A policy may have been cut out, changed or put in: neither this line nor any before it says
                        // what was accepted.
                        self.marks.policy = None;
                    }
                }
                None if self.end == End::Whole => self.end = End::Torn(raw.offset),
                None => {}
            }
        }
        Ok(())
    }

    fn entry(&mut self, line: &Line<'_>) {
        match line.kind() {
            // The two that are many are not parsed.
            Kind::Submitted(id) => self.marks.submitted(id, params_digest(line.record)),
            Kind::Decided(id) => drop(self.marks.open.remove(&id)),
            Kind::Granted | Kind::Opened | Kind::Carried | Kind::Policy => {
                if let Some(record) = line.parse_record() {
                    self.marks.add(&record);
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
