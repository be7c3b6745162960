//! The tools as the server listed them, page by page, and which of them the hub does not know yet.
//!
//! Invariant: the newest listing counts, and a tool that one listing defines twice in two ways is neither of them: its
//! definition becomes the array of both, so its digest is one that no single definition has. Definitions are
//! untrusted; nothing is decided on them here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::frame::Frame;
use crate::call::{Definition, Digest, ToolName};
use crate::json;

/// How many tools are kept.
const MAX_TOOLS: usize = 10_000;
/// How many bytes of definitions are kept; of more, only the digests.
const MAX_BYTES: usize = 32 << 20;
/// How many bytes of definitions go to the hub in one message.
const CHUNK: usize = 4 << 20;

/// What one session's server has listed.
#[derive(Debug, Default)]
pub struct Catalog {
    tools: BTreeMap<ToolName, Known>,
    fresh: BTreeSet<ToolName>,
    listing: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Known {
    definition: Definition,
    /// The listing it was last seen in, and what that one said of it.
    listing: u64,
    said: Vec<Digest>,
}

impl Catalog {
    /// Reads the answer to a `tools/list`. `first`: the request had no cursor, so a new listing begins.
    pub fn read(&mut self, answer: &Frame, first: bool) {
        if first {
            self.listing += 1;
        }
        let Some(tools) = answer.result_member("tools") else { return };
        for raw in json::elements(tools) {
            // A definition with two names is one of either.
            for (_, name) in json::members(raw).filter(|(key, value)| key == "name" && value.starts_with('"')) {
                if let Ok(tool) = ToolName::new(json::unescape(name)) {
                    self.note(tool, raw);
                }
            }
        }
    }

    fn note(&mut self, tool: ToolName, text: &str) {
        let Ok(raw) = RawValue::from_string(text.to_owned()) else { return };
        let mut definition = Definition::new(tool.clone(), raw);
        let mut said = vec![definition.digest];
        match self.tools.get(&tool) {
            Some(known) if known.listing == self.listing && known.said.contains(&definition.digest) => return,
            Some(known) if known.listing == self.listing => {
                let both = format!("[{},{text}]", known.definition.raw.get());
                said.extend(&known.said);
                if let Ok(raw) = RawValue::from_string(both) {
                    definition = Definition::new(tool.clone(), raw);
                }
            }
            None if self.tools.len() >= MAX_TOOLS => return,
            _ => {}
        }
        let old = self.tools.get(&tool);
        let changed = old.is_none_or(|known| known.definition.digest != definition.digest);
        self.bytes -= old.map_or(0, |known| known.definition.raw.get().len());
        if self.bytes + definition.raw.get().len() > MAX_BYTES {
            definition.raw = RawValue::NULL.to_owned();
        }
        self.bytes += definition.raw.get().len();
        if changed {
            self.fresh.insert(tool.clone());
        }
        self.tools.insert(tool, Known { definition, listing: self.listing, said });
    }

    /// The definition of a tool, if it was listed.
    pub fn get(&self, tool: &ToolName) -> Option<&Definition> {
        self.tools.get(tool).map(|known| &known.definition)
    }

    /// Every definition.
    pub fn all(&self) -> impl Iterator<Item = &Definition> {
        self.tools.values().map(|known| &known.definition)
    }

    /// The definitions that were not given out yet, in messages of bearable size.
    pub fn take_fresh(&mut self) -> Vec<Vec<Definition>> {
        let mut chunks: Vec<Vec<Definition>> = Vec::new();
        let mut size = CHUNK;
        for tool in std::mem::take(&mut self.fresh) {
            let Some(known) = self.tools.get(&tool) else { continue };
            if size >= CHUNK {
                chunks.push(Vec::new());
                size = 0;
            }
            size += known.definition.raw.get().len();
            if let Some(chunk) = chunks.last_mut() {
                chunk.push(known.definition.clone());
            }
        }
        chunks
    }

    /// A new hub knows nothing: all will be given out again.
    pub fn all_fresh(&mut self) {
        self.fresh = self.tools.keys().cloned().collect();
    }
}

#[cfg(test)]
mod tests;
