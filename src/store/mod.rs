//! The approval cache: which remembered approval covers a call, found among a million at once. The only sled.
//!
//! Invariants: everything here comes from the journal and can be made from it again; nothing here need be on the disk
//! before anything else happens. With the approvals stands the last journal entry they include, changed in the same
//! atomic batch, so after a kill the rest is applied again and nothing twice. An approval that was taken back, that
//! expired, or that cannot be read whole never matches; after an error nothing matches until the store is opened
//! again. History is not kept here: the journal finds its own pages.

mod keys;
mod recover;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sled::{Batch, Db};

pub use self::recover::{recover, set_aside};

use crate::call::{Digest, SessionId};
use crate::decision::{Grant, GrantId};
use crate::record::{Fact, Stamp};

/// sled's own default is 1 GiB.
const CACHE_BYTES: u64 = 32 << 20;

/// What is applied reaches the disk within this time; a kill loses no more, and the journal has it.
const FLUSH_MS: u64 = 1000;

/// After so many entries that change no approval, the last applied entry is noted all the same.
const NOTE_EVERY: u32 = 4096;

/// Why the store cannot be used. Whoever gets this while judging asks a person.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("another process has the approval cache open; see: sayso hub status")]
    Busy,
    /// It is not what sayso left there. To be set aside and made again.
    #[error("the approval cache cannot be read: {0}")]
    Corrupt(String),
    /// The system refused.
    #[error("cannot use the approval cache: {0}; check space, owner and mode (sayso doctor)")]
    Io(#[from] io::Error),
    /// An earlier error leaves it unknown what is in it.
    #[error("the approval cache stopped after an error; start the hub again: sayso hub stop")]
    Stopped,
}

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(e) if e.to_string().contains("could not acquire lock") => Self::Busy,
            sled::Error::Io(e) => match e.kind() {
                // sled reports most damage as one of these.
                io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
                    Self::Corrupt(e.to_string())
                }
                _ => Self::Io(e),
            },
            other => Self::Corrupt(other.to_string()),
        }
    }
}

/// sled panics on some damage; that must not take the hub along.
fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(StoreError::Corrupt("sled gave up".to_owned())))
}

/// What sled would wait for or follow: pipes, devices, links.
fn plain(dir: &Path) -> Result<(), StoreError> {
    let odd =
        |path: &Path| StoreError::Corrupt(format!("{} is neither a file nor a folder of its own", path.display()));
    match fs::symlink_metadata(dir) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => return Err(odd(dir)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e.into()),
    }
    for item in fs::read_dir(dir)? {
        let item = item?;
        let kind = item.file_type()?;
        let folder = item.file_name() == "blobs";
        if kind.is_dir() != folder || !(kind.is_dir() || kind.is_file()) {
            return Err(odd(&item.path()));
        }
    }
    Ok(())
}

/// The remembered approvals. Every method may be called from any thread.
#[derive(Debug)]
pub struct Store {
    db: Db,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The last entry that was applied, and whether it has been noted.
    applied: Option<Stamp>,
    /// Uses that have not been added yet.
    hits: BTreeMap<GrantId, u64>,
    /// Entries since the last note.
    since_note: u32,
    failed: bool,
}

