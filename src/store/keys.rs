//! How approvals lie in sled: one tree, so that one batch changes all of it or nothing. The first byte says what a key
//! is; numbers are big-endian, so that they sort.

use std::ops::Range;

use sled::Batch;

use super::StoreError;
use crate::call::{Digest, SessionId};
use crate::decision::{Grant, GrantId};

/// The last journal entry that is included: a `Stamp`.
pub(super) const APPLIED: &[u8] = b"a";
/// The number → the call's key.
pub(super) const ID: &[u8] = b"g";
/// The call's key, the number → the approval, as JSON: one step for the look-up that every call waits for.
const KEY: u8 = b'k';
/// The session's name, a zero, the number → nothing.
const SESSION: u8 = b's';
/// When it ends, the number → nothing.
const END: u8 = b'e';
/// The number → how often it was used.
const HITS: u8 = b'h';

/// Everything but [`APPLIED`].
pub(super) const ALL: [&[u8]; 5] = [ID, &[KEY], &[SESSION], &[END], &[HITS]];

fn join<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut out = [0; N];
    let mut at = 0;
    for part in parts {
        out[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    out
}

pub(super) fn by_id(id: GrantId) -> [u8; 9] {
    join(&[ID, &id.0.to_be_bytes()])
}

pub(super) fn hits(id: GrantId) -> [u8; 9] {
    join(&[&[HITS], &id.0.to_be_bytes()])
}

pub(super) fn of_key(key: &Digest) -> [u8; 33] {
    join(&[&[KEY], &key.0])
}

pub(super) fn by_key(key: &Digest, id: GrantId) -> [u8; 41] {
    join(&[&[KEY], &key.0, &id.0.to_be_bytes()])
}

pub(super) fn of_session(session: &SessionId) -> Vec<u8> {
    [&[SESSION], session.0.as_bytes(), &[0]].concat()
}

fn by_session(session: &SessionId, id: GrantId) -> Vec<u8> {
    [&of_session(session)[..], &id.0.to_be_bytes()].concat()
}

/// Times before 1970 count as 1970: they are long over either way.
fn by_end(end: i64, id: GrantId) -> [u8; 17] {
    join(&[&[END], &end.max(0).to_be_bytes(), &id.0.to_be_bytes()])
}

pub(super) fn ended_by(now: i64) -> Range<[u8; 17]> {
    by_end(0, GrantId(0))..by_end(now.saturating_add(1), GrantId(0))
}

pub(super) fn id_at_end(key: &[u8]) -> Result<GrantId, StoreError> {
    let id = key.last_chunk::<8>().ok_or_else(|| StoreError::Corrupt("a key is too short".to_owned()))?;
    Ok(GrantId(u64::from_be_bytes(*id)))
}

/// The value of a [`by_id`].
pub(super) fn key(bytes: &[u8]) -> Result<Digest, StoreError> {
    bytes.try_into().map(Digest).map_err(|_| StoreError::Corrupt("a key has no 32 bytes".to_owned()))
}

pub(super) fn grant(text: &[u8]) -> Result<Grant, StoreError> {
    serde_json::from_slice(text).map_err(|e| StoreError::Corrupt(format!("an approval: {e}")))
}

pub(super) fn insert(batch: &mut Batch, grant: &Grant) -> Result<(), StoreError> {
    let text = serde_json::to_vec(grant).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    batch.insert(&by_id(grant.id)[..], &grant.key.0[..]);
    batch.insert(&by_key(&grant.key, grant.id)[..], text);
    if let Some(session) = &grant.session {
        batch.insert(by_session(session, grant.id), &[][..]);
    }
    if let Some(end) = grant.expires_at {
        batch.insert(&by_end(end, grant.id)[..], &[][..]);
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "used where `insert` is")]
pub(super) fn remove(batch: &mut Batch, grant: &Grant) -> Result<(), StoreError> {
    batch.remove(&by_id(grant.id)[..]);
    batch.remove(&by_key(&grant.key, grant.id)[..]);
    batch.remove(&hits(grant.id)[..]);
    if let Some(session) = &grant.session {
        batch.remove(by_session(session, grant.id));
    }
    if let Some(end) = grant.expires_at {
        batch.remove(&by_end(end, grant.id)[..]);
    }
    Ok(())
}
