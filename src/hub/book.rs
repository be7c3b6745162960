//! The hub's memory: the journal, which is the truth, and the remembered approvals that follow from it.
//!
//! Invariant: what is remembered is never ahead of the journal, and an approval counts (or no longer counts) as soon as
//! its entry is written. A store that cannot be used is done without: then every call that would have needed an
//! approval is asked for.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result};

use super::desk::Grants;
use crate::call::Digest;
use crate::config::Home;
use crate::decision::{Grant, GrantId};
use crate::journal::{Journal, JournalError, facts};
use crate::record::{Fact, Record, Stamp};

/// How a sync in the background ended.
pub type Synced = Result<(), JournalError>;

/// See above.
pub struct Book {
    journal: Journal,
    grants: HashMap<Digest, GrantId>,
    by_id: BTreeMap<GrantId, (Grant, u64)>,
    /// Written, not yet in the store.
    waiting: Vec<(Stamp, Fact)>,
}

/// What an opening hub has to know and to do first.
pub struct Opened {
    /// The highest number of a call so far.
    pub last_call: u64,
    /// The highest number of an approval so far.
    pub last_grant: u64,
    /// What a person should know.
    pub notices: Vec<String>,
    /// What must be written first.
    pub records: Vec<Record>,
}

impl Book {
    /// Opens the home's journal; what is remembered is made again from it where it is missing.
    pub fn open(home: &Home, wall: i64) -> Result<(Self, Opened)> {
        let (journal, opening) = Journal::open(&home.journal, wall).context("cannot open the journal")?;
        let mut book = Self { journal, grants: HashMap::new(), by_id: BTreeMap::new(), waiting: Vec::new() };
        for fact in facts(&home.journal, None).context("cannot read the journal")? {
            let (_, fact) = fact.context("cannot read the journal")?;
            book.learn(fact);
        }
        let records = opening.records(std::process::id());
        let notices = opening.mended.iter().chain(&opening.warnings).cloned().collect();
        Ok((book, Opened { last_call: opening.last_call.0, last_grant: opening.last_grant.0, notices, records }))
    }

    fn learn(&mut self, fact: Fact) {
        match fact {
            Fact::Granted(grant) => {
                self.grants.insert(grant.key, grant.id);
                self.by_id.insert(grant.id, (grant, 0));
            }
            Fact::Revoked(id) => {
                if let Some((grant, _)) = self.by_id.remove(&id)
                    && self.grants.get(&grant.key) == Some(&id)
                {
                    self.grants.remove(&grant.key);
                }
            }
            Fact::Used(id) => {
                if let Some((_, hits)) = self.by_id.get_mut(&id) {
                    *hits += 1;
                }
            }
            Fact::Broken => {
                self.grants.clear();
                self.by_id.clear();
            }
            Fact::Other => {}
        }
    }

    /// Writes a batch; `weighty`: and waits until it is on the disk itself. In words why not, if not.
    pub fn write(&mut self, wall: i64, records: &[Record], weighty: bool) -> Result<(), String> {
        let stamps = self.journal.append(wall, records).map_err(|e| e.to_string())?;
        if weighty {
            self.journal.sync().map_err(|e| e.to_string())?;
        }
        let facts: Vec<(Stamp, Fact)> = stamps.into_iter().zip(records.iter().map(Fact::of)).collect();
        let now = facts.iter().any(|(_, fact)| matches!(fact, Fact::Granted(_) | Fact::Revoked(_)));
        self.waiting.extend(facts);
        if now {
            self.index(wall);
        }
        Ok(())
    }

    /// What syncs the journal on another thread; `None`: there is nothing to sync.
    pub fn sync_aside(&self) -> Option<impl FnOnce() -> Synced + Send + use<>> {
        let syncer = self.journal.syncer();
        match syncer {
            Ok(None) => None,
            Ok(Some(syncer)) => Some(Ok(syncer)),
            Err(e) => Some(Err(e)),
        }
        .map(|syncer| move || syncer.and_then(|syncer| syncer.sync()))
    }

    /// Brings the store up to the journal.
    pub fn index(&mut self, _wall: i64) {
        for (_, fact) in std::mem::take(&mut self.waiting) {
            self.learn(fact);
        }
    }

    /// The approvals that hold, newest first, and how often each was used.
    pub fn list(&self, wall: i64) -> Vec<(Grant, u64)> {
        self.by_id.values().rev().filter(|(grant, _)| grant.holds_at(wall)).cloned().collect()
    }

    /// Everything to the disk, as the last thing.
    pub fn close(&mut self, wall: i64) {
        self.index(wall);
        if let Err(e) = self.journal.sync() {
            tracing::error!(error = %e, "the journal cannot be synced");
        }
    }
}

impl Grants for Book {
    fn find(&self, key: &Digest, wall: i64) -> Option<Grant> {
        let (grant, _) = self.by_id.get(self.grants.get(key)?)?;
        grant.holds_at(wall).then(|| grant.clone())
    }

    fn all(&self, wall: i64) -> Vec<Grant> {
        self.list(wall).into_iter().map(|(grant, _)| grant).collect()
    }
}
