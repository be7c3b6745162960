//! A project's own file, `.sayso.toml`: a policy that may only tighten.
//!
//! Invariant: what is made of it says nothing of a call but where the file names it, and there never anything looser than
//! a question: added to any other policy by [`strictest`](super::strictest) it can only tighten. What would loosen in it
//! is left out and told with its line; the rest holds. A file with a mistake is not usable, as every policy.

use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::parse::{Diagnostic, Most, Parsed, Severity, parse_with};
use super::{Asked, Levels, Policy, Rule, Ruling, Timeouts, judge, time};
use crate::decision::{Action, By, Level};

/// What it is called, in every folder.
pub const NAME: &str = ".sayso.toml";

/// The most in one: whoever wrote it may mean to keep the hub busy.
const MOST: Most = Most { rules: 1_000, regexes: 20 };

/// As long as no project says anything: the longest that any policy may give.
const FOREVER: Duration = Duration::from_hours(24);

/// Nothing is said of any call.
const SILENT: Levels = Levels { low: Action::Allow, medium: Action::Allow, high: Action::Allow };

/// Parses a project's file. `own` are the times that the person's policy gives for each
/// level.
pub fn read(text: &str, label: &str, own: [Duration; 3]) -> Parsed {
    let whole = parse_with(text, label, MOST);
    if whole.policy.why_invalid().is_some() {
        return whole;
    }
    let mut reader = Reader { text, own, refused: Vec::new() };
    let mut policy = silent();
    if let Ok(document) = DeTable::parse(text) {
        for (key, value) in document.get_ref() {
            match key.get_ref().as_ref() {
                "levels" => reader.levels(value, whole.policy.levels, &mut policy.levels),
                "timeout" => reader.timeouts(value, &whole.policy.timeouts, &mut policy.timeouts),
                "rule" => {}
                other => reader.refuse(
                    key.span().start,
                    &format!("`{other}` does not count in a project: only levels, timeout and rule do"),
                ),
            }
        }
    }
    let rules: Vec<Rule> = whole.policy.rules.iter().cloned().filter_map(|rule| reader.rule(rule)).collect();
    policy.rules = rules.into();
    let mut diagnostics = whole.diagnostics;
    diagnostics.extend(reader.refused);
    diagnostics.sort_by_key(|d| (d.line, d.column));
    Parsed { policy, diagnostics, cases: Vec::new() }
}

/// What a folder without such a file says: nothing.
pub fn silent() -> Policy {
    let timeouts = Timeouts { default: Some(FOREVER), ..Timeouts::default() };
    Policy { levels: SILENT, timeouts, ..Policy::default() }
}

/// What a project rules of a call. Where it raises the level, what the person's own policy says of that level counts.
pub fn rule(project: &Policy, asked: &Asked<'_>, own: impl Fn(Level) -> Action) -> Ruling {
    let ruling = judge(project, asked);
    let (Ruling::Final(verdict) | Ruling::UnlessGranted(verdict)) = &ruling;
    let mut verdict = verdict.clone();
    if project.why_invalid().is_some() {
        if verdict.by == By::Hub {
            // Which file it is, is in the rule: for the person.
            verdict.reason =
                Some(format!("the project's {NAME} cannot be used, so only low-risk calls of this server pass"));
        }
    } else if verdict.level <= asked.risk.level {
        // It raises nothing, so it says nothing of the level: the person may have lowered it.
        verdict.level = Level::Low;
    } else if verdict.by == By::Level {
        verdict.action = verdict.action.max(own(verdict.level));
    }
    match ruling {
        Ruling::Final(_) => Ruling::Final(verdict),
        Ruling::UnlessGranted(_) => Ruling::UnlessGranted(verdict),
    }
}

