//! The gate: from a `tools/call` to the hub's word, and what that word does.

use serde_json::value::RawValue;

use super::{Effect, Host, Intercept, State, Waiting, finish, warn};
use crate::call::{CallId, Digest, Era, Params};
use crate::decision::{By, Decision, DecisionKind, Outcome};
use crate::mcp::frame::{Frame, IdKey, Refusal, ToolCall};
use crate::mcp::{INVALID_PARAMS, reply};
use crate::wire::{FromHub, Submit, ToHub};

/// When the first sign of life is given for a held call, and how far apart the next ones are, in milliseconds.
const FIRST_PROGRESS_MS: u64 = 5_000;
const PROGRESS_MS: u64 = 10_000;
/// How many calls whose server asked for input are remembered.
const MAX_REPEATS: usize = 64;
/// How many calls that were taken back the hub may still owe a word on.
const MAX_WITHDRAWN: usize = 1_024;
/// Longer params are not compared with a later repeat: the repeat is judged anew.
const MAX_REPEATABLE: usize = 256 << 10;

impl Intercept {
    pub(super) fn gate(&mut self, key: IdKey, frame: Frame, out: &mut Vec<Effect>) {
        let call = match frame.tool_call() {
            Ok(call) => call,
            Err(refusal) => return self.refuse(refusal, out),
        };
        let id = frame.id().unwrap_or("null");
        let definition = self.catalog.get(&call.tool).map(|definition| definition.digest);
        let trouble = if let Some(words) = &self.server_end {
            Some(format!("the server ended ({words})"))
        } else if self.waiting_bytes + frame.text().len() > self.settings.max_held_bytes {
            Some(format!("too much is waiting for a decision already ({} calls)", self.waiting.len()))
        } else {
            None
        };
        if let Some(why) = trouble {
            out.push(Effect::ToHost(reply::denial(id, call.era, &blocked(why))));
            return;
        }
        let Ok(raw) = RawValue::from_string(call.params.to_owned()) else {
            let refusal =
                Refusal { code: INVALID_PARAMS, id: Some(id.to_owned()), why: "params are not JSON".to_owned() };
            return self.refuse(refusal, out);
        };
        let params = Params::new(raw);
        let ToolCall { tool, era, progress_token, request_state, input_responses, client_info, .. } = call;
        let repeatable =
            (era == Era::Modern && params.text().len() <= MAX_REPEATABLE).then(|| params.approved_digest());
        let repeats = repeatable.zip(request_state).and_then(|(same, state)| self.take_repeat(same, &state));
        self.last_ask += 1;
        let ask = self.last_ask;
        self.context.client(client_info.unwrap_or_default());
        self.context.responses(input_responses.unwrap_or_default());
        out.extend(self.context.take_fresh().map(Effect::ToHub));
        for definitions in self.catalog.take_fresh() {
            out.push(Effect::ToHub(ToHub::Catalog(definitions)));
        }
        out.push(Effect::ToHub(ToHub::Submit(Submit {
            ask,
            era,
            tool: tool.clone(),
            params,
            repeats,
            links: Vec::new(),
        })));
        let token = progress_token.map(Into::into);
        self.waiting_bytes += frame.text().len();
        self.fly(key.clone(), frame.id(), State::Waiting { ask });
        let asked = Waiting {
            key,
            frame,
            tool,
            definition,
            era,
            token,
            repeatable,
            deadline: None,
            next_progress: None,
            progressed: 0,
        };
        self.waiting.insert(ask, asked);
    }

