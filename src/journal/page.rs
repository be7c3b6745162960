//! A page of history from anywhere in the journal, and one call by its number. Quick however long the journal is: the
//! numbers of calls ascend, so their place is found by halving.

use std::path::Path;

use super::line::{Kind, Line};
use super::read::Lines;
use super::walk::{Ends, Step, Walk};
use super::{JournalError, Segment, segments};
use crate::call::CallId;
use crate::record::{Filter, Record, Row};

/// How many bytes of journal one page looks through at most: some hundredths of a second.
const SCAN_BUDGET: u64 = 32 << 20;

/// How many bytes of params one page carries at most, unless its first row alone has more.
const PAGE_BYTES: usize = 8 << 20;

/// A walk that begins amid the journal begins this much later, to meet the ends of its first calls on the way.
const LOOKAHEAD: u64 = 256 << 10;

/// How far ends are looked for that come later still. What ends later shows as not ended; [`find`] always finds it.
const FAR_LOOKAHEAD: u64 = 64 << 20;

/// Some rows of the history.
#[derive(Debug)]
pub struct Page {
    /// Newest first.
    pub rows: Vec<Row>,
    /// `before` of the next page; `None`: there is none. A page may be short, or empty, and still have a next one: a
    /// search stops when it has read long enough.
    pub next: Option<CallId>,
    /// How many lines on the way could not be read.
    pub unreadable: u64,
}

/// The newest calls that match, below `before` if it is given, at most `limit`.
pub fn page(dir: &Path, before: Option<CallId>, filter: &Filter, limit: usize) -> Result<Page, JournalError> {
    let all = segments(dir)?;
    let end = Spot { segment: all.len().saturating_sub(1), offset: all.last().map_or(0, |s| s.len) };
    let from = match before {
        None => end,
        Some(id) => seek(&all, id)?.ahead(&all, LOOKAHEAD),
    };
    let mut far = before.map(|id| (from, id));
    let mut walk = Walk::from(all, from.segment, Some(from.offset), filter);
    walk.before = before;
    let mut found = Page { rows: Vec::new(), next: None, unreadable: 0 };
    let mut bytes = 0;
    // Without a call seen there is nothing to go on from.
    while found.rows.len() < limit && bytes < PAGE_BYTES && (walk.scanned < SCAN_BUDGET || walk.last_seen.is_none()) {
        match walk.step()? {
            Step::End => {
                found.unreadable = walk.unreadable();
                return Ok(found);
            }
            Step::On => {}
            Step::Found(mut candidate) => {
                if let Some((from, below)) = far.filter(|_| !candidate.ends.complete()) {
                    walk.learn(from, below, FAR_LOOKAHEAD)?;
                    candidate.ends.merge(walk.ends_of(candidate.id()));
                    far = None;
                }
                let row = candidate.into_row();
                if filter.matches(&row) {
                    bytes += row.submitted.params.get().len();
                    found.rows.push(row);
                }
            }
        }
    }
    found.unreadable = walk.unreadable();
    found.next = walk.last_seen.or(before).filter(|id| id.0 > 1);
    Ok(found)
}

/// One call, whole.
pub fn find(dir: &Path, id: CallId) -> Result<Option<Row>, JournalError> {
    let all = segments(dir)?;
    let spot = seek(&all, id)?;
    let mut ends = Ends::default();
    let mut found = None;
    forwards(&all, spot, |line| {
        match line.kind() {
            Kind::Submitted(other) if other == id => match line.parse_record() {
                Some(Record::Submitted(submitted)) => found = Some((line.at_ms(), submitted)),
                _ => return false,
            },
            // The spot is that of the first call that is not below.
            Kind::Submitted(_) => return found.is_some(),
            Kind::Decided(other) if other == id => ends.decided = Some(line.record.into()),
            Kind::Finished(other) if other == id => ends.finished = Some(line.record.into()),
            _ => {}
        }
        !(found.is_some() && ends.complete())
    })?;
    Ok(found.map(|(at, submitted)| {
        let (decided, finished) = ends.parse();
        Row { id, at, submitted, decided, finished }
    }))
}