struct Reader<'a> {
    text: &'a str,
    own: [Duration; 3],
    refused: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn refuse(&mut self, at: usize, says: &str) {
        let before = &self.text[..at.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        self.refused.push(Diagnostic { severity: Severity::Warning, line, column, says: refused(says) });
    }

    fn levels(&mut self, value: &Spanned<DeValue<'_>>, said: Levels, levels: &mut Levels) {
        let defaults = Levels::default();
        for (key, value) in value.get_ref().as_table().into_iter().flatten() {
            let (level, slot) = match key.get_ref().as_ref() {
                "low" => (Level::Low, &mut levels.low),
                "medium" => (Level::Medium, &mut levels.medium),
                _ => (Level::High, &mut levels.high),
            };
            let (action, least) = (said.action(level), defaults.action(level));
            if action < least {
                self.refuse(value.span().start, &format!("{level} calls: {action} is looser than {least}"));
            } else {
                *slot = action;
            }
        }
    }

    fn timeouts(&mut self, value: &Spanned<DeValue<'_>>, said: &Timeouts, timeouts: &mut Timeouts) {
        let [low, medium, high] = self.own;
        for (key, value) in value.get_ref().as_table().into_iter().flatten() {
            let name = key.get_ref().as_ref();
            let (length, most) = match name {
                "low" => (said.low, low),
                "medium" => (said.medium, medium),
                "high" => (said.high, high),
                _ => (said.default, low.max(medium).max(high)),
            };
            let Some(length) = length else { continue };
            if length > most {
                let (length, most) = (time::show(length), time::show(most));
                self.refuse(value.span().start, &format!("{name}: {length} is longer than your own {most}"));
                continue;
            }
            match name {
                "low" => timeouts.low = Some(length),
                "medium" => timeouts.medium = Some(length),
                "high" => timeouts.high = Some(length),
                _ => timeouts.default = Some(length),
            }
        }
    }

    /// What of a rule tightens, if anything does.
    fn rule(&mut self, mut rule: Rule) -> Option<Rule> {
        let mut refuse = |says: String| {
            let says = refused(&says);
            self.refused.push(Diagnostic { severity: Severity::Warning, line: rule.line, column: 1, says });
        };
        if rule.action == Some(Action::Allow) {
            refuse("a project cannot allow anything".to_owned());
            rule.action = None;
        }
        if rule.level == Some(Level::Low) {
            refuse("a project cannot make anything low".to_owned());
            rule.level = None;
        }
        let most = self.own.iter().copied().fold(Duration::ZERO, Duration::max);
        if let Some(length) = rule.timeout.filter(|length| *length > most) {
            refuse(format!("{} is longer than your own {}", time::show(length), time::show(most)));
            rule.timeout = None;
        }
        (rule.action.is_some() || rule.level.is_some() || rule.timeout.is_some()).then_some(rule)
    }
}

/// What ends every sentence about something that was left out.
const REFUSED: &str = "a project may only tighten, so this does not count";

fn refused(says: &str) -> String {
    format!("{says}; {REFUSED}")
}

/// Whether a diagnostic is about something that was left out because it would loosen.
pub fn is_refusal(diagnostic: &Diagnostic) -> bool {
    diagnostic.says.ends_with(REFUSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: [Duration; 3] = [Duration::from_secs(55); 3];

    fn told(text: &str) -> (Policy, Vec<String>) {
        let parsed = read(text, NAME, TIMES);
        let told = parsed.diagnostics.iter().map(|d| format!("{}: {}", d.line, d.says));
        (parsed.policy, told.filter(|says| says.contains("does not count")).collect())
    }

    #[test]
    fn b30_what_would_loosen_is_left_out_with_its_line_and_the_rest_holds() {
        let (policy, told) = told(
            "[levels]\nlow = \"ask\"\nmedium = \"allow\"\nhigh = \"ask\"\n[timeout]\ndefault = \"5m\"\nhigh = \"10s\"\n\
             [remember]\nwide = false\n[journal]\narguments = \"full\"\n\
             [[rule]]\ntool = \"run\"\naction = \"allow\"\n[[rule]]\ntool = \"rm\"\naction = \"deny\"\n\
             [[rule]]\ntool = \"a\"\nlevel = \"low\"\naction = \"confirm\"\n[[rule]]\ntool = \"b\"\ntimeout = \"9m\"\n",
        );
        let lines: Vec<&str> = told.iter().map(|says| says.split(':').next().unwrap_or_default()).collect();
        assert_eq!(lines, ["3", "4", "6", "8", "10", "12", "18", "22"], "{told:#?}");
        assert_eq!(policy.levels, Levels { low: Action::Ask, ..SILENT });
        assert_eq!((policy.timeouts.default, policy.timeouts.high), (Some(FOREVER), Some(Duration::from_secs(10))));
        let rules: Vec<_> = policy.rules.iter().map(|rule| (rule.tool.as_str(), rule.action, rule.level)).collect();
        assert_eq!(rules, [("rm", Some(Action::Deny), None), ("a", Some(Action::Confirm), None)]);
    }

    #[test]
    fn b30_a_project_cannot_keep_the_hub_busy() {
        let rule = "[[rule]]\nargs = { a = { regex = \"[a-c]*a[a-c]{900}x\" } }\naction = \"deny\"\n";
        assert_eq!(read(&rule.repeat(MOST.regexes), NAME, TIMES).error(), None);
        let parsed = read(&rule.repeat(MOST.regexes + 1), NAME, TIMES);
        assert!(parsed.error().is_some_and(|error| error.says.contains("more than 20 regexes")), "{parsed:?}");
        let rules = "[[rule]]\ntool = \"a\"\naction = \"deny\"\n".repeat(MOST.rules + 1);
        let parsed = read(&rules, NAME, TIMES);
        assert!(parsed.error().is_some_and(|error| error.says.contains("more than 1000 rules")), "{parsed:?}");
    }

    #[test]
    fn b30_a_file_with_a_mistake_is_not_usable() {
        for text in ["[[rule]\n", "[levels]\nlow = 3\n", "x = 1\n"] {
            assert!(read(text, NAME, TIMES).policy.why_invalid().is_some(), "{text}");
        }
        assert_eq!(told(""), (silent(), Vec::new()));
    }
}