    /// Takes a waiting call off the list; its id is free again.
    fn take(&mut self, ask: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&ask)?;
        self.waiting_bytes -= waiting.frame.text().len();
        self.flights.remove(&waiting.key);
        Some(waiting)
    }

    pub(super) fn hub(&mut self, now: u64, message: FromHub, out: &mut Vec<Effect>) {
        match message {
            FromHub::Held { ask, remaining_ms } => self.held_by_hub(now, ask, remaining_ms, out),
            FromHub::Decided { ask, id, params_digest, decision } => {
                self.no_hub = None;
                self.decided(now, ask, id, params_digest, &decision, out);
            }
            FromHub::Hide(above) => {
                if self.hide.set(above, &self.catalog) {
                    out.push(Effect::ToHost(reply::tools_changed()));
                }
            }
            FromHub::Refused(why) => self.hub_lost(&why, out),
            FromHub::Hello(_)
            | FromHub::Pending(_)
            | FromHub::Settled { .. }
            | FromHub::Stale { .. }
            | FromHub::Suggestions(_)
            | FromHub::Stats(_)
            | FromHub::History { .. }
            | FromHub::Proposal(_)
            | FromHub::Unweighed { .. }
            | FromHub::Approvals(_)
            | FromHub::Status(_) => {}
        }
    }

    fn held_by_hub(&mut self, now: u64, ask: u64, remaining_ms: u64, out: &mut Vec<Effect>) {
        let Some(waiting) = self.waiting.get_mut(&ask) else { return };
        waiting.deadline = Some(now.saturating_add(remaining_ms));
        if waiting.token.is_some() && waiting.next_progress.is_none() {
            waiting.next_progress = Some(now.saturating_add(FIRST_PROGRESS_MS));
        }
        if self.host != Host::Open {
            self.withdraw(&[ask], "the host went away", out);
            self.end_if_quiet(out);
        }
    }

    fn decided(&mut self, now: u64, ask: u64, id: CallId, digest: Digest, decision: &Decision, out: &mut Vec<Effect>) {
        let Some(waiting) = self.take(ask) else {
            if self.withdrawn.remove(&ask) && decision.is_allowed() {
                // It was allowed while the withdrawal was on its way; it was never sent.
                out.push(finish(id, Outcome::Error, 0, 0));
            }
            return;
        };
        let doubt = decision.is_allowed().then(|| self.doubt(&waiting, digest)).flatten();
        let Waiting { key, frame, era, repeatable, .. } = waiting;
        let answer = |decision: &Decision| Effect::ToHost(reply::denial(frame.id().unwrap_or("null"), era, decision));
        match (decision.kind, doubt) {
            (DecisionKind::Allowed, None) => {
                self.fly(key, frame.id(), State::Sent { call: id, at: now, repeatable });
                out.push(Effect::ToServer(frame.into_line()));
            }
            (DecisionKind::Allowed, Some(why)) => {
                warn(out, &format!("an allowed call was not sent: {why}"));
                out.push(answer(&blocked(why)));
                out.push(finish(id, Outcome::Error, 0, 0));
            }
            (DecisionKind::Denied | DecisionKind::TimedOut | DecisionKind::Withdrawn | DecisionKind::Blocked, _) => {
                out.push(answer(decision));
            }
        }
        self.end_if_quiet(out);
    }

    /// Why an allowed call is not sent after all: what was decided on is not what would happen.
    fn doubt(&self, waiting: &Waiting, decided_on: Digest) -> Option<&'static str> {
        let defined = self.catalog.get(&waiting.tool).map(|definition| definition.digest);
        if waiting.frame.params_digest() != decided_on {
            Some("what was decided on is not what would be sent")
        } else if waiting.definition.is_some() && waiting.definition != defined {
            Some("the server changed the tool's definition in the meantime")
        } else {
            None
        }
    }

    /// Takes calls back: the hub is told, the host is not (it went away, or took them back itself).
    pub(super) fn withdraw(&mut self, asks: &[u64], why: &str, out: &mut Vec<Effect>) {
        if asks.is_empty() {
            return;
        }
        for ask in asks {
            self.take(*ask);
            self.withdrawn.insert(*ask);
        }
        while self.withdrawn.len() > MAX_WITHDRAWN {
            self.withdrawn.pop_first();
        }
        out.push(Effect::ToHub(ToHub::Withdraw(asks.to_vec(), why.to_owned())));
    }

    pub(super) fn hub_lost(&mut self, why: &str, out: &mut Vec<Effect>) {
        self.catalog.all_fresh();
        self.context.all_fresh();
        self.withdrawn.clear();
        self.repeats.clear();
        // An agent that tries again and again does not fill its host's log.
        if !self.waiting.is_empty() && self.no_hub.as_deref() != Some(why) {
            warn(out, &format!("what waits for a decision is denied, until there is a hub: {why}"));
            self.no_hub = Some(why.to_owned());
        }
        let why = "the hub that asks the user went away or could not be started; `sayso doctor` tells why";
        self.deny_all(why, out);
        self.end_if_quiet(out);
    }

    /// Answers all that wait with a denial of our own.
    fn deny_all(&mut self, why: &str, out: &mut Vec<Effect>) {
        let asks: Vec<u64> = self.waiting.keys().copied().collect();
        for waiting in asks.into_iter().filter_map(|ask| self.take(ask)).collect::<Vec<_>>() {
            let id = waiting.frame.id().unwrap_or("null");
            out.push(Effect::ToHost(reply::denial(id, waiting.era, &blocked(why))));
        }
    }

    pub(super) fn deny_for_server_end(&mut self, words: &str, out: &mut Vec<Effect>) {
        let asks: Vec<u64> = self.waiting.keys().copied().collect();
        self.deny_all(&format!("the server ended ({words})"), out);
        self.withdraw(&asks, "the server ended", out);
    }

    /// The server asked for input: the same call may come again once, under a new id, with the state it was given.
    pub(super) fn remember_repeat(&mut self, call: CallId, repeatable: Option<Digest>, answer: &Frame) {
        let Some(same) = repeatable else { return };
        if answer.result_member("resultType") != Some("\"input_required\"") {
            return;
        }
        let state = answer.result_member("requestState").filter(|state| state.starts_with('"'));
        if let Some(state) = state {
            self.repeats.push_front((repeat_key(same, &crate::json::unescape(state)), call));
            self.repeats.truncate(MAX_REPEATS);
        }
    }

    fn take_repeat(&mut self, same: Digest, state: &str) -> Option<CallId> {
        let key = repeat_key(same, state);
        let at = self.repeats.iter().position(|(known, _)| *known == key)?;
        self.repeats.remove(at).map(|(_, call)| call)
    }
}

impl Waiting {
    /// A sign of life, if one is due.
    pub(super) fn progress(&mut self, now: u64, out: &mut Vec<Effect>) {
        let (Some(token), Some(at), Some(deadline)) = (&self.token, self.next_progress, self.deadline) else { return };
        if at > now {
            return;
        }
        self.progressed += 1;
        self.next_progress = Some(now.saturating_add(PROGRESS_MS));
        let seconds_left = deadline.saturating_sub(now).div_ceil(1_000);
        out.push(Effect::ToHost(reply::progress(token, self.progressed, seconds_left)));
    }
}

fn repeat_key(same: Digest, state: &str) -> Digest {
    Digest::of_fields([b"repeat" as &[u8], &same.0, state.as_bytes()])
}

fn blocked(why: impl Into<String>) -> Decision {
    Decision::new(DecisionKind::Blocked, By::Hub).because(why)
}
