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
/// The most definitions of one tool in one listing that are read.
const MOST_DEFINITIONS: usize = 64;
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
    /// The gravest deed among the choices, wherever in its schema they stand, where the argument names what is to be done.
    pub chooses: Option<Deed>,
    /// What its schema says that holds where the call says nothing; empty: nothing.
    pub default: String,
    /// Whether its schema lets it be nothing but a text, a number or a truth value.
    pub is_plain: bool,
}

impl Property {
    fn of(key: &str, property: &str, schema: &str) -> Self {
        let words = Words::of(key);
        let offered = json::member(property, "enum").into_iter().flat_map(json::elements);
        let members: Vec<String> =
            offered.filter(|member| member.len() <= LONGEST).take(MOST_MEMBERS).map(str::to_owned).collect();
        let chooses = words.is_one_of(schema::CHOOSERS).then(|| gravest(property, schema)).flatten();
        let is_plain = is_plain(property);
        let default = json::member(property, "default").filter(|text| text.len() <= LONGEST);
        let default =
            default.map(|text| if text.starts_with('"') { json::unescape(text).into_owned() } else { text.to_owned() });
        let default = default.unwrap_or_default();
        Self { key: key.to_owned(), words, members, chooses, default, is_plain }
    }

    /// Whether the schema lists this value, as compact JSON, among a few.
    pub fn offers(&self, raw: &str) -> bool {
        self.members.iter().any(|member| member == raw)
    }
}

/// The gravest deed among the texts that a schema offers: in `enum`, `const`, `default`, in what it is one of, and in what
/// it refers to within the whole. With more than are looked at, one of them may change something.
fn gravest(property: &str, schema: &str) -> Option<Deed> {
    let mut open = vec![(property, 0)];
    let (mut gravest, mut left) = (None, MOST_MEMBERS);
    let mut take = |text: &str, left: &mut usize| {
        *left = left.saturating_sub(1);
        let deed = if *left == 0 { Deed::Write } else { schema::chosen(&json::unescape(text)) };
        gravest = gravest.max(Some(deed));
    };
    while let Some((part, depth)) = open.pop().filter(|_| left > 0) {
        for (key, value) in json::members(part).take(MOST_MEMBERS) {
            match key.as_ref() {
                "enum" => json::elements(value).take(left).for_each(|text| take(text, &mut left)),
                "const" | "default" if value.starts_with('"') => take(value, &mut left),
                "oneOf" | "anyOf" | "allOf" if depth < DEEPEST => {
                    open.extend(json::elements(value).take(left).map(|part| (part, depth + 1)));
                }
                "items" if depth < DEEPEST => open.push((value, depth + 1)),
                "$ref" if depth < DEEPEST => {
                    let place = json::unescape(value);
                    let within = place.strip_prefix('#').and_then(|pointer| json::pointer(schema, pointer));
                    open.extend(within.map(|part| (part, depth + 1)));
                }
                _ => {}
            }
        }
        left = left.saturating_sub(1);
    }
    gravest
}

/// How deep a schema is followed.
const DEEPEST: usize = 4;

impl Known {
    /// What a name and a definition say.
    pub fn of(tool: &str, definition: Option<&Definition>) -> Self {
        let raw = definition.map_or("null", |definition| definition.raw.get());
        let mut known = Self::of_one(tool, raw);
        if raw.starts_with('[') {
            // Defined several times in one listing (`mcp::catalog`): whichever the server means, it is no less than each.
            let mut found = Found::default();
            names::twice(&mut found);
            let mut open: Vec<&str> = json::elements(raw).collect();
            for _ in 0..MOST_DEFINITIONS {
                let Some(one) = open.pop() else { break };
                if one.starts_with('[') {
                    open.extend(json::elements(one));
                    continue;
                }
                let one = Self::of_one(tool, one);
                one.findings.into_iter().for_each(|finding| found.take(finding));
                known.properties.extend(one.properties);
                known.properties.truncate(MOST_PROPERTIES);
            }
            known.findings = found.into_findings();
        }
        known.digest = definition.map(|definition| definition.digest);
        known
    }

    fn of_one(tool: &str, definition: &str) -> Self {
        let (mut title, mut hints, mut properties) = (None, annotations::Hints::default(), Vec::new());
        for (key, value) in json::members(definition) {
            match key.as_ref() {
                "title" => title = Some(json::unescape(value)),
                "annotations" => hints = annotations::Hints::of(value),
                "inputSchema" => {
                    let list = json::member(value, "properties");
                    properties = list.map(|list| read_properties(list, value)).unwrap_or_default();
                }
                _ => {}
            }
        }
        let title = title.or_else(|| hints.title.as_deref().map(std::borrow::Cow::Borrowed));
        let name = names::read(tool);
        let mut found = Found::default();
        names::define(tool, &name, title.as_deref(), &mut found);
        annotations::define(&name, &hints, &mut found);
        Self { tool: tool.to_owned(), findings: found.into_findings(), name, properties, digest: None, hints }
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

fn read_properties(properties: &str, schema: &str) -> Vec<Property> {
    let kept = json::members(properties).filter(|(key, _)| key.len() <= LONGEST).take(MOST_PROPERTIES);
    kept.map(|(key, property)| Property::of(&key, property, schema)).collect()
}
