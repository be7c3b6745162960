//! Changes to the text of a policy file that leave everything else in it as it is: comments, order, blanks.
//!
//! Invariant: what comes out is a valid policy in which the change holds, or nothing comes out. A text that is not a
//! valid policy is not touched.

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use super::parse::{check_server, check_tool};
use super::{Policy, parse, pattern::Glob};
use crate::decision::Level;

/// Why a text was left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// A file that is broken is not edited: the mistake is the person's to mend.
    #[error("the policy has a mistake, so it was not changed: {0}; mend it, then try again")]
    Invalid(String),
    /// The name or pattern cannot be in a rule.
    #[error("{0}")]
    Name(String),
    /// Does not happen; were it to, the file stays as it is.
    #[error("the change did not come out right, so the policy was not changed; write the rule by hand")]
    Lost,
}

/// The text with a rule that gives this level to these tools of these servers (names or globs): an existing rule for
/// exactly these, without arguments, is changed, otherwise one is added at the end.
pub fn set_level(text: &str, server: &str, tool: &str, level: Level) -> Result<String, EditError> {
    check_server(server).and_then(|()| check_tool(tool)).map_err(EditError::Name)?;
    Glob::name(tool).map_err(|e| EditError::Name(e.to_string()))?;
    let before = parse(text, "policy.toml");
    if let Some(why) = before.policy.why_invalid() {
        return Err(EditError::Invalid(why.to_owned()));
    }
    let mut document: DocumentMut = text.parse().map_err(|_| EditError::Lost)?;
    let mut changed = false;
    match document.get_mut("rule") {
        Some(Item::ArrayOfTables(rules)) => {
            for rule in rules.iter_mut() {
                changed |= change(rule, server, tool, level);
            }
        }
        Some(Item::Value(Value::Array(rules))) => {
            for rule in rules.iter_mut().filter_map(Value::as_inline_table_mut) {
                changed |= change(rule, server, tool, level);
            }
        }
        _ => {}
    }
    if !changed {
        add(&mut document, server, tool, level);
    }
    let after = document.to_string();
    if holds(&before.policy, &after, server, tool, level) { Ok(after) } else { Err(EditError::Lost) }
}

/// Changes a rule if it is the one.
fn change(rule: &mut dyn TableLike, server: &str, tool: &str, level: Level) -> bool {
    let is = |key: &str, wanted: &str| rule.get(key).map_or(Some("*"), Item::as_str) == Some(wanted);
    let has_arguments = rule.get("args").is_some_and(|args| args.as_table_like().is_none_or(|args| !args.is_empty()));
    let is_narrower = ["risk", "time", "days", "console"].iter().any(|key| rule.contains_key(key));
    if !is("server", server) || !is("tool", tool) || has_arguments || is_narrower {
        return false;
    }
    let Some(own) = rule.get_mut("level").and_then(Item::as_value_mut) else { return false };
    let decor = own.decor().clone();
    *own = Value::from(level.as_str());
    *own.decor_mut() = decor;
    true
}

fn add(document: &mut DocumentMut, server: &str, tool: &str, level: Level) {
    let fields = [("server", server), ("tool", tool), ("level", level.as_str())];
    if let Some(Item::Value(Value::Array(rules))) = document.get_mut("rule") {
        let rule: InlineTable = fields.into_iter().collect();
        rules.push(Value::InlineTable(rule));
        return;
    }
    let mut rule = Table::new();
    for (key, text) in fields {
        rule.insert(key, value(text));
    }
    // What stands at the end of the file, comments mostly, stays before the new rule.
    let end = document.trailing().as_str().unwrap_or_default().to_owned();
    document.set_trailing("");
    let gap = if end.ends_with('\n') || end.is_empty() { "\n" } else { "\n\n" };
    rule.decor_mut().set_prefix(format!("{end}{gap}"));
    if let Item::ArrayOfTables(rules) = document.entry("rule").or_insert(Item::ArrayOfTables(ArrayOfTables::new())) {
        rules.push(rule);
    }
}

