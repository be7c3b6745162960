//! What is read from the journal for consoles, on other threads: pages of history, what a suggestion would have covered,
//! how people were asked. However long the journal, no call waits for it.
//!
//! Invariant: one reading of a kind a peer at a time; while it runs only the peer's newest question of that kind is kept.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::desk::{PeerId, told};
use super::run::Incoming;
use crate::call::CallId;
use crate::journal;
use crate::policy::tally::Tally;
use crate::record::Filter;
use crate::stats::Collector;
use crate::wire::FromHub;

/// The longest page.
const LONGEST: u32 = 500;
/// How many of the newest calls are looked at to count.
const COUNTED: u64 = 20_000;
/// For how long at most.
const COUNTING: Duration = Duration::from_secs(1);
/// How many of the newest calls are added up.
const ADDED_UP: u64 = 200_000;
/// For how long at most.
const ADDING_UP: Duration = Duration::from_secs(5);

/// What a console asked for.
#[derive(Debug)]
pub enum Question {
    /// A page of history.
    Page {
        /// Rows older than this one.
        before: Option<CallId>,
        /// Which.
        filter: Filter,
        /// How many at most.
        limit: u32,
    },
    /// What these would have covered.
    Count(Box<Tally>),
    /// What was asked and answered since then.
    Stats(Option<i64>),
}

/// Questions of one kind wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// [`Question::Page`].
    Page,
    /// [`Question::Count`].
    Count,
    /// [`Question::Stats`].
    Stats,
}

impl Question {
    const fn kind(&self) -> Kind {
        match self {
            Self::Page { .. } => Kind::Page,
            Self::Count(_) => Kind::Count,
            Self::Stats(_) => Kind::Stats,
        }
    }
}

/// Who reads what.
#[derive(Debug)]
pub struct Pages {
    journal: PathBuf,
    inbox: mpsc::Sender<Incoming>,
    /// The question that waits for the one that is being answered.
    readings: HashMap<(PeerId, Kind), Option<Question>>,
}

impl Pages {
    /// Of the journal in this folder; answers go to the inbox.
    pub fn new(journal: PathBuf, inbox: mpsc::Sender<Incoming>) -> Self {
        Self { journal, inbox, readings: HashMap::new() }
    }

    /// Begins to read, or remembers to, when an older question of the same kind and peer is being answered.
    pub fn ask(&mut self, peer: PeerId, question: Question) {
        match self.readings.get_mut(&(peer, question.kind())) {
            Some(next) => *next = Some(question),
            None => self.begin(peer, question),
        }
    }

    /// An answer was read.
    pub fn done(&mut self, peer: PeerId, kind: Kind) {
        if let Some(next) = self.readings.remove(&(peer, kind)).flatten() {
            self.begin(peer, next);
        }
    }

    /// Nobody asks any more.
    pub fn gone(&mut self, peer: PeerId) {
        for ((other, _), next) in &mut self.readings {
            if *other == peer {
                *next = None;
            }
        }
    }

    fn begin(&mut self, peer: PeerId, question: Question) {
        let kind = question.kind();
        self.readings.insert((peer, kind), None);
        let (journal, inbox) = (self.journal.clone(), self.inbox.clone());
        tokio::task::spawn_blocking(move || {
            // The hub may have ended: then nobody asks any more.
            _ = inbox.blocking_send(Incoming::Page(peer, kind, read(&journal, question)));
        });
    }
}

/// The answer, or why there is none.
fn read(journal: &Path, question: Question) -> Result<FromHub, String> {
    let answer = match question {
        Question::Page { before, filter, limit } => {
            let limit = usize::try_from(limit.clamp(1, LONGEST)).unwrap_or(usize::MAX);
            journal::page(journal, before, &filter, limit).map(|page| FromHub::History {
                before,
                filter,
                rows: page.rows,
                next: page.next,
            })
        }
        Question::Count(tally) => count(journal, *tally),
        Question::Stats(since) => stats(journal, since),
    };
    answer.map_err(|e| format!("the history cannot be read: {e}"))
}

/// Looks at the newest calls, as many as can be within the bounds.
fn count(journal: &Path, mut tally: Tally) -> Result<FromHub, journal::JournalError> {
    let end = Instant::now() + COUNTING;
    let mut walk = journal::Walk::new(journal, &Filter::default())?;
    let mut looked_at = 0;
    while looked_at < COUNTED && Instant::now() < end {
        let Some(row) = walk.next_row()? else { break };
        // The call itself is no past one.
        looked_at += u64::from(row.id != tally.id);
        tally.add(&row);
    }
    Ok(FromHub::Suggestions(told(&tally, Some(looked_at))))
}

/// Adds up the newest calls, as many as can be within the bounds.
fn stats(journal: &Path, since: Option<i64>) -> Result<FromHub, journal::JournalError> {
    let end = Instant::now() + ADDING_UP;
    let mut walk = journal::Walk::new(journal, &Filter { since, ..Filter::default() })?;
    let mut collector = Collector::new(since);
    let mut cut = true;
    while collector.calls() < ADDED_UP && Instant::now() < end {
        let Some(row) = walk.next_row()? else {
            cut = false;
            break;
        };
        collector.add(&row);
    }
    Ok(FromHub::Stats(Box::new(collector.report(cut))))
}
