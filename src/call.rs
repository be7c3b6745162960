//! What a call is: who is asked (`Server`), what (`ToolName`, `Params`), and the digests that bind an approval to it.
//!
//! Invariant: a `Digest` is always taken over the bytes that will be emitted, or over their canonical form.
//! Never reads a clock, a file or the environment.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::json;

/// The number of a call within one home: ascending in the order of submission, never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The random name of one wrap's session (32 hexadecimal digits), made by the wrap and unique across hubs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub String);

/// Why a name is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NameError {
    /// A server name is the person's own label: it has to be typeable and unmistakable.
    #[error("server name {0:?} is not usable: use 1 to 64 of the characters a-z A-Z 0-9 . _ -")]
    Server(String),
    /// A tool name longer than [`ToolName::MAX`] bytes, or empty.
    #[error("tool name of {0} bytes is not usable: 1 to 256 bytes are")]
    Tool(usize),
}

/// The label that a person gave a server. Decides nothing by itself: see [`Server::identity`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ServerName(String);

impl ServerName {
    /// Checks the label.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        let fits =
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if fits { Ok(Self(text)) } else { Err(NameError::Server(text)) }
    }

    /// The label as text; safe to draw.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ServerName {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// A tool's name exactly as the caller wrote it: never sanitised, trimmed or case-folded, so two names are one only
/// when they are the same bytes. Untrusted: draw it through `shown`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ToolName(String);

impl ToolName {
    /// The longest name accepted, in bytes (the specification asks for at most 128 characters).
    pub const MAX: usize = 256;

    /// Checks the length and nothing else.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        if (1..=Self::MAX).contains(&text.len()) { Ok(Self(text)) } else { Err(NameError::Tool(text.len())) }
    }

    /// The exact bytes; untrusted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ToolName {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// SHA-256 (FIPS 180-4), written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Over these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Over several fields, each preceded by its length, so that no two lists of fields share an input.
    pub fn of_fields<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for field in fields {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        Self(hash.finalize().into())
    }

    /// From 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() != 64 {
            return None;
        }
        let mut out = [0; 32];
        for (slot, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
            let digit = |b: u8| match b {
                b'0'..=b'9' => Some(b - b'0'),
                b'a'..=b'f' => Some(b - b'a' + 10),
                _ => None,
            };
            *slot = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(out))
    }

    /// 64 lower-case hexadecimal digits, as ASCII bytes (no allocation).
    pub fn hex(&self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut out = [0; 64];
        for (pair, byte) in out.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        out
    }

    /// The first 12 digits, for a person.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("not 64 hexadecimal digits"))
    }
}

/// A server as it was started. The label may be anything; what was started is the identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// The person's label.
    pub name: ServerName,
    /// The program as given on the command line.
    pub command: String,
    /// Its arguments as given.
    pub args: Vec<String>,
    /// The working directory it was started in.
    pub cwd: String,
    /// Digest over the part of the environment that can change what the server does (see `wrap::environment`).
    pub environment: Digest,
}

impl Server {
    /// What an approval is bound to: command, arguments, working directory, environment. Not the label.
    pub fn identity(&self) -> Digest {
        let count = (self.args.len() as u64).to_be_bytes();
        let head: [&[u8]; 5] = [b"server", self.command.as_bytes(), self.cwd.as_bytes(), &self.environment.0, &count];
        Digest::of_fields(head.into_iter().chain(self.args.iter().map(String::as_bytes)))
    }
}

/// A tool's definition as the server sent it in `tools/list`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Definition {
    /// The tool's name.
    pub tool: ToolName,
    /// Digest over the canonical form of the whole definition: any change asks again.
    pub digest: Digest,
    /// The definition, compact, as the server sent it. Untrusted.
    pub raw: Box<RawValue>,
}

impl Definition {
    /// From the strict, compact text of one element of `result.tools`.
    pub fn new(tool: ToolName, raw: Box<RawValue>) -> Self {
        let digest = Digest::of(json::canonical(raw.get()).as_bytes());
        Self { tool, digest, raw }
    }
}

