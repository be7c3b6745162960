//! Changes to the text of a policy file that leave everything else in it as it is: comments, order, blanks.
//!
//! Invariant: what comes out is a valid policy in which the change holds, or nothing comes out. A text that is not a
//! valid policy is not touched.

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use super::parse::{check_server, check_tool};
use super::{Policy, Rules, parse, pattern::Glob};
use crate::decision::Level;
use crate::risk::hidden::is_hidden;

/// What some editors put in front of a text in UTF-8.
const BOM: char = '\u{feff}';

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
    let after = in_form(text, &document);
    if holds(&before.policy, &after, server, tool, level) { Ok(after) } else { Err(EditError::Lost) }
}

/// The text with trust in a server as exactly this command line, or without it.
pub fn set_trust(text: &str, server: &str, command: Option<&[String]>) -> Result<String, EditError> {
    let before = parse(text, "policy.toml");
    if let Some(why) = before.policy.why_invalid() {
        return Err(EditError::Invalid(why.to_owned()));
    }
    if let Some(c) = command.into_iter().flatten().flat_map(|word| word.chars()).find(|c| is_hidden(*c) || *c == '\0') {
        let says = format!("the command holds the invisible character U+{:04X}; it cannot be trusted", u32::from(c));
        return Err(EditError::Name(says));
    }
    let mut document: DocumentMut = text.parse().map_err(|_| EditError::Lost)?;
    if command.is_none() && before.policy.server(server).is_none() {
        return Err(EditError::Name(format!("nothing is said of a server {server} in the policy")));
    }
    let servers = document.entry("server").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let servers = servers.as_table_like_mut().ok_or(EditError::Lost)?;
    if servers.get(server).is_none() {
        servers.insert(server, Item::Table(Table::new()));
    }
    let profile = servers.get_mut(server).and_then(Item::as_table_like_mut).ok_or(EditError::Lost)?;
    if let Some(command) = command {
        profile.insert("trusted", value(true));
        profile.insert("command", value(command.iter().collect::<toml_edit::Array>()));
    } else {
        profile.remove("trusted");
        profile.remove("command");
    }
    let after = in_form(text, &document);
    let parsed = parse(&after, "policy.toml").policy;
    let mut wanted = rest(&before.policy);
    let own = wanted.servers.entry(server.to_owned()).or_default();
    (own.trusted, own.command) = (command.is_some(), command.unwrap_or_default().to_vec());
    let same_rules = plain_rules(&before.policy) == plain_rules(&parsed);
    if parsed.why_invalid().is_none() && rest(&parsed) == wanted && same_rules {
        Ok(after)
    } else {
        Err(EditError::Lost)
    }
}

/// The document as a text with the mark in front and the line ends that the text before had: the editor leaves them out.
fn in_form(before: &str, document: &DocumentMut) -> String {
    let mut after = document.to_string();
    let ends = before.matches('\n').count();
    if ends > 0 && before.matches("\r\n").count() == ends {
        after = after.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    if before.starts_with(BOM) && !after.starts_with(BOM) {
        after.insert(0, BOM);
    }
    after
}

/// The rules without their places.
fn plain_rules(policy: &Policy) -> Vec<super::Rule> {
    policy.rules.iter().map(|rule| super::Rule { line: 0, label: String::new(), ..rule.clone() }).collect()
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
    let mut rest = Policy { rules: Rules::default(), ..policy.clone() };
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
    fn the_mark_in_front_and_the_line_ends_stay() {
        let text = "\u{feff}# mine\r\n[levels]\r\nlow = \"ask\"\r\n";
        let wanted = "\r\n[[rule]]\r\nserver = \"fs\"\r\ntool = \"a\"\r\nlevel = \"high\"\r\n";
        assert_eq!(set_level(text, "fs", "a", Level::High), Ok(format!("{text}{wanted}")));
        let trusted = set_trust(text, "fs", Some(&["x".to_owned()])).expect("written");
        assert!(trusted.starts_with(text) && trusted.matches('\n').count() == trusted.matches("\r\n").count());
        let mixed = set_level("[levels]\r\nlow = \"ask\"\n", "fs", "a", Level::Low).expect("changed");
        assert!(mixed.ends_with("level = \"low\"\n") && !mixed.ends_with("\r\n"));
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
    fn trust_is_written_for_one_command_line_and_taken_back_without_a_trace_elsewhere() {
        let text = "# mine\n[levels] # levels\nlow = \"ask\"\n\n[server.db]\naccess = \"read\" # only\n\n[[rule]]\ntool = \"a\"\naction = \"deny\"\n# the end\n";
        let command = ["npx", "-y", "it's \"quoted\" \\ \u{e9}"].map(str::to_owned);
        for server in ["fs", "db", "a.b"] {
            let trusted = set_trust(text, server, Some(&command)).expect("written");
            let policy = parse(&trusted, "p").policy;
            assert_eq!(policy.server(server).map(|p| (p.trusted, p.command.clone())), Some((true, command.to_vec())));
            assert!(trusted.contains("# mine") && trusted.contains("# only") && trusted.contains("# the end"));
            let other = set_trust(&trusted, server, Some(&command[..1])).expect("written");
            assert_eq!(parse(&other, "p").policy.server(server).map(|p| p.command.len()), Some(1));
            let back = set_trust(&trusted, server, None).expect("taken back");
            assert!(parse(&back, "p").policy.server(server).is_some_and(|p| !p.trusted && p.command.is_empty()));
        }
        assert!(matches!(set_trust(text, "fs", None), Err(EditError::Name(_))));
        assert!(matches!(set_trust(text, "fs", Some(&["a\u{200b}".to_owned()])), Err(EditError::Name(_))));
        assert!(matches!(set_trust("[x", "fs", Some(&command)), Err(EditError::Invalid(_))));
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
