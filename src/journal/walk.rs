//! Reading backwards: the calls, newest first, each with its decision and its end.
//!
//! A call's decision and end stand after its submission, so a walk from the end meets them first and carries them
//! until it meets the call. What it carries is bounded by the calls that were open at one time.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use memchr::memmem::{self, Finder};

use super::line::{self, Kind, Line};
use super::page::{Spot, forwards};
use super::{JournalError, MAX_LINE, Segment, segments};
use crate::call::CallId;
use crate::record::{Decided, Filter, Finished, Record, Row, Submitted};

/// How far clocks are taken to differ between neighbouring entries when a search stops at a time: one day.
const CLOCK_SLACK_MS: i64 = 24 * 60 * 60 * 1000;

const BLOCK: u64 = 128 << 10;

/// The lines of one file from an offset backwards.
struct Backwards {
    file: File,
    /// The bytes of the file from `start`; those from `end` on have been given.
    text: Vec<u8>,
    start: u64,
    end: usize,
    /// Within a line that is too long to be one.
    skipping: bool,
}

impl Backwards {
    /// Lines that end at or before this offset.
    fn open(segment: &Segment, end: u64) -> Result<Self, JournalError> {
        let mut this = Self { file: segment.open()?, text: Vec::new(), start: end, end: 0, skipping: false };
        // The part of a line that reaches over the end, and a last line that is still being written, are not lines.
        while !this.find_end(&segment.path)? {}
        Ok(this)
    }

    fn find_end(&mut self, path: &Path) -> Result<bool, JournalError> {
        match memchr::memrchr(b'\n', &self.text[..self.end]) {
            Some(at) => {
                self.end = at + 1;
                Ok(true)
            }
            None if self.start == 0 => {
                self.end = 0;
                Ok(true)
            }
            None => {
                self.end = 0;
                self.more(path)?;
                Ok(false)
            }
        }
    }

    /// Reads the block before.
    fn more(&mut self, path: &Path) -> Result<(), JournalError> {
        // The longer the line, the longer the step, so that its bytes are not moved again and again.
        let step = BLOCK.max(self.end as u64).min(self.start);
        let mut text = vec![0; usize::try_from(step).unwrap_or(0)];
        self.file.read_exact_at(&mut text, self.start - step).map_err(JournalError::io("read", path))?;
        self.start -= step;
        text.extend_from_slice(&self.text[..self.end]);
        self.end = text.len();
        self.text = text;
        Ok(())
    }

    /// The range in `text` of the line before, and whether it can be a line at all.
    fn back(&mut self, path: &Path) -> Result<Option<(std::ops::Range<usize>, bool)>, JournalError> {
        loop {
            if self.end == 0 && self.start == 0 {
                return Ok(None);
            }
            let last = self.end.saturating_sub(1);
            match memchr::memrchr(b'\n', &self.text[..last]) {
                Some(at) => {
                    self.end = at + 1;
                    return Ok(Some((at + 1..last, !std::mem::take(&mut self.skipping))));
                }
                None if self.start == 0 => {
                    self.end = 0;
                    return Ok(Some((0..last, !std::mem::take(&mut self.skipping))));
                }
                None if self.end > MAX_LINE => {
                    self.skipping = true;
                    self.end = 1;
                    self.more(path)?;
                }
                None => self.more(path)?,
            }
        }
    }
}

/// A walk over the calls, newest first.
pub struct Walk {
    segments: Vec<Segment>,
    /// The file being read is `segments[at]`; those from `at + 1` on are done.
    at: usize,
    file: Option<Backwards>,
    /// Where to begin in the file that is opened next; `None`: at its end.
    from: Option<u64>,
    sieve: Sieve,
    filter: Filter,
    ends: BTreeMap<CallId, Ends>,
    /// Only calls below this one.
    pub(super) before: Option<CallId>,
    /// The last call that was looked at, whether it matched or not.
    pub(super) last_seen: Option<CallId>,
    /// How many bytes of lines were looked at.
    pub(super) scanned: u64,
    unreadable: u64,
}