/// The `params` of a `tools/call`, exactly as they will be emitted to the server.
///
/// Built from strict, compact JSON only (see `json::compact`): no duplicate keys, no byte below 0x20.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(Box<RawValue>);

impl Params {
    /// From strict, compact text of an object.
    pub fn new(raw: Box<RawValue>) -> Self {
        Self(raw)
    }

    /// The exact text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The exact text, to be embedded in a message or a record.
    pub fn raw(&self) -> Box<RawValue> {
        self.0.clone()
    }

    /// Digest over the exact text: what was shown, approved, journalled and sent (invariant 3).
    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }

    /// The text of `arguments`, or `{}` when there are none.
    pub fn arguments(&self) -> &str {
        json::members(self.text()).find(|(key, _)| key == "arguments").map_or("{}", |(_, value)| value)
    }

    /// Members beside `name` and `arguments` (`_meta`, `task`, `inputResponses`, …): they are sent too.
    pub fn others(&self) -> impl Iterator<Item = (std::borrow::Cow<'_, str>, &str)> {
        json::members(self.text()).filter(|(key, _)| key != "name" && key != "arguments")
    }

    /// Whether it answers what the server asked for (`inputResponses`, `requestState`, MCP 2026-07-28). A remembered
    /// approval does not cover answers: they reach the server only as the repeat of a call just allowed, or when asked.
    pub fn is_answer(&self) -> bool {
        self.others().any(|(key, _)| matches!(key.as_ref(), "inputResponses" | "requestState"))
    }

    /// Canonical digest of all that a remembered approval covers: every member but `_meta` (whose progress token is
    /// new on every call) and `inputResponses`/`requestState` (a repeat of the same call, MCP 2026-07-28).
    pub fn approved_digest(&self) -> Digest {
        let mut covered: Vec<(std::borrow::Cow<'_, str>, String)> = json::members(self.text())
            .filter(|(key, _)| !matches!(key.as_ref(), "_meta" | "inputResponses" | "requestState"))
            .map(|(key, value)| (key, json::canonical(value)))
            .collect();
        covered.sort();
        Digest::of_fields(covered.iter().flat_map(|(key, value)| [key.as_bytes(), value.as_bytes()]))
    }
}

/// Which of the two families of protocol revisions a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Era {
    /// 2024-11-05 to 2025-11-25: opened by `initialize`.
    Legacy,
    /// 2026-07-28: version and capabilities in `_meta` on every request.
    Modern,
}

/// One tool call as the hub sees it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its number.
    pub id: CallId,
    /// The wrap's session it came through.
    pub session: SessionId,
    /// The server it is meant for.
    pub server: Arc<Server>,
    /// The tool it names.
    pub tool: ToolName,
    /// Exactly what will be sent.
    pub params: Params,
    /// The tool's definition, when the server has listed it in this session.
    pub definition: Option<Arc<Definition>>,
}

impl Call {
    /// The key of a remembered approval: server identity, tool, definition, everything covered by the approval.
    /// With a session, the key of an approval for that session only.
    pub fn grant_key(&self, session: Option<&SessionId>) -> Digest {
        let definition = self.definition.as_ref().map(|d| d.digest.0);
        Digest::of_fields([
            b"grant" as &[u8],
            &self.server.identity().0,
            self.tool.as_str().as_bytes(),
            definition.as_ref().map_or(b"unlisted", |d| d as &[u8]),
            &self.params.approved_digest().0,
            session.map_or(b"", |s| s.0.as_bytes()),
        ])
    }

    /// The key of approvals that cover more calls of a tool than one: server identity, tool, definition, and the session
    /// if it is for that only. None for a tool that its server has not listed: what it is could change unseen.
    pub fn tool_key(&self, session: Option<&SessionId>) -> Option<Digest> {
        let definition = self.definition.as_ref()?;
        Some(Digest::of_fields([
            b"tool" as &[u8],
            &self.server.identity().0,
            self.tool.as_str().as_bytes(),
            &definition.digest.0,
            session.map_or(b"", |s| s.0.as_bytes()),
        ]))
    }
}
