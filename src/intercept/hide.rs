//! Tools that need more than their server may do, left out of what it lists.
//!
//! For the model's eyes only: what is hidden can still be asked for, and is denied by the hub. What cannot be left out
//! cleanly stays in. Never changes a definition.

use crate::call::{Definition, ToolName};
use crate::json;
use crate::mcp::catalog::Catalog;
use crate::mcp::frame::Frame;
use crate::risk::{Access, Known};

/// What is hidden.
#[derive(Debug, Default)]
pub(super) struct Hide {
    /// What needs more is hidden; `None`: nothing is.
    above: Option<Access>,
    /// Whether the server has said that it tells when its tools change: then the host listens.
    tells: bool,
}

impl Hide {
    /// Takes note of what a server says it can, an object.
    pub(super) fn capabilities(&mut self, capabilities: &str) {
        let tools = json::member(capabilities, "tools");
        self.tells = tools.and_then(|tools| json::member(tools, "listChanged")) == Some("true");
    }

    /// The person wants this hidden from now on. Whether the host has to list the tools again, and will.
    pub(super) fn set(&mut self, above: Option<Access>, catalog: &Catalog) -> bool {
        let before = std::mem::replace(&mut self.above, above);
        let differs = |definition: &Definition| hides(before, definition) != hides(above, definition);
        self.tells && before != above && catalog.all().any(differs)
    }

    /// The answer to a `tools/list` without what is hidden, as a line; `None`: it stays as it is.
    pub(super) fn filter(&self, answer: &Frame) -> Option<Vec<u8>> {
        self.above?;
        let tools = answer.result_member("tools").filter(|tools| tools.starts_with('['))?;
        let (mut kept, mut hidden) = (Vec::new(), 0);
        for raw in json::elements(tools) {
            let is_hidden = definition(raw).is_some_and(|definition| hides(self.above, &definition));
            hidden += usize::from(is_hidden);
            kept.extend((!is_hidden).then_some(raw));
        }
        if hidden == 0 { None } else { answer.with_result_member("tools", &format!("[{}]", kept.join(","))) }
    }
}

fn definition(raw: &str) -> Option<Definition> {
    let name = json::member(raw, "name").filter(|name| name.starts_with('"'))?;
    let tool = ToolName::new(json::unescape(name)).ok()?;
    Some(Definition::new(tool, serde_json::value::RawValue::from_string(raw.to_owned()).ok()?))
}

fn hides(above: Option<Access>, definition: &Definition) -> bool {
    above.is_some_and(|above| Known::of(definition.tool.as_str(), Some(definition)).access() > above)
}