impl Store {
    /// Opens the store in this folder, which is made (mode 0700) if it is missing, and says which journal entry was
    /// applied last. Does not hang or die on whatever lies there: not twice, at least, for an attempt that did not come
    /// back leaves a mark.
    pub fn open(dir: &Path) -> Result<(Self, Option<Stamp>), StoreError> {
        plain(dir)?;
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let mark = dir.join("opening");
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&mark) {
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                return Err(StoreError::Corrupt("the last attempt to open it did not come back".to_owned()));
            }
            Err(e) => return Err(e.into()),
        }
        let opened = guarded(|| Self::try_open(dir));
        // Damage keeps its mark: the folder is set aside with it.
        if !matches!(opened, Err(StoreError::Corrupt(_))) {
            fs::remove_file(&mark)?;
        }
        opened
    }

    fn try_open(dir: &Path) -> Result<(Self, Option<Stamp>), StoreError> {
        let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(Some(FLUSH_MS));
        let db = config.open()?;
        let applied = match db.get(keys::APPLIED)? {
            Some(text) => Some(serde_json::from_slice(&text).map_err(|e| StoreError::Corrupt(e.to_string()))?),
            None if db.first()?.is_some() => {
                return Err(StoreError::Corrupt("it does not say what it includes".to_owned()));
            }
            None => None,
        };
        // The newest and the oldest approval: what is read first shows most damage.
        for end in [db.scan_prefix(keys::ID).next(), db.scan_prefix(keys::ID).next_back()].into_iter().flatten() {
            let (id, key) = end?;
            let text = db.get(keys::by_key(&keys::key(&key)?, keys::id_at_end(&id)?))?;
            let text = text.ok_or_else(|| StoreError::Corrupt("an approval is not where it should be".to_owned()))?;
            keys::grant(&text)?;
        }
        let state = Mutex::new(State { applied, ..State::default() });
        Ok((Self { db, state }, applied))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs something that reads or changes; after its failure nothing runs any more.
    fn run<T>(&self, work: impl FnOnce(&mut State) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut state = self.state();
        if state.failed {
            return Err(StoreError::Stopped);
        }
        guarded(|| work(&mut state)).inspect_err(|_| state.failed = true)
    }

    /// Takes in one journal entry; one that is included already changes nothing. Entries come in the journal's order.
    /// What remembers or takes back an approval holds from when this returns; most other entries cost next to nothing.
    pub fn apply(&self, stamp: &Stamp, fact: &Fact) -> Result<(), StoreError> {
        self.run(|state| {
            let known = state.applied.is_some_and(|applied| stamp.seq <= applied.seq);
            if known && *fact != Fact::Broken {
                return Ok(());
            }
            state.applied = Some(*stamp);
            state.since_note += 1;
            match fact {
                Fact::Granted(grant) => self.note(state, |batch| keys::insert(batch, grant)),
                Fact::Revoked(id) => {
                    let grant = self.grant(*id)?;
                    state.hits.remove(id);
                    self.note(state, |batch| grant.iter().try_for_each(|grant| keys::remove(batch, grant)))
                }
                Fact::Used(id) => {
                    *state.hits.entry(*id).or_default() += 1;
                    self.note_sometimes(state)
                }
                Fact::Broken => {
                    state.hits.clear();
                    for prefix in keys::ALL {
                        self.clear(prefix)?;
                    }
                    self.note(state, |_| Ok(()))
                }
                Fact::Other => self.note_sometimes(state),
            }
        })
    }

    fn note_sometimes(&self, state: &mut State) -> Result<(), StoreError> {
        if state.since_note < NOTE_EVERY { Ok(()) } else { self.note(state, |_| Ok(())) }
    }

    /// One atomic batch: the change, the uses counted so far, and what they are current with.
    fn note(
        &self,
        state: &mut State,
        change: impl FnOnce(&mut Batch) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        change(&mut batch)?;
        for (id, more) in &state.hits {
            if self.db.contains_key(keys::by_id(*id))? {
                batch.insert(&keys::hits(*id)[..], &(self.hits(*id)? + more).to_be_bytes()[..]);
            }
        }
        if let Some(applied) = &state.applied {
            let text = serde_json::to_vec(applied).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            batch.insert(keys::APPLIED, text);
        }
        self.db.apply_batch(batch)?;
        state.hits.clear();
        state.since_note = 0;
        Ok(())
    }

    fn clear(&self, prefix: &[u8]) -> Result<(), StoreError> {
        loop {
            let mut batch = Batch::default();
            let mut some = false;
            for key in self.db.scan_prefix(prefix).keys().take(1000) {
                batch.remove(key?);
                some = true;
            }
            if !some {
                return Ok(());
            }
            self.db.apply_batch(batch)?;
        }
    }

    fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        let Some(key) = self.db.get(keys::by_id(id))? else { return Ok(None) };
        let text = self.db.get(keys::by_key(&keys::key(&key)?, id))?;
        text.map(|text| keys::grant(&text)).transpose()
    }

    fn hits(&self, id: GrantId) -> Result<u64, StoreError> {
        let bytes = self.db.get(keys::hits(id))?;
        Ok(bytes.and_then(|bytes| Some(u64::from_be_bytes(bytes.as_ref().try_into().ok()?))).unwrap_or(0))
    }

    /// The approval that covers calls of this key (`Call::grant_key`) now, in milliseconds since the Unix epoch.
    pub fn find(&self, key: &Digest, now: i64) -> Result<Option<Grant>, StoreError> {
        Ok(self.of_key(key, now, 1)?.pop())
    }

    fn of_key(&self, key: &Digest, now: i64, most: usize) -> Result<Vec<Grant>, StoreError> {
        self.run(|_| {
            let mut found = Vec::new();
            for item in self.db.scan_prefix(keys::of_key(key)) {
                let (place, text) = item?;
                let grant = keys::grant(&text)?;
                if grant.key == *key && grant.id == keys::id_at_end(&place)? && grant.holds_at(now) {
                    found.push(grant);
                    if found.len() == most {
                        break;
                    }
                }
            }
            Ok(found)
        })
    }

    /// All approvals of this key (`Call::tool_key`) that hold now, oldest first.
    pub fn wide(&self, key: &Digest, now: i64) -> Result<Vec<Grant>, StoreError> {
        self.of_key(key, now, usize::MAX)
    }

    /// The approvals that hold now, newest first, at most `limit`, each with how often it was used.
    pub fn list(&self, now: i64, limit: usize) -> Result<Vec<(Grant, u64)>, StoreError> {
        self.run(|state| {
            let mut all = Vec::new();
            for item in self.db.scan_prefix(keys::ID).keys().rev() {
                if all.len() == limit {
                    break;
                }
                if let Some(grant) = self.grant(keys::id_at_end(&item?)?)?
                    && grant.holds_at(now)
                {
                    let hits = self.hits(grant.id)? + state.hits.get(&grant.id).copied().unwrap_or(0);
                    all.push((grant, hits));
                }
            }
            Ok(all)
        })
    }

    /// One approval, whether it holds or has ended.
    pub fn get(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        self.run(|_| self.grant(id))
    }

    /// All approvals that are remembered, ended ones too, oldest first: what `clear` takes back.
    pub fn ids(&self) -> Result<Vec<GrantId>, StoreError> {
        self.run(|_| self.db.scan_prefix(keys::ID).keys().map(|key| keys::id_at_end(&key?)).collect())
    }

    /// The approvals that end with this session.
    pub fn of_session(&self, session: &SessionId) -> Result<Vec<GrantId>, StoreError> {
        self.run(|_| self.db.scan_prefix(keys::of_session(session)).keys().map(|key| keys::id_at_end(&key?)).collect())
    }

    /// Forgets the approvals that ended by the clock before now, and notes what is applied.
    pub fn tidy(&self, now: i64) -> Result<(), StoreError> {
        self.run(|state| {
            let ended: Result<Vec<_>, _> =
                self.db.range(keys::ended_by(now)).keys().map(|key| keys::id_at_end(&key?)).collect();
            for chunk in ended?.chunks(1000) {
                let mut grants = Vec::with_capacity(chunk.len());
                for id in chunk {
                    state.hits.remove(id);
                    grants.extend(self.grant(*id)?);
                }
                self.note(state, |batch| grants.iter().try_for_each(|grant| keys::remove(batch, grant)))?;
            }
            self.note(state, |_| Ok(()))
        })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // What is not noted is applied again from the journal.
        let _ = self.run(|state| if state.since_note > 0 { self.note(state, |_| Ok(())) } else { Ok(()) });
    }
}
