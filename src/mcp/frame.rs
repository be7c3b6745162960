//! One line of JSON-RPC 2.0, checked: a request, a notification or a response, and nothing that two readers could take
//! for two things.
//!
//! Invariant: a [`Frame`] holds strict, compact JSON (see `json`), and only that text is ever emitted, never the bytes
//! that came in. Order, numbers, ids and unknown members stay to the letter.
//!
//! Members that JSON-RPC does not know pass, with two exceptions: one that differs from a known one only by case (some
//! decoders ignore case), and any at all beside the params of a `tools/call`, because nobody would see it before it is
//! sent.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::{CLIENT_INFO, INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, PROTOCOL_VERSION, TOOLS_CALL, salvage};
use crate::call::{Digest, Era, ToolName};
use crate::json::{self, Duplicates, Fault, Outline};

/// The longest id, in bytes of its token.
pub const MAX_ID: usize = 512;

/// What a line may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, without the line's end.
    pub max_line: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_line: 16 << 20 }
    }
}

/// Why a line is refused, and how to say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// −32700, −32600 or −32602.
    pub code: i32,
    /// The token of the id to answer under: of a request from the host, or of a response from the server. `None` when
    /// there is none, or when it is not certain.
    pub id: Option<String>,
    /// One lower-case line. Keys it quotes are escaped.
    pub why: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// An id that can be compared: string escapes are decoded, numbers are as written (their form is unique).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdKey {
    /// An integer.
    Number(Box<str>),
    /// A string's value.
    Text(Box<str>),
}

impl IdKey {
    /// From a string or integer token; nothing else is an id.
    pub fn of(token: &str) -> Option<Self> {
        if token.len() > MAX_ID {
            return None;
        }
        if token.starts_with('"') {
            return Some(Self::Text(json::unescape(token).into()));
        }
        let digits = token.strip_prefix('-').unwrap_or(token);
        let integer = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && token != "-0";
        integer.then(|| Self::Number(token.into()))
    }
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `method` and `id`.
    Request,
    /// `method` without `id`.
    Notification,
    /// `id` with `result` or `error`.
    Response,
}

/// Which side a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Host,
    Server,
}

/// One checked message.
#[derive(Clone, Debug)]
pub struct Frame {
    outline: Outline,
    kind: Kind,
    id: Option<Range<usize>>,
    method: Option<Range<usize>>,
    params: Option<Range<usize>>,
    result: Option<Range<usize>>,
    error: Option<Range<usize>>,
}

/// The parts of a `tools/call` request that fits.
#[derive(Clone, Debug)]
pub struct ToolCall<'a> {
    /// `params.name`.
    pub tool: ToolName,
    /// The whole of `params`, as it will be emitted.
    pub params: &'a str,
    /// Which family of revisions the request belongs to.
    pub era: Era,
    /// `params._meta.progressToken`, a string or integer token.
    pub progress_token: Option<&'a str>,
    /// `params.requestState` of a repeat with input (2026-07-28), decoded.
    pub request_state: Option<Cow<'a, str>>,
    /// `params.inputResponses` of a repeat with input (2026-07-28).
    pub input_responses: Option<&'a str>,
    /// What the host says of itself (2026-07-28).
    pub client_info: Option<&'a str>,
}

/// The members of the envelope that JSON-RPC knows, and those of a `tools/call`.
const RESERVED: [&str; 8] = ["jsonrpc", "id", "method", "params", "name", "arguments", "result", "error"];

/// Whether a key is a reserved one in disguise: the same but for case, as any decoder may understand case.
pub(super) fn is_disguised(key: &str) -> bool {
    let folded = |c: char| match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        'ı' | 'İ' => 'i',
        _ => c.to_ascii_lowercase(),
    };
    key.len() <= 32 && RESERVED.iter().any(|known| key != *known && key.chars().map(folded).eq(known.chars()))
}

/// Whether a method could be taken for `tools/call` without being it: case, white space, another separator.
fn is_disguised_call(method: &str) -> bool {
    method != TOOLS_CALL
        && method.len() <= 256
        && method.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).eq("TOOLSCALL".chars())
}

impl Frame {
    /// Checks a line from the host: duplicate keys are refused everywhere.
    pub fn from_host(line: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        if line.len() > limits.max_line {
            return Err(oversized(line, line.len(), limits));
        }
        Self::read(line, Side::Host)
    }

    /// Checks a line from the server: duplicate keys are refused in the envelope and directly within. A response
    /// whose id is null may carry an error (JSON-RPC 2.0 section 5).
    pub fn from_server(line: &[u8]) -> Result<Self, Refusal> {
        Self::read(line, Side::Server)
    }