/// Whether the new text is the old policy with this rule and no other difference.
fn holds(before: &Policy, after: &str, server: &str, tool: &str, level: Level) -> bool {
    let after = parse(after, "policy.toml").policy;
    let is_it = |rule: &super::Rule| {
        let (own_server, own_tool) = (rule.server.as_str(), rule.tool.as_str());
        let is_plain = rule.args.is_empty() && rule.when.is_always();
        own_server == server && own_tool == tool && is_plain && rule.level.is_some()
    };
    let others = |policy: &Policy| {
        let rules = policy.rules.iter().filter(|rule| !is_it(rule));
        rules.map(|rule| super::Rule { line: 0, label: String::new(), ..rule.clone() }).collect::<Vec<_>>()
    };
    let mut own = after.rules.iter().filter(|rule| is_it(rule)).peekable();
    after.why_invalid().is_none()
        && own.peek().is_some()
        && own.all(|rule| rule.level == Some(level))
        && others(before) == others(&after)
        && rest(before) == rest(&after)
}

/// A policy without its rules and without the places of things.
fn rest(policy: &Policy) -> Policy {
    let mut rest = Policy { rules: Vec::new(), ..policy.clone() };
    for profile in rest.servers.values_mut() {
        (profile.line, profile.label) = (0, String::new());
    }
    rest.hosts.values_mut().for_each(|host| host.line = 0);
    rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::TEMPLATE;

    #[test]
    fn comments_and_blanks_stay_where_they_are() {
        let text = "# mine\n[levels]  # odd   blanks\nlow   =  \"ask\"\n\n[[rule]] # one\ntool = 'a' # the tool\nlevel =   \"low\"  # why\n# the end\n";
        let changed = set_level(text, "*", "a", Level::High).expect("changed");
        assert_eq!(changed, text.replace("level =   \"low\"", "level =   \"high\""));
        let added = set_level(text, "fs", "b*", Level::Low).expect("added");
        assert_eq!(added, format!("{text}\n[[rule]]\nserver = \"fs\"\ntool = \"b*\"\nlevel = \"low\"\n"));
        let template = set_level(TEMPLATE, "fs", "x", Level::Low).expect("added");
        assert!(template.starts_with(TEMPLATE) && template.ends_with("level = \"low\"\n"));
        assert_eq!(set_level(&template, "fs", "x", Level::Low).as_deref(), Ok(template.as_str()));
    }

    #[test]
    fn only_the_rule_for_exactly_these_is_changed() {
        let text = "[[rule]]\ntool = \"a\"\nargs = { x = \"1\" }\nlevel = \"low\"\n[[rule]]\ntool = \"a*\"\nlevel = \"low\"\n[[rule]]\ntool = \"a\"\naction = \"deny\"\n";
        let changed = set_level(text, "*", "a", Level::High).expect("changed");
        assert!(changed.starts_with(text) && parse(&changed, "p").policy.rules.len() == 4);
        let inline = "rule = [{ tool = \"a\", level = \"low\" }]\n";
        assert!(set_level(inline, "*", "a", Level::High).is_ok_and(|t| t == inline.replace("low", "high")));
        assert!(set_level(inline, "s", "b", Level::High).is_ok_and(|t| parse(&t, "p").policy.rules.len() == 2));
    }

    #[test]
    fn what_cannot_be_in_a_rule_is_refused_and_a_broken_file_left_alone() {
        assert!(matches!(set_level("", "d\u{435}mo", "a", Level::Low), Err(EditError::Name(_))));
        assert!(matches!(set_level("", "a", "b\u{200b}", Level::Low), Err(EditError::Name(_))));
        assert!(matches!(set_level("", "a", "", Level::Low), Err(EditError::Name(_))));
        assert!(matches!(set_level("[levels]\nlwo = 1", "a", "b", Level::Low), Err(EditError::Invalid(_))));
    }

    proptest! {
        #[test]
        fn any_name_comes_back_as_it_was_given(tool in "\\PC{1,12}", level in prop::sample::select(Level::ALL.to_vec())) {
            match set_level(TEMPLATE, "fs", &tool, level) {
                Err(error) => prop_assert!(matches!(error, EditError::Name(_)), "{}", error),
                Ok(text) => {
                    let rules = parse(&text, "p").policy.rules;
                    prop_assert_eq!(rules.len(), 1);
                    prop_assert_eq!(rules[0].tool.as_str(), tool);
                }
            }
        }
    }
}