/// A place in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) segment: usize,
    pub(super) offset: u64,
}

impl Spot {
    /// Further on by this many bytes, or the end of the journal.
    fn ahead(self, all: &[Segment], mut bytes: u64) -> Self {
        let mut spot = self;
        while let Some(segment) = all.get(spot.segment) {
            let left = segment.len.saturating_sub(spot.offset);
            if bytes <= left || spot.segment + 1 == all.len() {
                spot.offset += bytes.min(left);
                break;
            }
            bytes -= left;
            spot = Self { segment: spot.segment + 1, offset: 0 };
        }
        spot
    }
}

/// Shows every whole line that begins at a spot or after it, until told to stop or the end is reached.
pub(super) fn forwards(all: &[Segment], from: Spot, mut on: impl FnMut(&Line<'_>) -> bool) -> Result<(), JournalError> {
    let mut offset = from.offset;
    for segment in all.get(from.segment..).unwrap_or_default() {
        let mut lines = lines_from(segment, std::mem::take(&mut offset))?;
        while let Some(raw) = lines.next().map_err(JournalError::io("read", &segment.path))? {
            let line = Line::parse(raw.text).filter(|_| raw.ended);
            if line.is_some_and(|line| !on(&line)) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The lines that begin at this offset or after it, wherever in a line it is: arguments may hold what looks like one.
fn lines_from(segment: &Segment, offset: u64) -> Result<Lines, JournalError> {
    let mut lines = Lines::open(segment, offset.saturating_sub(1))?;
    if offset > 0 {
        lines.next().map_err(JournalError::io("read", &segment.path))?;
    }
    Ok(lines)
}

/// Where the first call stands that is not below this one; the end of the journal if there is none.
fn seek(all: &[Segment], id: CallId) -> Result<Spot, JournalError> {
    let mut beyond = Spot { segment: all.len().saturating_sub(1), offset: all.last().map_or(0, |s| s.len) };
    for (index, segment) in all.iter().enumerate().rev() {
        match submitted_from(segment, 0, segment.len)? {
            Some((offset, first)) if first >= id => beyond = Spot { segment: index, offset },
            Some((first, _)) => {
                if let Some(offset) = halve(segment, first, id)? {
                    return Ok(Spot { segment: index, offset });
                }
                return Ok(beyond);
            }
            None => {}
        }
    }
    Ok(beyond)
}

/// Halves until the rest is quickly read through. `low` is the offset of a call below `id`.
fn halve(segment: &Segment, mut low: u64, id: CallId) -> Result<Option<u64>, JournalError> {
    let mut high = segment.len;
    while high - low > 64 << 10 {
        let middle = low + (high - low) / 2;
        match submitted_from(segment, middle, high)? {
            Some((offset, found)) if found < id => low = offset,
            Some(_) | None => high = middle,
        }
    }
    let mut from = low;
    loop {
        match submitted_from(segment, from, segment.len)? {
            Some((offset, found)) if found >= id => return Ok(Some(offset)),
            Some((offset, _)) => from = offset + 1,
            None => return Ok(None),
        }
    }
}

/// The first call whose line begins at or after `from` and before `to`: its offset and number.
fn submitted_from(segment: &Segment, from: u64, to: u64) -> Result<Option<(u64, CallId)>, JournalError> {
    let mut lines = lines_from(segment, from)?;
    while let Some(raw) = lines.next().map_err(JournalError::io("read", &segment.path))? {
        if raw.offset >= to {
            break;
        }
        let line = Line::parse(raw.text).filter(|_| raw.ended);
        if let Some(Kind::Submitted(id)) = line.map(|line| line.kind()) {
            return Ok(Some((raw.offset, id)));
        }
    }
    Ok(None)
}