    fn read(line: &[u8], side: Side) -> Result<Self, Refusal> {
        let duplicates = match side {
            Side::Host => Duplicates::Everywhere,
            Side::Server => Duplicates::Envelope,
        };
        let refuse = |(code, why): (i32, String)| Refusal { code, id: salvage::id(line, side), why };
        let outline = json::outline(line, duplicates).map_err(|fault| refuse(fault_words(&fault)))?;
        Self::envelope(outline, side).map_err(|why| refuse((INVALID_REQUEST, why)))
    }

    fn envelope(outline: Outline, side: Side) -> Result<Self, String> {
        if outline.text.starts_with('[') {
            return Err("batches are not accepted: send one message a line".to_owned());
        }
        if !outline.text.starts_with('{') {
            return Err("not a JSON-RPC message: an object is expected".to_owned());
        }
        let mut frame =
            Self { outline, kind: Kind::Request, id: None, method: None, params: None, result: None, error: None };
        let mut version = None;
        for member in frame.outline.members.iter().filter(|m| m.depth == 1) {
            let value = Some(member.value.clone());
            let key = json::unescape(&frame.outline.text[member.key.clone()]);
            match key.as_ref() {
                "jsonrpc" => version = value,
                "id" => frame.id = value,
                "method" => frame.method = value,
                "params" => frame.params = value,
                "result" => frame.result = value,
                "error" => frame.error = value,
                other if is_disguised(other) => {
                    return Err(format!("the key {other:?} differs from a known one only by case"));
                }
                _ => {}
            }
        }
        let version = version.map(|range| &frame.outline.text[range]);
        if !version.is_some_and(|token| token.starts_with('"') && json::unescape(token) == "2.0") {
            return Err("\"jsonrpc\" is not \"2.0\"".to_owned());
        }
        frame.kind = frame.kind_of(side)?;
        Ok(frame)
    }

    fn kind_of(&self, side: Side) -> Result<Kind, String> {
        let id = self.slice(self.id.as_ref());
        if let Some(id) = id {
            let null_answer = id == "null" && side == Side::Server && self.method.is_none() && self.error.is_some();
            if IdKey::of(id).is_none() && !null_answer {
                return Err(format!("the id is not a string or an integer of at most {MAX_ID} bytes"));
            }
        }
        match (self.slice(self.method.as_ref()), self.result.is_some(), self.error.is_some()) {
            (Some(method), false, false) => {
                if !method.starts_with('"') {
                    return Err("the method is not a string".to_owned());
                }
                if self.params().is_some_and(|params| !params.starts_with('{')) {
                    return Err("params are not an object".to_owned());
                }
                if is_disguised_call(&json::unescape(method)) {
                    return Err("the method looks like tools/call but is written otherwise".to_owned());
                }
                Ok(if id.is_some() { Kind::Request } else { Kind::Notification })
            }
            (Some(_), _, _) => Err("a method together with a result or an error".to_owned()),
            (None, true, true) => Err("a result together with an error".to_owned()),
            (None, false, false) => Err("neither a method, a result nor an error".to_owned()),
            (None, _, _) if self.params.is_some() => Err("an answer with params".to_owned()),
            (None, _, _) if id.is_none() => Err("an answer without an id".to_owned()),
            (None, false, true) if !self.error().is_some_and(|error| error.starts_with('{')) => {
                Err("the error is not an object".to_owned())
            }
            (None, _, _) => Ok(Kind::Response),
        }
    }

    fn slice(&self, range: Option<&Range<usize>>) -> Option<&str> {
        range.map(|range| &self.outline.text[range.clone()])
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The compact text.
    pub fn text(&self) -> &str {
        &self.outline.text
    }

    /// The text and a line feed: what is emitted.
    pub fn into_line(self) -> Vec<u8> {
        let mut line = self.outline.text.into_bytes();
        line.push(b'\n');
        line
    }

    /// The id's token, to the letter; `null` only in a server's error.
    pub fn id(&self) -> Option<&str> {
        self.slice(self.id.as_ref())
    }

    /// The id as it is compared; `None` for null.
    pub fn id_key(&self) -> Option<IdKey> {
        self.id().and_then(IdKey::of)
    }

    /// The method's value.
    pub fn method(&self) -> Option<Cow<'_, str>> {
        self.slice(self.method.as_ref()).map(json::unescape)
    }

    /// The text of the params: an object.
    pub fn params(&self) -> Option<&str> {
        self.slice(self.params.as_ref())
    }

    /// Digest over the params' text as it will be emitted (invariant 3).
    pub fn params_digest(&self) -> Digest {
        Digest::of(self.params().unwrap_or_default().as_bytes())
    }

    /// The text of the result.
    pub fn result(&self) -> Option<&str> {
        self.slice(self.result.as_ref())
    }

