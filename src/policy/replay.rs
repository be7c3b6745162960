//! The recorded history under another policy: what would newly pass, be asked, be denied.
//!
//! Invariant: a call is judged as it is recorded, with the findings of its day. What is not recorded (who was there,
//! where links led) counts in the way that lets more pass, so that nothing that would newly pass is missed.

use std::sync::Arc;

use super::{Asked, Local, Moment, Policy, Ruling, judge};
use crate::call::{Call, Digest, Params, Server};
use crate::decision::{Action, By, DecisionKind};
use crate::record::Row;
use crate::risk::{self, Facts, Risk};

/// What became of a call without anybody's word in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It passed unasked.
    Passed,
    /// It passed by an approval given before.
    Approved,
    /// A person was asked.
    Asked,
    /// It was denied unasked.
    Denied,
}

/// One call under another policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// What became of it.
    pub was: Fate,
    /// What would become of it.
    pub is: Fate,
    /// The new ruling.
    pub ruling: Ruling,
    /// Whether a person denied it then.
    pub refused: bool,
    /// Whether the journal holds its arguments as they were.
    pub as_sent: bool,
}

/// Judges a recorded call. `None`: sayso could not do its work then, or it is not decided yet, so it says nothing.
pub fn replay(policy: &Policy, row: &Row, local: Option<Local>) -> Option<Replayed> {
    let was = fate(row)?;
    let call = call(row);
    let findings = row.submitted.findings.clone();
    let level = findings.iter().map(|finding| finding.level).max().unwrap_or(row.submitted.risk);
    let tools = risk::assess(&call, &Facts::default()).tools;
    let (risk, facts) = (Risk { level, findings, tools }, Facts::default());
    let ruled = |console| {
        let moment = Moment { local, console };
        judge(policy, &Asked { call: &call, risk: &risk, facts: &facts, moment: &moment })
    };
    let somebody = ruled(true);
    let nobody = ruled(false);
    let ruling = if row.by() == Some(By::Human) || somebody.rank() <= nobody.rank() { somebody } else { nobody };
    let is = match (ruling.verdict().action, &ruling) {
        (Action::Allow, _) => Fate::Passed,
        (_, Ruling::UnlessGranted(_)) if was == Fate::Approved => Fate::Approved,
        (Action::Deny, _) => Fate::Denied,
        (Action::Ask | Action::Confirm, _) => Fate::Asked,
    };
    let denied = row.decided.as_ref().is_some_and(|decided| decided.decision.kind == DecisionKind::Denied);
    let as_sent = call.params.digest() == row.submitted.params_digest;
    Some(Replayed { was, is, ruling, refused: denied && row.by() == Some(By::Human), as_sent })
}

fn fate(row: &Row) -> Option<Fate> {
    let decided = row.decided.as_ref()?;
    match decided.decision.by {
        // What was taken back was held, or it would have been decided before.
        By::Human | By::Deadline | By::Client => Some(Fate::Asked),
        By::Grant | By::Repeat => Some(Fate::Approved),
        By::Rule | By::Level if decided.decision.is_allowed() => Some(Fate::Passed),
        By::Rule | By::Level => Some(Fate::Denied),
        By::Hub => None,
    }
}

