//! The hub's memory: the journal, which is the truth, and the remembered approvals that follow from it.
//!
//! Invariant: what is remembered is never ahead of the journal, and an approval counts (or no longer counts) as soon as
//! its entry is written. An approval cache that cannot be used is made again from the journal; until it is, every call
//! that would have needed an approval is asked for.

use std::cell::Cell;

use anyhow::{Context as _, Result};

use super::desk::Grants;
use crate::call::{Digest, SessionId};
use crate::config::Home;
use crate::decision::{Grant, GrantId};
use crate::journal::{self, Journal, JournalError};
use crate::record::{Accepted, Fact, Mended, Record, Stamp};
use crate::store::{self, Store, StoreError};

/// How a sync in the background ended.
pub type Synced = Result<(), JournalError>;

/// The longest list of approvals, newest first, so that it fits a message.
const MOST_LISTED: usize = 50_000;
/// How often what ended by the clock is forgotten, in milliseconds.
const TIDY_EVERY: i64 = 3_600_000;
/// A cache that fails is made again at most this often, in milliseconds: no call waits for that all the time.
const HEAL_EVERY: i64 = 60_000;

/// Why the cache could not be brought up to the journal.
#[derive(Debug, thiserror::Error)]
enum BookError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// See above.
pub struct Book {
    journal: Journal,
    home: Home,
    store: Option<Store>,
    /// Written, not yet in the store.
    waiting: Vec<(Stamp, Fact)>,
    /// The store said that it cannot go on.
    failed: Cell<bool>,
    tidied_at: i64,
    healed_at: i64,
}

/// What an opening hub has to know and to do first.
pub struct Opened {
    /// The highest number of a call so far.
    pub last_call: u64,
    /// The highest number of an approval so far.
    pub last_grant: u64,
    /// What a person should know.
    pub notices: Vec<String>,
    /// The policy that was accepted last; `None`: the journal does not say.
    pub policy: Option<Accepted>,
    /// Nothing was ever recorded here, as far as journal and cache can tell.
    pub new: bool,
    /// What must be written first.
    pub records: Vec<Record>,
}

impl Book {
    /// Opens the home's journal and brings the approval cache up to it.
    pub fn open(home: &Home, wall: i64) -> Result<(Self, Opened)> {
        let (journal, opening) = Journal::open(&home.journal, wall).context("cannot open the journal")?;
        let mut records = opening.records(std::process::id());
        let mut notices: Vec<String> = opening.mended.iter().chain(&opening.warnings).cloned().collect();
        let mut new = opening.seq == 0 && opening.mended.is_empty();
        let store = match recover(home, wall) {
            Ok((store, mended)) => {
                // Something is wrong with a cache only where there was one.
                new &= mended.is_empty();
                records.extend(mended.iter().map(|what| Record::Mended(Mended { what: what.clone() })));
                notices.extend(mended);
                Some(store)
            }
            Err(BookError::Journal(e)) => return Err(e).context("cannot read the journal"),
            Err(BookError::Store(e)) => {
                tracing::error!(error = %e, "the approval cache cannot be used");
                notices.push(no_cache(&e));
                new = false;
                None
            }
        };
        let book = Self {
            journal,
            home: home.clone(),
            failed: Cell::new(store.is_none()),
            // One that could not even be opened is not tried again at once.
            healed_at: if store.is_none() { wall } else { wall.saturating_sub(HEAL_EVERY) },
            store,
            waiting: Vec::new(),
            tidied_at: wall,
        };
        let (last_call, last_grant) = (opening.last_call.0, opening.last_grant.0);
        Ok((book, Opened { last_call, last_grant, notices, policy: opening.policy, new, records }))
    }

    /// Writes a batch; `weighty`: and waits until it is on the disk itself. In words why not, if not.
    pub fn write(&mut self, wall: i64, records: &[Record], weighty: bool) -> Result<(), String> {
        let stamps = self.journal.append(wall, records).map_err(|e| e.to_string())?;
        if weighty {
            self.journal.sync().map_err(|e| e.to_string())?;
        }
        let facts: Vec<(Stamp, Fact)> = stamps.into_iter().zip(records.iter().map(Fact::of)).collect();
        let at_once = facts.iter().any(|(_, fact)| matches!(fact, Fact::Granted(_) | Fact::Revoked(_)));
        self.waiting.extend(facts);
        if at_once {
            self.apply();
        }
        Ok(())
    }

