//! What is known of one wrap's tools: worked out at the first call of each, and again when its definition changes.

use std::collections::HashMap;
use std::sync::Arc;

use crate::call::{Call, Definition, ToolName};
use crate::risk::{self, Facts, Known, Risk, meta};

/// The most tools that are known at once; with more, all is forgotten and worked out anew.
const MOST: usize = 1_000;

/// The tools of one wrap.
#[derive(Default)]
pub(super) struct Knowledge {
    known: HashMap<ToolName, Arc<Known>>,
}

impl Knowledge {
    /// What is known of a tool with this definition.
    fn of(&mut self, tool: &ToolName, definition: Option<&Definition>) -> Arc<Known> {
        if let Some(known) = self.known.get(tool).filter(|known| known.is_of(definition)) {
            return Arc::clone(known);
        }
        if self.known.len() >= MOST {
            self.known.clear();
        }
        let known = Arc::new(Known::of(tool.as_str(), definition));
        self.known.insert(tool.clone(), Arc::clone(&known));
        known
    }

    /// Judges a call; `facts` learn what is known of the tools that it names.
    pub(super) fn judge(
        &mut self,
        call: &Call,
        facts: &mut Facts,
        catalog: &HashMap<ToolName, Arc<Definition>>,
    ) -> Risk {
        facts.unlisted = call.definition.is_none() && !catalog.is_empty();
        let known = self.of(&call.tool, call.definition.as_deref());
        let risk = risk::assess_known(&known, call, facts);
        facts.named = self.named(&risk.tools, catalog);
        if facts.named.is_empty() { risk } else { risk::assess_known(&known, call, facts) }
    }

    /// What is known of the tools that a call's arguments name, as far as this wrap's server has listed them.
    fn named(&mut self, tools: &[String], catalog: &HashMap<ToolName, Arc<Definition>>) -> Vec<Arc<Known>> {
        let mut named: Vec<Arc<Known>> = Vec::new();
        for name in tools.iter().flat_map(|text| meta::readings(text)).filter_map(|name| ToolName::new(name).ok()) {
            if let Some(definition) = catalog.get(&name) {
                named.push(self.of(&name, Some(definition)));
            }
        }
        named.sort_unstable_by(|a, b| a.tool.cmp(&b.tool));
        named.dedup_by(|a, b| a.tool == b.tool);
        named
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn defined(tool: &str, rest: &str) -> Definition {
        let raw = format!(r#"{{"name":"{tool}"{rest}}}"#);
        let raw = RawValue::from_string(raw).expect("JSON");
        Definition::new(ToolName::new(tool).expect("a name"), raw)
    }

    #[test]
    fn a_changed_definition_is_read_again_and_an_unchanged_one_is_not() {
        let mut knowledge = Knowledge::default();
        let plain = defined("read_file", "");
        let changed = defined("read_file", r#","annotations":{"destructiveHint":true}"#);
        let first = knowledge.of(&plain.tool, Some(&plain));
        assert!(Arc::ptr_eq(&first, &knowledge.of(&plain.tool, Some(&plain))));
        let second = knowledge.of(&plain.tool, Some(&changed));
        assert!(second.findings().iter().any(|f| f.id == "annotations.destroys"));
        assert!(!knowledge.of(&plain.tool, None).is_of(Some(&changed)));
    }

    #[test]
    fn any_number_of_names_is_known_in_bounded_room() {
        let mut knowledge = Knowledge::default();
        for i in 0..3 * MOST {
            knowledge.of(&ToolName::new(format!("read_{i}")).expect("a name"), None);
            assert!(knowledge.known.len() <= MOST);
        }
    }
}
