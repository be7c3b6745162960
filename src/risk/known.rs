//! What is known of a tool before it is called: everything that depends on its name and its definition alone, worked
//! out once and kept.
//!
//! Definitions are untrusted. Of a schema only as much is kept as the detectors read, at most [`MOST_PROPERTIES`]
//! arguments of [`MOST_MEMBERS`] choices each; what is beyond counts as not said, which is the stricter answer.

use super::found::Found;
use super::names::{self, Deed, Name};
use super::words::Words;
use super::{Access, Finding, annotations, schema};
use crate::call::{Definition, Digest};
use crate::json;

/// The most arguments of a definition that are kept.
pub const MOST_PROPERTIES: usize = 256;
/// The most choices of an argument that are kept.
pub const MOST_MEMBERS: usize = 256;
/// The longest name of an argument and the longest choice that are kept, in bytes.
const LONGEST: usize = 512;

/// A tool, known by its name and its definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The tool's name as it is written. Untrusted.
    pub tool: String,
    /// What the name says.
    pub name: Name,
    /// What its server says about it.
    pub hints: annotations::Hints,
    /// The arguments in its schema.
    pub properties: Vec<Property>,
    /// The definition that this is about.
    digest: Option<Digest>,
    findings: Vec<Finding>,
}

/// An argument in a tool's schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// As the schema spells it. Untrusted.
    pub key: String,
    /// Its words.
    pub words: Words,
    /// The choices, as compact JSON; empty when any value will do.
    members: Vec<String>,
    /// The gravest deed among the choices, where the argument names what is to be done.
    pub chooses: Option<Deed>,
    /// Whether its schema lets it be nothing but a text, a number or a truth value.
    pub is_plain: bool,
}

impl Property {
    fn of(key: &str, property: &str) -> Self {
        let words = Words::of(key);
        let offered = json::member(property, "enum").into_iter().flat_map(json::elements);
        let members: Vec<String> =
            offered.filter(|member| member.len() <= LONGEST).take(MOST_MEMBERS).map(str::to_owned).collect();
        let deeds = members.iter().map(|member| schema::chosen(&json::unescape(member)));
        let chooses = if words.is_one_of(schema::CHOOSERS) { deeds.max() } else { None };
        let is_plain = is_plain(property);
        Self { key: key.to_owned(), words, members, chooses, is_plain }
    }

    /// Whether the schema lists this value, as compact JSON, among a few.
    pub fn offers(&self, raw: &str) -> bool {
        self.members.iter().any(|member| member == raw)
    }
}

impl Known {
    /// What a name and a definition say.
    pub fn of(tool: &str, definition: Option<&Definition>) -> Self {
        let (mut title, mut hints, mut properties) = (None, annotations::Hints::default(), Vec::new());
        for (key, value) in definition.into_iter().flat_map(|definition| json::members(definition.raw.get())) {
            match key.as_ref() {
                "title" => title = Some(json::unescape(value)),
                "annotations" => hints = annotations::Hints::of(value),
                "inputSchema" => {
                    properties = json::member(value, "properties").map(read_properties).unwrap_or_default();
                }
                _ => {}
            }
        }
        let title = title.or_else(|| hints.title.as_deref().map(std::borrow::Cow::Borrowed));
        let name = names::read(tool);
        let mut found = Found::default();
        names::define(tool, &name, title.as_deref(), &mut found);
        annotations::define(&name, &hints, &mut found);
        let digest = definition.map(|definition| definition.digest);
        Self { tool: tool.to_owned(), findings: found.into_findings(), name, properties, digest, hints }
    }

    /// Whether this is about that definition.
    pub fn is_of(&self, definition: Option<&Definition>) -> bool {
        self.digest == definition.map(|definition| definition.digest)
    }

    /// The argument of this name in any casing.
    pub fn property(&self, words: &Words) -> Option<&Property> {
        self.properties.iter().find(|property| property.words == *words)
    }

    /// What the name and the definition leave, whatever the arguments.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What every call of this tool needs at least, by name and definition alone; a single call may need more.
    pub fn access(&self) -> Access {
        Access::of(&self.findings)
    }
}

/// Whether a schema's `type` (one word, or a list of them) names no container, and nothing beside it might.
fn is_plain(property: &str) -> bool {
    let open = ["anyOf", "oneOf", "allOf", "$ref", "if"].iter().any(|key| json::member(property, key).is_some());
    let Some(kind) = json::member(property, "type").filter(|_| !open) else { return false };
    let plain = |word: &str| matches!(word, "\"string\"" | "\"number\"" | "\"integer\"" | "\"boolean\"" | "\"null\"");
    if kind.starts_with('[') { json::elements(kind).all(plain) } else { plain(kind) }
}

fn read_properties(properties: &str) -> Vec<Property> {
    let kept = json::members(properties).filter(|(key, _)| key.len() <= LONGEST).take(MOST_PROPERTIES);
    kept.map(|(key, property)| Property::of(&key, property)).collect()
}
