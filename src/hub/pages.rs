//! Pages of history for consoles, read on other threads: however long the journal, no call waits for it.
//!
//! Invariant: one reading a peer at a time; while it runs only the peer's newest question is kept.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use super::desk::PeerId;
use super::run::Incoming;
use crate::call::CallId;
use crate::journal;
use crate::record::Filter;
use crate::wire::FromHub;

/// The longest page.
const LONGEST: u32 = 500;

/// What a console asked for.
#[derive(Debug)]
struct Question {
    before: Option<CallId>,
    filter: Filter,
    limit: u32,
}

/// Who reads what.
#[derive(Debug)]
pub struct Pages {
    journal: PathBuf,
    inbox: mpsc::Sender<Incoming>,
    /// The question that waits for the one that is being answered.
    readings: HashMap<PeerId, Option<Question>>,
}

impl Pages {
    /// Of the journal in this folder; answers go to the inbox.
    pub fn new(journal: PathBuf, inbox: mpsc::Sender<Incoming>) -> Self {
        Self { journal, inbox, readings: HashMap::new() }
    }

    /// Begins to read a page, or remembers to, when an older question of the same peer is being answered.
    pub fn ask(&mut self, peer: PeerId, before: Option<CallId>, filter: Filter, limit: u32) {
        let question = Question { before, filter, limit: limit.clamp(1, LONGEST) };
        match self.readings.get_mut(&peer) {
            Some(next) => *next = Some(question),
            None => self.begin(peer, question),
        }
    }

    /// A page was read.
    pub fn done(&mut self, peer: PeerId) {
        if let Some(next) = self.readings.remove(&peer).flatten() {
            self.begin(peer, next);
        }
    }

    /// Nobody asks any more.
    pub fn gone(&mut self, peer: PeerId) {
        if let Some(next) = self.readings.get_mut(&peer) {
            *next = None;
        }
    }

    fn begin(&mut self, peer: PeerId, question: Question) {
        self.readings.insert(peer, None);
        let (journal, inbox) = (self.journal.clone(), self.inbox.clone());
        tokio::task::spawn_blocking(move || {
            // The hub may have ended: then nobody asks any more.
            _ = inbox.blocking_send(Incoming::Page(peer, read(&journal, question)));
        });
    }
}

/// A page, or why there is none.
fn read(journal: &Path, question: Question) -> Result<FromHub, String> {
    let Question { before, filter, limit } = question;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let page =
        journal::page(journal, before, &filter, limit).map_err(|e| format!("the history cannot be read: {e}"))?;
    Ok(FromHub::History { before, filter, rows: page.rows, next: page.next })
}