    /// The text of the error: an object.
    pub fn error(&self) -> Option<&str> {
        self.slice(self.error.as_ref())
    }

    /// A member of the params.
    pub fn param(&self, key: &str) -> Option<&str> {
        self.within(self.params.as_ref()).find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// A member of the result, if that is an object.
    pub fn result_member(&self, key: &str) -> Option<&str> {
        self.within(self.result.as_ref()).find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// The line with another value (compact JSON) for a member of the result; `None` when that is no message any more.
    pub fn with_result_member(&self, key: &str, value: &str) -> Option<Vec<u8>> {
        let outer = self.result.clone()?;
        let is_it = |m: &&json::Member| {
            m.depth == 2
                && outer.start < m.key.start
                && m.value.end < outer.end
                && json::unescape(&self.outline.text[m.key.clone()]) == key
        };
        let place = self.outline.members.iter().find(is_it)?.value.clone();
        let text = &self.outline.text;
        let text = format!("{}{value}{}", &text[..place.start], &text[place.end..]);
        Self::from_server(text.as_bytes()).ok().map(Self::into_line)
    }

    fn within<'a>(&'a self, outer: Option<&Range<usize>>) -> impl Iterator<Item = (Cow<'a, str>, &'a str)> + use<'a> {
        let outer = outer.cloned().unwrap_or(0..0);
        let members = self.outline.members.iter();
        let inner = members.filter(move |m| m.depth == 2 && outer.start < m.key.start && m.value.end < outer.end);
        inner.map(|m| (json::unescape(&self.outline.text[m.key.clone()]), &self.outline.text[m.value.clone()]))
    }

    /// The parts of a `tools/call` request, or why it does not fit.
    pub fn tool_call(&self) -> Result<ToolCall<'_>, Refusal> {
        let refuse = |code, why: String| Refusal { code, id: self.id().map(str::to_owned), why };
        let bad = |why: &str| refuse(INVALID_PARAMS, why.to_owned());
        let known = 3 + usize::from(self.params.is_some());
        if self.outline.members.iter().filter(|m| m.depth == 1).count() != known {
            let why = "a tools/call has nothing beside jsonrpc, id, method and params";
            return Err(refuse(INVALID_REQUEST, why.to_owned()));
        }
        let params = self.params().ok_or_else(|| bad("tools/call without params"))?;
        let (mut name, mut meta, mut request_state, mut input_responses) = (None, None, None, None);
        for (key, value) in self.within(self.params.as_ref()) {
            let is = |first| value.starts_with(first);
            match key.as_ref() {
                "name" if is('"') => name = Some(json::unescape(value)),
                "name" => return Err(bad("the tool's name is not a string")),
                "arguments" if !is('{') => return Err(bad("the arguments are not an object")),
                "_meta" if is('{') => meta = Some(value),
                "_meta" => return Err(bad("_meta is not an object")),
                "requestState" if is('"') => request_state = Some(json::unescape(value)),
                "inputResponses" => input_responses = Some(value),
                other if is_disguised(other) => {
                    return Err(bad(&format!("the key {other:?} differs from a known one only by case")));
                }
                _ => {}
            }
        }
        let name = name.ok_or_else(|| bad("tools/call without a tool's name"))?;
        let tool = ToolName::new(name).map_err(|error| bad(&error.to_string()))?;
        let (mut era, mut progress_token, mut client_info) = (Era::Legacy, None, None);
        for (key, value) in json::members(meta.unwrap_or("{}")) {
            match key.as_ref() {
                PROTOCOL_VERSION => era = Era::Modern,
                "progressToken" if IdKey::of(value).is_some() => progress_token = Some(value),
                CLIENT_INFO => client_info = Some(value),
                _ => {}
            }
        }
        Ok(ToolCall { tool, params, era, progress_token, request_state, input_responses, client_info })
    }
}

/// The refusal of a line that is too long, of which only the beginning may be known.
pub fn oversized(head: &[u8], len: usize, limits: &Limits) -> Refusal {
    let why = format!("a message of {len} bytes is longer than the {} that are accepted", limits.max_line);
    Refusal { code: INVALID_REQUEST, id: salvage::id(head, Side::Host), why }
}

/// The same for a line from the server.
pub fn oversized_answer(head: &[u8], len: usize) -> Refusal {
    let why = format!("a message of {len} bytes is longer than sayso passes on");
    Refusal { code: INVALID_REQUEST, id: salvage::id(head, Side::Server), why }
}

fn fault_words(fault: &Fault) -> (i32, String) {
    let code = if matches!(fault, Fault::DuplicateKey(_)) { INVALID_REQUEST } else { PARSE_ERROR };
    (code, fault.to_string())
}

#[cfg(test)]
mod tests;
