//! One line of the journal, written and read. Its form is fixed to the byte, so that it can be read without parsing
//! all of it.

use std::io::Write as _;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::JournalError;
use crate::call::{CallId, Digest};
use crate::record::Record;

/// The hash before the first line.
pub(super) const GENESIS: Digest = Digest([0; 32]);

const HEAD: &[u8] = b"{\"hash\":\"";
const BODY: usize = HEAD.len() + 64 + 2;

/// RFC 3339 in UTC, always with milliseconds, so that times compare as text.
pub(super) fn time(ms: i64) -> String {
    format!("{:.3}", Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// The month as 202611, in UTC.
pub(super) fn month(ms: i64) -> u32 {
    let date = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(jiff::tz::TimeZone::UTC);
    u32::from(date.year().unsigned_abs()) * 100 + u32::from(date.month().unsigned_abs())
}

fn chain(previous: &Digest, body: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(previous.hex());
    hash.update(body);
    Digest(hash.finalize().into())
}

/// Appends one line and returns its hash. On an error `out` is as before.
pub(super) fn encode(
    out: &mut Vec<u8>,
    previous: &Digest,
    seq: u64,
    at: &str,
    record: &Record,
) -> Result<Digest, JournalError> {
    let start = out.len();
    let body = start + BODY;
    out.extend_from_slice(HEAD);
    out.extend_from_slice(&[b'0'; 64]);
    let written = write!(out, "\",\"seq\":{seq},\"at\":\"{at}\",\"record\":")
        .map_err(|e| e.to_string())
        .and_then(|()| serde_json::to_writer(&mut *out, record).map_err(|e| e.to_string()));
    out.push(b'}');
    let why = match written {
        Err(why) => why,
        Ok(()) if out.len() - start >= MAX => "it is longer than 64 MiB".to_owned(),
        Ok(()) if memchr::memchr(b'\n', &out[body..]).is_some() => "it holds a line break".to_owned(),
        Ok(()) => {
            let hash = chain(previous, &out[body..]);
            out[start + HEAD.len()..start + HEAD.len() + 64].copy_from_slice(&hash.hex());
            out.push(b'\n');
            return Ok(hash);
        }
    };
    out.truncate(start);
    Err(JournalError::Record(why))
}

const MAX: usize = super::MAX_LINE;

/// One line that has the form; whether it fits the chain is another question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) hash: Digest,
    pub(super) seq: u64,
    /// RFC 3339, as [`time`] writes it.
    pub(super) at: &'a str,
    /// The text of the record.
    pub(super) record: &'a [u8],
    body: &'a [u8],
}

/// What can be told of a record from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Submitted(CallId),
    Decided(CallId),
    Finished(CallId),
    Opened,
    Granted,
    Revoked,
    Carried,
    Policy,
    Other,
}

impl<'a> Line<'a> {
    /// Takes a line without its line break.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_prefix(HEAD)?;
        let (hex, rest) = rest.split_at_checked(64)?;
        let hash = Digest::from_hex(std::str::from_utf8(hex).ok()?)?;
        let (seq, rest) = number(rest.strip_prefix(b"\",\"seq\":")?)?;
        let rest = rest.strip_prefix(b",\"at\":\"")?;
        let (at, rest) = rest.split_at_checked(memchr::memchr(b'"', rest)?)?;
        let record = rest.strip_prefix(b"\",\"record\":")?.strip_suffix(b"}")?;
        (record.first() == Some(&b'{')).then_some(())?;
        Some(Self { hash, seq, at: std::str::from_utf8(at).ok()?, record, body: &line[BODY..] })
    }

    /// Whether its hash fits its text and the line before.
    pub(super) fn follows(&self, previous: &Digest) -> bool {
        chain(previous, self.body) == self.hash
    }

    /// Whether its record is JSON at all (a write that the disk lost in part is not).
    pub(super) fn is_json(&self) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(self.record).is_ok()
    }

    pub(super) fn kind(&self) -> Kind {
        let Some(rest) = self.record.strip_prefix(b"{\"") else { return Kind::Other };
        let Some(quote) = memchr::memchr(b'"', &rest[..rest.len().min(16)]) else { return Kind::Other };
        let id = || number(rest[quote..].strip_prefix(b"\":{\"id\":")?).map(|(id, _)| CallId(id));
        match &rest[..quote] {
            b"submitted" => id().map_or(Kind::Other, Kind::Submitted),
            b"decided" => id().map_or(Kind::Other, Kind::Decided),
            b"finished" => id().map_or(Kind::Other, Kind::Finished),
            b"opened" => Kind::Opened,
            b"granted" => Kind::Granted,
            b"revoked" => Kind::Revoked,
            b"carried" => Kind::Carried,
            b"policy" => Kind::Policy,
            _ => Kind::Other,
        }
    }

    /// Milliseconds since the Unix epoch; 0 for a time that is none.
    pub(super) fn at_ms(&self) -> i64 {
        self.at.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond)
    }

    pub(super) fn parse_record(&self) -> Option<Record> {
        serde_json::from_slice(self.record).ok()
    }
}

/// The digits that a text begins with, as JSON writes a whole number.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(digits);
    if digits.len() > 1 && digits[0] == b'0' {
        return None;
    }
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}
