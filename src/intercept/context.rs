//! What the host says of itself on the way: its name, and the folders it gives its server (`roots/list`).
//!
//! Self-reported and bounded. The hub may judge more strictly by it and never more mildly.

use std::collections::VecDeque;

use crate::json;
use crate::mcp::frame::{Frame, IdKey};
use crate::risk::paths;
use crate::wire::ToHub;

/// The most questions of the server for roots that are remembered, while the host has not answered.
const MAX_ASKED: usize = 16;
/// The most roots that are passed on. With fewer roots more is outside of them.
const MAX_ROOTS: usize = 64;
/// The longest root, in bytes.
const MAX_ROOT: usize = 4_096;
/// The longest name of a host, in characters.
const MAX_CLIENT: usize = 128;

/// What the host said so far.
#[derive(Debug, Default)]
pub(super) struct Context {
    client: Option<String>,
    roots: Option<Vec<String>>,
    /// The server's `roots/list` requests that wait for an answer.
    asked: VecDeque<IdKey>,
    /// Whether the hub has not been told.
    fresh: bool,
}

impl Context {
    /// Takes note of a `clientInfo`, an object.
    pub(super) fn client(&mut self, info: &str) {
        let Some(name) = json::member(info, "name").filter(|name| name.starts_with('"')) else { return };
        let name: String = json::unescape(name).chars().take(MAX_CLIENT).collect();
        if self.client.as_ref() != Some(&name) {
            self.client = Some(name);
            self.fresh = true;
        }
    }

    /// The server asks for the roots.
    pub(super) fn asks(&mut self, request: &Frame) {
        self.asked.extend(request.id_key());
        if self.asked.len() > MAX_ASKED {
            self.asked.pop_front();
        }
    }

    /// The host answers something.
    pub(super) fn answer(&mut self, answer: &Frame) {
        let Some(at) = answer.id_key().and_then(|key| self.asked.iter().position(|asked| *asked == key)) else {
            return;
        };
        self.asked.remove(at);
        if let Some(roots) = answer.result_member("roots") {
            self.listed(roots);
        }
    }

    /// The answers within a call that is repeated with input (MCP 2026-07-28).
    pub(super) fn responses(&mut self, responses: &str) {
        for (_, response) in json::members(responses) {
            if let Some(roots) = json::member(response, "roots") {
                self.listed(roots);
            }
        }
    }

    fn listed(&mut self, roots: &str) {
        let uris = json::elements(roots).filter_map(|root| json::member(root, "uri"));
        let uris = uris.filter(|uri| uri.starts_with('"') && uri.len() <= MAX_ROOT);
        let roots: Vec<String> = uris.filter_map(|uri| paths::of_uri(&json::unescape(uri))).take(MAX_ROOTS).collect();
        if self.roots.as_ref() != Some(&roots) {
            self.roots = Some(roots);
            self.fresh = true;
        }
    }

    /// Another hub has to be told anew.
    pub(super) fn all_fresh(&mut self) {
        self.fresh = self.client.is_some() || self.roots.is_some();
    }

    /// What the hub has not been told, once.
    pub(super) fn take_fresh(&mut self) -> Option<ToHub> {
        let fresh = std::mem::take(&mut self.fresh);
        fresh.then(|| ToHub::Context { client: self.client.clone(), roots: self.roots.clone() })
    }
}