/// The texts of a call's later records.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    pub(super) decided: Option<Box<[u8]>>,
    pub(super) finished: Option<Box<[u8]>>,
}

impl Ends {
    /// Whether nothing more can follow.
    pub(super) fn complete(&self) -> bool {
        self.decided
            .as_ref()
            .is_some_and(|decided| self.finished.is_some() || memmem::find(decided, b"\"kind\":\"allowed\"").is_none())
    }

    /// Adds what the other knows.
    pub(super) fn merge(&mut self, other: Self) {
        self.decided = self.decided.take().or(other.decided);
        self.finished = self.finished.take().or(other.finished);
    }

    pub(super) fn parse(&self) -> (Option<Decided>, Option<Finished>) {
        let decided = match self.decided.as_deref().map(serde_json::from_slice) {
            Some(Ok(Record::Decided(decided))) => Some(decided),
            _ => None,
        };
        let finished = match self.finished.as_deref().map(serde_json::from_slice) {
            Some(Ok(Record::Finished(finished))) => Some(finished),
            _ => None,
        };
        (decided, finished)
    }
}

/// What a step of the walk came to.
pub(super) enum Step {
    /// The first line of all was passed.
    End,
    /// Nothing to give.
    On,
    /// A call that may match; its ends may stand after the place where the walk began.
    Found(Box<Candidate>),
}

/// A call whose submission was met.
pub(super) struct Candidate {
    at: i64,
    submitted: Box<Submitted>,
    pub(super) ends: Ends,
}

impl Candidate {
    pub(super) fn id(&self) -> CallId {
        self.submitted.id
    }

    pub(super) fn into_row(self) -> Row {
        let (decided, finished) = self.ends.parse();
        Row { id: self.submitted.id, at: self.at, submitted: self.submitted, decided, finished }
    }
}

impl Walk {
    /// From the newest call of the journal in this folder.
    pub fn new(dir: &Path, filter: &Filter) -> Result<Self, JournalError> {
        let all = segments(dir)?;
        let last = all.len().saturating_sub(1);
        Ok(Self::from(all, last, None, filter))
    }

    pub(super) fn from(segments: Vec<Segment>, at: usize, from: Option<u64>, filter: &Filter) -> Self {
        Self {
            segments,
            at,
            file: None,
            from,
            sieve: Sieve::new(filter),
            filter: filter.clone(),
            ends: BTreeMap::new(),
            before: None,
            last_seen: None,
            scanned: 0,
            unreadable: 0,
        }
    }

    /// The next call that matches.
    pub fn next_row(&mut self) -> Result<Option<Row>, JournalError> {
        loop {
            match self.step()? {
                Step::End => return Ok(None),
                Step::On => {}
                Step::Found(candidate) => {
                    let row = candidate.into_row();
                    if self.filter.matches(&row) {
                        return Ok(Some(row));
                    }
                }
            }
        }
    }

    /// How many lines could not be read so far: `verify` tells more.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Reads on from where the walk began, for ends of calls below this one that came late.
    pub(super) fn learn(&mut self, from: Spot, below: CallId, bytes: u64) -> Result<(), JournalError> {
        let mut read = 0;
        let ends = &mut self.ends;
        forwards(&self.segments, from, |line| {
            read += line.record.len() as u64;
            match line.kind() {
                Kind::Decided(id) if id < below => {
                    ends.entry(id).or_default().decided.get_or_insert_with(|| line.record.into());
                }
                Kind::Finished(id) if id < below => {
                    ends.entry(id).or_default().finished.get_or_insert_with(|| line.record.into());
                }
                _ => {}
            }
            read < bytes
        })
    }

    /// Takes what was learned of a call.
    pub(super) fn ends_of(&mut self, id: CallId) -> Ends {
        self.ends.remove(&id).unwrap_or_default()
    }

