//! The id of a line that is refused, so that the refusal can be an answer to it.
//!
//! Invariant: an id is given only when the part of the line that could be read names it once, under its exact key, in a
//! message that is of the wanted kind. Whatever is doubtful has no id. What is found here is only ever answered,
//! never sent to a server.

use super::frame::{IdKey, Side, is_disguised};
use crate::json::{self, Duplicates};

/// The token of the id in a line or the beginning of one: from the host of a request, from the server of a response.
pub(super) fn id(head: &[u8], side: Side) -> Option<String> {
    let mut walk = Walk { bytes: head, at: 0 };
    let mut found = None;
    let (mut asks, mut answers) = (false, false);
    walk.byte(b'{')?;
    while let Some(key) = walk.string() {
        let key = json::compact(key, Duplicates::Everywhere).ok()?;
        let key = json::unescape(&key);
        match key.as_ref() {
            "id" if found.is_some() => return None,
            "method" | "params" => asks = true,
            "result" | "error" => answers = true,
            other if is_disguised(other) => return None,
            _ => {}
        }
        let Some(value) = walk.byte(b':').and_then(|()| walk.value()) else { break };
        if key == "id" {
            let token = json::compact(value, Duplicates::Everywhere).ok()?;
            IdKey::of(&token)?;
            found = Some(token);
        }
        if walk.byte(b',').is_none() {
            break;
        }
    }
    let wanted = match side {
        Side::Host => asks && !answers,
        Side::Server => answers && !asks,
    };
    found.filter(|_| wanted)
}

/// Reads as much as can be read. `None`: the text ends or is not understood here.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// A whole string token.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.byte(b'"')?;
        let start = self.at - 1;
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += memchr::memchr2(b'"', b'\\', rest)? + 1;
            if self.bytes[self.at - 1] == b'"' {
                return Some(&self.bytes[start..self.at]);
            }
            self.at += 1;
        }
    }

    /// A whole value, followed by something.
    fn value(&mut self) -> Option<&'a [u8]> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    if depth == 0 {
                        return Some(&self.bytes[start..self.at]);
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth > 1 => depth -= 1,
                b'}' | b']' if depth == 1 => {
                    self.at += 1;
                    return Some(&self.bytes[start..self.at]);
                }
                b',' | b'}' | b']' if depth == 0 => return Some(&self.bytes[start..self.at]),
                _ => {}
            }
            self.at += 1;
        }
    }
}
