//! One MCP session between a host and a server: what passes, what is held, what is answered in the server's place.
//!
//! A machine: [`Intercept::handle`] takes an [`Event`] and gives back [`Effect`]s, to be carried out in this order. It
//! never reads a clock, a pipe or a socket, and never judges: that is the hub's.
//!
//! Invariants: a `tools/call` is sent to the server at most once, and only after the hub allowed exactly the params that
//! are sent (their digest is taken again over the bytes about to go). Nothing is emitted that is not a checked
//! [`Frame`] or an answer of our own. An id is in flight once; an answer that nobody waits for is dropped.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::call::{CallId, Digest, Era, ToolName};
use crate::decision::Outcome;
use crate::mcp::catalog::Catalog;
use crate::mcp::frame::{self, Frame, IdKey, Kind, Limits, Refusal};
use crate::mcp::{CANCELLED, INITIALIZE, INTERNAL_ERROR, INVALID_REQUEST, ROOTS_LIST, TOOLS_CALL, TOOLS_LIST, reply};
use crate::shown::Shown;
use crate::wire::{Finish, FromHub, ToHub};

mod context;
mod gate;
mod hide;

/// How long the hub has, once the host's input has ended, to say of the last calls whether they must be held, in
/// milliseconds.
const LAST_WORD_MS: u64 = 5_000;
/// How many requests that were cancelled but not answered are remembered.
const MAX_CANCELLED: usize = 1_024;

/// What a session may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The longest line from the host, in bytes.
    pub max_line: usize,
    /// The most requests of the host without an answer.
    pub max_in_flight: usize,
    /// The most bytes of calls waiting for the hub's word.
    pub max_held_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_line: Limits::default().max_line, max_in_flight: 10_000, max_held_bytes: 256 << 20 }
    }
}

