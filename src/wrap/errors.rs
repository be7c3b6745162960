//! The wrap's standard error: what the server writes there, made harmless, and lines of our own.
//!
//! Invariant: nothing but `shown::harmless` text and our own words gets out, whole lines at a time. When nobody reads,
//! the server's stream waits and our own lines are dropped; nothing else waits for either.

use std::task::{Context, Poll};

use super::outlet::{FULL, Outlet};
use super::stream::Stream;
use crate::shown::{Shown, harmless};

/// A line that is longer goes out in pieces of this size, in bytes.
const LONG: usize = 8 << 10;

/// The relay.
#[derive(Debug)]
pub struct Errors {
    outlet: Option<Outlet>,
    /// What the server wrote since its last line end.
    begun: Vec<u8>,
}

impl Errors {
    /// To this stream; to nowhere without one.
    pub fn new(stream: Option<Stream>) -> Self {
        Self { outlet: stream.map(Outlet::new), begun: Vec::new() }
    }

    /// A line of our own.
    pub fn say(&mut self, text: &str) {
        if let Some(outlet) = self.outlet.as_mut().filter(|outlet| outlet.queued() < 2 * FULL) {
            outlet.push(format!("sayso: {}\n", Shown::line(text)).into_bytes());
        }
    }

    /// Whether the server should wait before it writes more.
    pub fn is_full(&self) -> bool {
        self.outlet.as_ref().is_some_and(Outlet::is_full)
    }

    /// Where to read the server's stream to.
    pub fn room(&mut self) -> &mut Vec<u8> {
        self.begun.reserve(LONG);
        &mut self.begun
    }

    /// Passes on what has been read up to the last line end; all of it at the end of the stream.
    pub fn relay(&mut self, end: bool) {
        let len = self.begun.len();
        let upto = match memchr::memrchr(b'\n', &self.begun) {
            _ if end => len,
            Some(at) => at + 1,
            None if len > LONG => len - incomplete(&self.begun),
            None => 0,
        };
        if upto == 0 {
            return;
        }
        let text = harmless(&self.begun[..upto]);
        self.begun.drain(..upto);
        self.begun.shrink_to(LONG);
        if let Some(outlet) = &mut self.outlet {
            outlet.push(text.into_bytes());
        }
    }

    /// Writes what waits.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.outlet.as_mut().map_or(Poll::Ready(()), |outlet| outlet.poll_flush(cx))
    }
}

/// How many bytes at the end begin a character that is not whole.
fn incomplete(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    let begins = |b: &u8| *b >= 0xc0;
    match tail.iter().rposition(begins) {
        Some(at) => match std::str::from_utf8(&tail[at..]) {
            Err(e) if e.error_len().is_none() => tail.len() - at,
            _ => 0,
        },
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is passed on of these reads.
    fn relayed(reads: &[&[u8]]) -> Vec<String> {
        let mut errors = Errors::new(None);
        let mut out = Vec::new();
        for read in reads {
            errors.room().extend_from_slice(read);
            let before = errors.begun.clone();
            errors.relay(false);
            out.push(harmless(&before[..before.len() - errors.begun.len()]));
        }
        out.push(harmless(&errors.begun));
        out
    }

    #[test]
    fn whole_lines_go_out_and_the_rest_waits() {
        assert_eq!(relayed(&[b"one\ntwo\nth", b"ree\n"]), ["one\ntwo\n", "three\n", ""]);
        assert_eq!(relayed(&[b"caf\xc3", b"\xa9\n"]), ["", "caf\u{e9}\n", ""]);
    }

    #[test]
    fn a_line_without_an_end_goes_out_in_pieces_and_no_character_is_cut() {
        let mut line = vec![b'x'; LONG + 1];
        line.extend_from_slice(b"\xf0\x9f\x98");
        let out = relayed(&[&line, b"\x80\n"]);
        assert_eq!(out[0].len(), LONG + 1);
        assert_eq!(out[1], "\u{1f600}\n");
    }

    #[test]
    fn half_a_character_is_told_from_a_wrong_byte() {
        for (bytes, expected) in [
            (b"ab".as_slice(), 0),
            (b"a\xc3", 1),
            (b"\xe2\x82", 2),
            (b"\xf0\x9f\x98", 3),
            (b"\xf0\x9f\x98\x80", 0),
            (b"\xff", 0),
            (b"\x80\x80\x80", 0),
            (b"", 0),
        ] {
            assert_eq!(incomplete(bytes), expected, "{bytes:?}");
        }
    }
}