    /// What syncs the journal on another thread; `None`: there is nothing to sync.
    pub fn sync_aside(&self) -> Option<impl FnOnce() -> Synced + Send + use<>> {
        let syncer = self.journal.syncer().transpose()?;
        Some(move || syncer.and_then(|syncer| syncer.sync()))
    }

    /// Brings the cache up to the journal and looks after it; something to tell, if there is.
    pub fn index(&mut self, wall: i64) -> Option<String> {
        self.apply();
        if self.failed.get() {
            return self.heal(wall);
        }
        if wall.saturating_sub(self.tidied_at) >= TIDY_EVERY {
            self.tidied_at = wall;
            let tidied = self.store.as_ref().map(|store| store.tidy(wall));
            self.note(tidied.unwrap_or(Ok(())));
        }
        None
    }

    fn apply(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let Some(store) = &self.store else { return };
        let applied = waiting.iter().try_for_each(|(stamp, fact)| store.apply(stamp, fact));
        self.note(applied);
    }

    /// A value the store gave, or none: then it is to be made again.
    fn note<T>(&self, got: Result<T, StoreError>) -> Option<T> {
        got.inspect_err(|e| {
            if !self.failed.replace(true) {
                tracing::error!(error = %e, "the approval cache failed");
            }
        })
        .ok()
    }

    /// Makes the cache again from the journal, if that was not tried just now.
    fn heal(&mut self, wall: i64) -> Option<String> {
        if wall.saturating_sub(self.healed_at).abs() < HEAL_EVERY {
            return None;
        }
        self.healed_at = wall;
        // It lets go of its files before they are moved.
        drop(self.store.take());
        let healed = store::set_aside(&self.home.sled, wall).map_err(BookError::from).and_then(|aside| {
            let (store, _) = recover(&self.home, wall)?;
            Ok((store, aside))
        });
        match healed {
            Ok((store, aside)) => {
                self.store = Some(store);
                self.failed.set(false);
                Some(format!(
                    "the approval cache failed; it was moved to {} and made again from the journal",
                    aside.display()
                ))
            }
            Err(e) => {
                tracing::error!(error = %e, "the approval cache cannot be made again");
                Some(no_cache(&e))
            }
        }
    }

    /// The approvals that hold, newest first, and how often each was used; in words why they cannot be told, if not.
    pub fn list(&mut self, wall: i64) -> Result<Vec<(Grant, u64)>, String> {
        self.index(wall);
        let listed = self.store.as_ref().and_then(|store| self.note(store.list(wall, MOST_LISTED)));
        listed.ok_or_else(|| "the approval cache cannot be read; start the hub again: sayso hub stop".to_owned())
    }

    /// Everything to the disk, as the last thing.
    pub fn close(&mut self, wall: i64) {
        self.index(wall);
        if let Err(e) = self.journal.sync() {
            tracing::error!(error = %e, "the journal cannot be synced");
        }
    }
}

fn no_cache(why: &dyn std::fmt::Display) -> String {
    format!("remembered approvals do not count: {why}")
}

fn recover(home: &Home, wall: i64) -> Result<(Store, Vec<String>), BookError> {
    let dir = &home.journal;
    store::recover(
        &home.sled,
        wall,
        |stamp| Ok(journal::knows(dir, stamp)?),
        |after| Ok(journal::facts(dir, after)?.map(|fact| fact.map_err(BookError::from))),
    )
}

impl Grants for Book {
    fn find(&self, key: &Digest, wall: i64) -> Option<Grant> {
        self.store.as_ref().and_then(|store| self.note(store.find(key, wall))).flatten()
    }

    fn wide(&self, key: &Digest, wall: i64) -> Vec<Grant> {
        self.store.as_ref().and_then(|store| self.note(store.wide(key, wall))).unwrap_or_default()
    }

    fn known(&self, ids: &[GrantId]) -> Vec<GrantId> {
        let all = || self.store.as_ref().and_then(|store| self.note(store.ids()));
        if ids.is_empty() {
            return all().unwrap_or_default();
        }
        // What cannot be looked up is taken back all the same: that is never wrong.
        let known = |id: &GrantId| match &self.store {
            Some(store) => self.note(store.get(*id)).is_none_or(|grant| grant.is_some()),
            None => true,
        };
        ids.iter().copied().filter(known).collect()
    }

    fn of_session(&self, session: &SessionId) -> Vec<GrantId> {
        self.store.as_ref().and_then(|store| self.note(store.of_session(session))).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