/// What the shell tells the machine.
#[derive(Debug)]
pub enum Event<'a> {
    /// A line from the host, without its line feed.
    HostLine(&'a [u8]),
    /// A line from the host longer than allowed: how it begins, and its length in bytes.
    HostOversized {
        /// Its first bytes.
        head: &'a [u8],
        /// The whole length.
        len: usize,
    },
    /// The host's input ended.
    HostEnd,
    /// A line from the server, without its line feed.
    ServerLine(&'a [u8]),
    /// A line from the server longer than allowed: how it begins, and its length in bytes.
    ServerOversized {
        /// Its first bytes.
        head: &'a [u8],
        /// The whole length.
        len: usize,
    },
    /// The server ended or never started.
    ServerEnd {
        /// How, for a person: `exited with code 1`.
        words: String,
    },
    /// The hub said something.
    Hub(FromHub),
    /// The hub cannot be reached, or no longer.
    HubLost(String),
    /// Time passed.
    Tick,
}

/// What the machine tells the shell, to be done in this order.
#[derive(Debug)]
pub enum Effect {
    /// Write to the server: a whole line with its line feed.
    ToServer(Vec<u8>),
    /// Write to the host: a whole line with its line feed.
    ToHost(Vec<u8>),
    /// Tell the hub; connect first if need be.
    ToHub(ToHub),
    /// Tell the person on stderr: one line, safe to draw.
    Warn(String),
    /// The host ended: close the server's input.
    CloseServer,
}

/// A request of the host that has no answer yet.
#[derive(Debug)]
struct Flight {
    /// Tells two requests with the same id apart.
    serial: u64,
    /// The id's token, to the letter.
    id: Box<str>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Not gated, sent. A `tools/list` says whether it asked for the first page.
    Passed { listing: Option<bool> },
    /// A call that waits for the hub's word.
    Waiting { ask: u64 },
    /// A call that was allowed and sent.
    Sent { call: CallId, at: u64, repeatable: Option<Digest> },
}

/// A call that waits for the hub's word.
#[derive(Debug)]
struct Waiting {
    key: IdKey,
    frame: Frame,
    tool: ToolName,
    /// Digest of the tool's definition when the hub was asked, if it was listed then.
    definition: Option<Digest>,
    era: Era,
    token: Option<Box<str>>,
    /// What a repeat with input has to match; only in modern requests.
    repeatable: Option<Digest>,
    /// When the hub will deny, once it has said that a person is asked.
    deadline: Option<u64>,
    next_progress: Option<u64>,
    progressed: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Open,
    /// Its input ended at a moment when the hub had not said a word about the last calls. It has until then.
    Ending(u64),
    Ended,
}

/// The machine of one session.
#[derive(Debug)]
pub struct Intercept {
    settings: Settings,
    flights: BTreeMap<IdKey, Flight>,
    waiting: BTreeMap<u64, Waiting>,
    waiting_bytes: usize,
    last_ask: u64,
    serial: u64,
    catalog: Catalog,
    context: context::Context,
    hide: hide::Hide,
    /// Calls whose server asked for input: what a repeat has to match (once), and the call it repeats.
    repeats: VecDeque<(Digest, CallId)>,
    /// Asks that were taken back and of which the hub has not said how they ended.
    withdrawn: BTreeSet<u64>,
    cancelled: VecDeque<(IdKey, u64)>,
    /// Why there was no hub, as it was last said; nothing since there was one.
    no_hub: Option<String>,
    host: Host,
    server_end: Option<String>,
}

impl Intercept {
    /// A session in which nothing was said yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            flights: BTreeMap::new(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            last_ask: 0,
            serial: 0,
            catalog: Catalog::default(),
            context: context::Context::default(),
            hide: hide::Hide::default(),
            repeats: VecDeque::new(),
            withdrawn: BTreeSet::new(),
            cancelled: VecDeque::new(),
            no_hub: None,
            host: Host::Open,
            server_end: None,
        }
    }

    /// How many requests of the host have no answer yet.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// How many calls wait for the hub's word.
    pub fn held(&self) -> usize {
        self.waiting.len()
    }

    /// When a `Tick` is wanted, in milliseconds on the clock that `handle` is given.
    pub fn next_wake_ms(&self) -> Option<u64> {
        let ending = match self.host {
            Host::Ending(until) => Some(until),
            Host::Open | Host::Ended => None,
        };
        self.waiting.values().filter_map(|waiting| waiting.next_progress).chain(ending).min()
    }

    /// Takes one event. `now_ms`: milliseconds on any clock that never goes back.
    pub fn handle(&mut self, now_ms: u64, event: Event<'_>, out: &mut Vec<Effect>) {
        match event {
            Event::HostLine(line) => self.host_line(line, out),
            Event::HostOversized { head, len } => {
                if self.host == Host::Open {
                    let limits = Limits { max_line: self.settings.max_line };
                    self.refuse(frame::oversized(head, len, &limits), out);
                }
            }
            Event::HostEnd => self.host_end(now_ms, out),
            Event::ServerLine(line) => self.server_line(now_ms, line, out),
            Event::ServerOversized { head, len } => {
                self.server_refused(now_ms, len, &frame::oversized_answer(head, len), out);
            }
            Event::ServerEnd { words } => self.server_ended(now_ms, words, out),
            Event::Hub(message) => self.hub(now_ms, message, out),
            Event::HubLost(why) => self.hub_lost(&why, out),
            Event::Tick => self.tick(now_ms, out),
        }
    }

    fn host_line(&mut self, line: &[u8], out: &mut Vec<Effect>) {
        if self.host != Host::Open || line.trim_ascii().is_empty() {
            return;
        }
        let frame = match Frame::from_host(line, &Limits { max_line: self.settings.max_line }) {
            Ok(frame) => frame,
            Err(refusal) => return self.refuse(refusal, out),
        };
        match frame.kind() {
            Kind::Request => self.host_request(frame, out),
            Kind::Notification => self.host_notification(frame, out),
            Kind::Response => {
                self.context.answer(&frame);
                self.to_server(frame, out);
            }
        }
    }

    fn host_request(&mut self, frame: Frame, out: &mut Vec<Effect>) {
        let Some(key) = frame.id_key() else { return };
        let doubt = if self.flights.contains_key(&key) {
            Some("a request with the same id is still without an answer")
        } else if self.flights.len() >= self.settings.max_in_flight {
            Some("too many requests are still without an answer")
        } else {
            None
        };
        if let Some(why) = doubt {
            let id = frame.id().map(str::to_owned);
            return self.refuse(Refusal { code: INVALID_REQUEST, id, why: why.to_owned() }, out);
        }
        let listing = match frame.method().as_deref() {
            Some(TOOLS_CALL) => return self.gate(key, frame, out),
            Some(TOOLS_LIST) => Some(frame.param("cursor").is_none_or(|cursor| cursor == "null")),
            Some(INITIALIZE) => {
                self.context.client(frame.param("clientInfo").unwrap_or_default());
                None
            }
            _ => None,
        };
        if let Some(words) = &self.server_end {
            out.push(server_gone(frame.id().unwrap_or("null"), words, false));
            return;
        }
        self.fly(key, frame.id(), State::Passed { listing });
        self.to_server(frame, out);
    }

    fn host_notification(&mut self, frame: Frame, out: &mut Vec<Effect>) {
        match frame.method().as_deref() {
            Some(TOOLS_CALL) => {
                return warn(out, "dropped a tools/call without an id from the host: nobody could answer it");
            }
            Some(CANCELLED) => match frame.param("requestId").and_then(IdKey::of) {
                Some(key) if self.cancel(&key, out) => return,
                Some(_) => {}
                None => return warn(out, "dropped a cancellation from the host: it names no request"),
            },
            _ => {}
        }
        self.to_server(frame, out);
    }

    /// Whether it was a call that waited: then the server never hears of it.
    fn cancel(&mut self, key: &IdKey, out: &mut Vec<Effect>) -> bool {
        let Some(flight) = self.flights.get(key) else { return false };
        if let State::Waiting { ask } = flight.state {
            self.withdraw(&[ask], "cancelled by the host", out);
            return true;
        }
        self.cancelled.push_back((key.clone(), flight.serial));
        if self.cancelled.len() > MAX_CANCELLED
            && let Some((key, serial)) = self.cancelled.pop_front()
            && self.flights.get(&key).is_some_and(|flight| flight.serial == serial)
            && let Some(Flight { state: State::Sent { call, .. }, .. }) = self.flights.remove(&key)
        {
            out.push(finish(call, Outcome::Error, 0, 0));
        }
        false
    }

    fn fly(&mut self, key: IdKey, id: Option<&str>, state: State) {
        self.serial += 1;
        self.flights.insert(key, Flight { serial: self.serial, id: id.unwrap_or("null").into(), state });
    }

    fn to_server(&self, frame: Frame, out: &mut Vec<Effect>) {
        if self.server_end.is_none() {
            out.push(Effect::ToServer(frame.into_line()));
        }
    }

    /// Answers a refused message. Its id is given back only when that resolves no other request of the host.
    fn refuse(&self, refusal: Refusal, out: &mut Vec<Effect>) {
        let Refusal { code, id, why } = refusal;
        let id = id.filter(|id| IdKey::of(id).is_some_and(|key| !self.flights.contains_key(&key)));
        warn(out, &format!("refused a message from the host: {why}"));
        out.push(Effect::ToHost(reply::error(id.as_deref(), code, &why)));
    }

    fn server_line(&mut self, now: u64, line: &[u8], out: &mut Vec<Effect>) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let frame = match Frame::from_server(line) {
            Ok(frame) => frame,
            Err(refusal) => return self.server_refused(now, line.len(), &refusal, out),
        };
        if frame.kind() == Kind::Response
            && let Some(key) = frame.id_key()
        {
            match self.flights.get(&key).map(|flight| &flight.state) {
                None => return warn(out, "dropped an answer from the server to nothing that was asked"),
                Some(State::Waiting { .. }) => {
                    return warn(out, "dropped an answer from the server to a call that it was not sent");
                }
                Some(State::Passed { .. } | State::Sent { .. }) => {
                    if let Some(line) = self.answered(now, &key, &frame, out) {
                        return out.push(Effect::ToHost(line));
                    }
                }
            }
        }
        if frame.kind() == Kind::Request && frame.method().as_deref() == Some(ROOTS_LIST) {
            self.context.asks(&frame);
        }
        out.push(Effect::ToHost(frame.into_line()));
    }

    /// Takes note of an answer; gives back what the host gets in its place, if it is not that.
    fn answered(&mut self, now: u64, key: &IdKey, frame: &Frame, out: &mut Vec<Effect>) -> Option<Vec<u8>> {
        match self.flights.remove(key).map(|flight| flight.state) {
            Some(State::Passed { listing: Some(first) }) => {
                self.catalog.read(frame, first);
                return self.hide.filter(frame);
            }
            Some(State::Passed { listing: None }) => {
                if let Some(capabilities) = frame.result_member("capabilities") {
                    self.hide.capabilities(capabilities);
                }
            }
            Some(State::Sent { call, at, repeatable }) => {
                let failed = frame.error().is_some() || frame.result_member("isError") == Some("true");
                let outcome = if failed { Outcome::Error } else { Outcome::Ok };
                out.push(finish(call, outcome, frame.text().len(), now.saturating_sub(at)));
                self.remember_repeat(call, repeatable, frame);
            }
            _ => {}
        }
        None
    }

    /// A line from the server that cannot be passed on. When it was certainly an answer to a request of the host, the
    /// host is told, so that it does not wait for ever.
    fn server_refused(&mut self, now: u64, len: usize, refusal: &Refusal, out: &mut Vec<Effect>) {
        warn(out, &format!("dropped a line from the server: {refusal}"));
        let Some((id, key)) = refusal.id.as_ref().and_then(|id| Some((id, IdKey::of(id)?))) else { return };
        match self.flights.get(&key).map(|flight| &flight.state) {
            None | Some(State::Waiting { .. }) => return,
            Some(State::Passed { .. }) => {}
            Some(State::Sent { call, at, .. }) => {
                out.push(finish(*call, Outcome::Error, len, now.saturating_sub(*at)));
            }
        }
        self.flights.remove(&key);
        let why = format!("the server's answer cannot be passed on: {refusal}");
        out.push(Effect::ToHost(reply::error(Some(id), INTERNAL_ERROR, &why)));
    }

    fn host_end(&mut self, now: u64, out: &mut Vec<Effect>) {
        if self.host != Host::Open {
            return;
        }
        self.host = Host::Ending(now.saturating_add(LAST_WORD_MS));
        let held = self.waiting.iter().filter(|(_, waiting)| waiting.deadline.is_some()).map(|(ask, _)| *ask);
        let held: Vec<u64> = held.collect();
        self.withdraw(&held, "the host went away", out);
        self.end_if_quiet(out);
    }

    fn end_if_quiet(&mut self, out: &mut Vec<Effect>) {
        if matches!(self.host, Host::Ending(_)) && self.waiting.is_empty() {
            self.host = Host::Ended;
            out.push(Effect::CloseServer);
        }
    }

    fn server_ended(&mut self, now: u64, words: String, out: &mut Vec<Effect>) {
        if self.server_end.is_some() {
            return;
        }
        self.deny_for_server_end(&words, out);
        for flight in std::mem::take(&mut self.flights).into_values() {
            let sent = match flight.state {
                State::Sent { call, at, .. } => Some(finish(call, Outcome::Error, 0, now.saturating_sub(at))),
                State::Passed { .. } | State::Waiting { .. } => None,
            };
            out.push(server_gone(&flight.id, &words, sent.is_some()));
            out.extend(sent);
        }
        self.server_end = Some(words);
        self.end_if_quiet(out);
    }

    fn tick(&mut self, now: u64, out: &mut Vec<Effect>) {
        if matches!(self.host, Host::Ending(until) if until <= now) {
            let asks: Vec<u64> = self.waiting.keys().copied().collect();
            self.withdraw(&asks, "the host went away", out);
            self.end_if_quiet(out);
        }
        for waiting in self.waiting.values_mut() {
            waiting.progress(now, out);
        }
    }
}

fn finish(id: CallId, outcome: Outcome, bytes: usize, duration_ms: u64) -> Effect {
    Effect::ToHub(ToHub::Finish(Finish { id, outcome, bytes: bytes as u64, duration_ms }))
}

/// The answer to a request that the server can no longer give.
fn server_gone(id: &str, words: &str, may_have_run: bool) -> Effect {
    let doubt = if may_have_run { "; the call was sent to it and may have run" } else { "" };
    Effect::ToHost(reply::error(Some(id), INTERNAL_ERROR, &format!("the server ended ({words}){doubt}")))
}

fn warn(out: &mut Vec<Effect>, text: &str) {
    out.push(Effect::Warn(Shown::line(text).to_string()));
}

#[cfg(test)]
mod tests;