    /// One line further back.
    pub(super) fn step(&mut self) -> Result<Step, JournalError> {
        let Some(segment) = self.segments.get(self.at) else { return Ok(Step::End) };
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(Backwards::open(segment, self.from.take().unwrap_or(segment.len))?),
        };
        let Some((range, sane)) = file.back(&segment.path)? else {
            self.file = None;
            // Before the first file comes none: no index is that large.
            self.at = self.at.checked_sub(1).unwrap_or(usize::MAX);
            return Ok(Step::On);
        };
        let text = &file.text[range];
        self.scanned += text.len() as u64;
        let Some(line) = Line::parse(text).filter(|_| sane) else {
            self.unreadable += 1;
            return Ok(Step::On);
        };
        let wanted = |id: CallId| self.before.is_none_or(|before| id < before);
        match line.kind() {
            Kind::Decided(id) if wanted(id) => self.ends.entry(id).or_default().decided = Some(line.record.into()),
            Kind::Finished(id) if wanted(id) => self.ends.entry(id).or_default().finished = Some(line.record.into()),
            Kind::Submitted(id) if wanted(id) => {
                self.last_seen = Some(id);
                // Numbers ascend, so ends of later calls belong to lines that are gone.
                self.ends.split_off(&CallId(id.0.saturating_add(1)));
                let ends = self.ends.remove(&id).unwrap_or_default();
                match self.sieve.sift(&line, &ends) {
                    Sifted::TooOld => self.at = usize::MAX,
                    Sifted::No => {}
                    Sifted::Maybe => match line.parse_record() {
                        Some(Record::Submitted(submitted)) => {
                            return Ok(Step::Found(Box::new(Candidate { at: line.at_ms(), submitted, ends })));
                        }
                        _ => self.unreadable += 1,
                    },
                }
            }
            _ => {}
        }
        Ok(Step::On)
    }
}

/// A quick look at the bytes that lets through everything that may match, so that few lines are parsed.
struct Sieve {
    /// Texts that a matching submission contains, as the journal writes them.
    has: Vec<Finder<'static>>,
    decision: Option<Finder<'static>>,
    /// The earliest time that may match, as text, less [`CLOCK_SLACK_MS`].
    stop: Option<String>,
    /// The searched text in lower case, when it is such that it stands in a line as it is.
    search: Option<Vec<u8>>,
}

enum Sifted {
    TooOld,
    No,
    Maybe,
}

impl Sieve {
    fn new(filter: &Filter) -> Self {
        let member = |name: &str, value: &str| {
            let text = format!("\"{name}\":{}", serde_json::Value::from(value));
            Finder::new(text.as_bytes()).into_owned()
        };
        let has = [
            filter.server.as_deref().map(|server| member("server", server)),
            filter.tool.as_deref().map(|tool| member("tool", tool)),
            filter.risk.map(|risk| member("risk", risk.as_str())),
        ];
        let plain = |text: &&str| text.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\".contains(&b) || b == b' ');
        Self {
            has: has.into_iter().flatten().collect(),
            decision: filter.decision.map(|kind| member("kind", kind.as_str())),
            stop: filter.since.map(|since| line::time(since.saturating_sub(CLOCK_SLACK_MS))),
            search: filter.search.as_deref().filter(plain).map(|text| text.to_ascii_lowercase().into_bytes()),
        }
    }

    fn sift(&self, line: &Line<'_>, ends: &Ends) -> Sifted {
        if self.stop.as_deref().is_some_and(|stop| line.at < stop) {
            return Sifted::TooOld;
        }
        let decided = ends.decided.as_deref();
        let decision = |finder: &Finder<'_>| decided.is_none_or(|decided| finder.find(decided).is_some());
        // Beyond ASCII there is more to upper and lower case than this looks at.
        let may_hold = |text: &[u8]| {
            decided.is_none_or(|decided| !decided.is_ascii() || contains(decided, text))
                || !line.record.is_ascii()
                || contains(line.record, text)
        };
        let passes = self.has.iter().all(|finder| finder.find(line.record).is_some())
            && self.decision.as_ref().is_none_or(decision)
            && self.search.as_deref().is_none_or(may_hold);
        if passes { Sifted::Maybe } else { Sifted::No }
    }
}

/// Whether an ASCII text, given in lower case, stands in another in any case.
fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return true };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), hay)
        .any(|at| hay.get(at..at + needle.len()).is_some_and(|part| part.eq_ignore_ascii_case(needle)))
}