/// The call, as far as it is recorded.
fn call(row: &Row) -> Call {
    let own = &row.submitted;
    let (command, args) =
        own.command.split_first().map_or((String::new(), Vec::new()), |(c, a)| (c.clone(), a.to_vec()));
    let environment = Digest::of(b"");
    let server = Server { name: own.server.clone(), command, args, cwd: "/".to_owned(), environment };
    Call {
        id: row.id,
        session: own.session.clone(),
        server: Arc::new(server),
        tool: own.tool.clone(),
        params: Params::new(own.params.clone()),
        definition: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::call::{CallId, ServerName, SessionId, ToolName};
    use crate::decision::{Decision, Level};
    use crate::policy::parse;
    use crate::record::{Decided, Submitted};
    use crate::risk::Finding;

    fn row(kind: DecisionKind, by: By, params: &str) -> Row {
        let params = RawValue::from_string(params.to_owned()).expect("JSON");
        let finding =
            Finding { id: "name.writes".into(), level: Level::Medium, says: String::new(), at: None, span: None };
        let params_digest = Digest::of(br#"{"name":"put","arguments":{"path":"/a"}}"#);
        let submitted = Submitted {
            id: CallId(1),
            session: SessionId("s".into()),
            server: ServerName::new("fs").expect("a name"),
            identity: Digest::of(b""),
            command: vec!["server".into(), "-x".into()],
            tool: ToolName::new("put").expect("a name"),
            definition: None,
            // As the person's rules had it then; the findings say what was judged.
            risk: Level::Low,
            findings: vec![finding],
            params_digest,
            params,
            masked: None,
        };
        let decision = Decision::new(kind, by);
        let decided =
            Decided { id: CallId(1), decision, who: None, params_digest, held_ms: 0, looked_ms: None, shown: None };
        Row { id: CallId(1), at: 0, submitted: Box::new(submitted), decided: Some(decided), finished: None }
    }

    const SENT: &str = r#"{"name":"put","arguments":{"path":"/a"}}"#;

    fn fates(policy: &str, kind: DecisionKind, by: By) -> Option<(Fate, Fate)> {
        let policy = parse(policy, "p").policy;
        replay(&policy, &row(kind, by, SENT), None).map(|replayed| (replayed.was, replayed.is))
    }

    #[test]
    fn each_fate_is_told_from_what_would_become_of_the_call() {
        use DecisionKind::{Allowed, Blocked, Denied, TimedOut, Withdrawn};
        let allow = "[[rule]]\naction = \"allow\"";
        let deny = "[[rule]]\naction = \"deny\"";
        for (policy, kind, by, wanted) in [
            (allow, Denied, By::Human, Some((Fate::Asked, Fate::Passed))),
            (allow, TimedOut, By::Deadline, Some((Fate::Asked, Fate::Passed))),
            (allow, Withdrawn, By::Client, Some((Fate::Asked, Fate::Passed))),
            (allow, Denied, By::Rule, Some((Fate::Denied, Fate::Passed))),
            (allow, Blocked, By::Hub, None),
            ("", Allowed, By::Rule, Some((Fate::Passed, Fate::Asked))),
            ("", Allowed, By::Grant, Some((Fate::Approved, Fate::Approved))),
            (deny, Allowed, By::Grant, Some((Fate::Approved, Fate::Denied))),
            ("levels.medium = \"deny\"", Allowed, By::Grant, Some((Fate::Approved, Fate::Approved))),
            (deny, Allowed, By::Human, Some((Fate::Asked, Fate::Denied))),
            (
                "server.fs = { trusted = true, command = [\"server\", \"-x\"] }",
                Allowed,
                By::Human,
                Some((Fate::Asked, Fate::Passed)),
            ),
        ] {
            assert_eq!(fates(policy, kind, by), wanted, "{policy} {kind} {by}");
        }
    }

    #[test]
    fn what_is_not_recorded_counts_in_the_way_that_lets_more_pass() {
        let rule = "[[rule]]\nconsole = CONSOLE\naction = \"allow\"";
        for console in ["true", "false"] {
            let policy = rule.replace("CONSOLE", console);
            let passed = Some((Fate::Asked, Fate::Passed));
            assert_eq!(fates(&policy, DecisionKind::TimedOut, By::Deadline), passed, "{console}");
            // A person who answered was there.
            let wanted = if console == "true" { Fate::Passed } else { Fate::Asked };
            assert_eq!(fates(&policy, DecisionKind::Denied, By::Human), Some((Fate::Asked, wanted)), "{console}");
        }
    }

    #[test]
    fn what_is_looser_in_what_it_does_counts_whatever_level_it_has() {
        let policy = "[[rule]]\nconsole = true\naction = \"ask\"\nlevel = \"low\"\n\
                      [[rule]]\nconsole = false\naction = \"allow\"";
        assert_eq!(fates(policy, DecisionKind::TimedOut, By::Deadline), Some((Fate::Asked, Fate::Passed)));
    }

    #[test]
    fn a_call_whose_arguments_were_masked_is_told_as_such() {
        let policy = Policy::default();
        let as_sent = |params: &str| {
            replay(&policy, &row(DecisionKind::Denied, By::Human, params), None).map(|r| (r.as_sent, r.refused))
        };
        assert_eq!(as_sent(SENT), Some((true, true)));
        assert_eq!(as_sent(r#"{"name":"put","arguments":{"path":"masked"}}"#), Some((false, true)));
    }
}
