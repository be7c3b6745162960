//! What a project's files say of its servers: they tighten, and take nothing back.

use super::*;
use crate::policy;

const PATH: &str = "/home/me/project/.sayso.toml";
const DENIES: &str = "[[rule]]\ntool = \"frobnicate\"\naction = \"deny\"\n";
const ALLOWS: &str = "[[rule]]\ntool = \"frobnicate\"\naction = \"allow\"\n";

fn project(text: &str) -> Vec<ProjectFile> {
    vec![ProjectFile { path: PATH.to_owned(), text: Ok(text.to_owned()) }]
}

/// A desk under this policy of the person's, with a server in a project that says this.
fn under(own: &str, files: Vec<ProjectFile>) -> World {
    let mut w = World::new();
    w.event(Event::Recalled(Box::new(Recalled::New)));
    let policy = policy::parse(own, "policy.toml").policy;
    assert_eq!(policy.why_invalid(), None);
    w.event(Event::Policy(Box::new(PolicyFile { digest: Some(Digest::of(own.as_bytes())), text: None, policy })));
    w.console(CONSOLE, Vec::new());
    let session = SessionId("s1".to_owned());
    w.event(Event::Wrap { peer: WRAP, session, server: server(&["a"]), host: None, project: files });
    w
}

fn fate(w: &mut World, tool: &str) -> Option<DecisionKind> {
    let n = w.ask;
    let ask = w.submit(tool, &format!("{{\"n\":{n}}}"));
    w.kind(ask).map(|(kind, _)| kind)
}

#[test]
fn b30_a_project_tightens_what_the_person_allows_and_loosens_nothing() {
    let mut w = under(ALLOWS, project(DENIES));
    assert_eq!(fate(&mut w, UNKNOWN), Some(DecisionKind::Denied));
    assert_eq!(fate(&mut w, "read_file"), Some(DecisionKind::Allowed), "of what it does not name it says nothing");
    let mut w = under("", project(ALLOWS));
    assert_eq!(fate(&mut w, UNKNOWN), None);
    let notices = w.desk.status(CONSOLE).notices;
    assert!(
        notices.iter().any(|n| n.starts_with("fs: /home/me/project/.sayso.toml:1: ") && n.contains("cannot allow"))
    );
    let mut w = under(DENIES, project("[levels]\nmedium = \"allow\"\nhigh = \"allow\"\n"));
    assert_eq!(fate(&mut w, UNKNOWN), Some(DecisionKind::Denied));
}

#[test]
fn b30_a_project_that_says_nothing_of_a_call_leaves_it_as_the_person_has_it() {
    let lowered = "[[rule]]\ntool = \"frobnicate\"\nlevel = \"low\"\n";
    let mut w = under(lowered, project(""));
    assert_eq!(fate(&mut w, UNKNOWN), Some(DecisionKind::Allowed));
    let mut w = under(lowered, project("[[rule]]\ntool = \"frobnicate\"\nlevel = \"high\"\n"));
    assert_eq!(fate(&mut w, UNKNOWN), None, "a level that it raises is answered as the person's policy answers it");
    assert!(w.newest_pending().confirm);
}

#[test]
fn b30_a_project_outranks_remembered_approvals_when_it_denies() {
    let mut w = under("", Vec::new());
    w.submit(UNKNOWN, "{}");
    let id = w.newest_pending().id;
    w.answer(CONSOLE, id, Answer::Remember { scope: Scope::Always, cover: None });
    let again = w.submit(UNKNOWN, "{}");
    assert_eq!(w.kind(again), Some((DecisionKind::Allowed, By::Grant)));
    w.event(Event::Project(WRAP, project(DENIES)));
    let again = w.submit(UNKNOWN, "{}");
    assert_eq!(w.kind(again), Some((DecisionKind::Denied, By::Rule)));
}

#[test]
fn b30_a_file_that_cannot_be_used_denies_what_is_not_low_and_names_itself() {
    let unreadable = ProjectFile { path: PATH.to_owned(), text: Err("others may write it".to_owned()) };
    for files in [project("[[rule]\n"), vec![unreadable]] {
        let mut w = under(ALLOWS, files);
        let ask = w.submit(UNKNOWN, "{}");
        let (_, decision) = w.decision(ask).expect("decided");
        assert_eq!(decision.kind, DecisionKind::Blocked);
        assert!(decision.reason.is_some_and(|reason| reason.contains(".sayso.toml")));
        assert!(decision.rule.is_some_and(|rule| rule.contains(PATH)));
        assert_eq!(fate(&mut w, "read_file"), Some(DecisionKind::Allowed));
        assert!(w.desk.status(CONSOLE).notices.iter().any(|notice| notice.contains(PATH)));
        w.wrap(OTHER, "s2", &["b"]);
        let elsewhere = w.submit_as(OTHER, UNKNOWN, "{}", Era::Legacy, None);
        assert_eq!(w.kind(elsewhere), Some((DecisionKind::Allowed, By::Rule)), "another project's server");
        w.event(Event::Project(WRAP, project("")));
        assert_eq!(fate(&mut w, UNKNOWN), Some(DecisionKind::Allowed), "mended");
    }
}

#[test]
fn b30_nothing_that_is_done_to_a_file_takes_back_what_it_said_while_the_server_runs() {
    let ways: [Vec<ProjectFile>; 4] = [Vec::new(), project(""), project("# x\n"), project("[[rule]\n")];
    for files in ways {
        let mut w = under(ALLOWS, project(DENIES));
        w.event(Event::Project(WRAP, files));
        assert!(fate(&mut w, UNKNOWN).is_some_and(|kind| kind != DecisionKind::Allowed));
        w.event(Event::Project(WRAP, project("")));
        assert_eq!(fate(&mut w, UNKNOWN), Some(DecisionKind::Denied));
        assert!(w.desk.status(CONSOLE).notices.iter().any(|notice| notice.contains("started again")));
        w.event(Event::Gone(WRAP));
        let session = SessionId("s1".to_owned());
        w.event(Event::Wrap { peer: WRAP, session, server: server(&["a"]), host: None, project: project("") });
        assert_eq!(fate(&mut w, UNKNOWN), Some(DecisionKind::Allowed));
    }
}

#[test]
fn b30_what_gets_tighter_holds_at_once_also_for_what_is_held() {
    let mut w = under("", Vec::new());
    let held = w.submit(UNKNOWN, "{}");
    w.event(Event::Project(WRAP, project(DENIES)));
    assert_eq!(w.kind(held), Some((DecisionKind::Denied, By::Rule)));
}

#[test]
fn b30_of_several_files_each_has_its_say() {
    let mut files = project(ALLOWS);
    files.push(ProjectFile { path: "/home/me/.sayso.toml".to_owned(), text: Ok(DENIES.to_owned()) });
    let mut w = under(ALLOWS, files);
    assert_eq!(fate(&mut w, UNKNOWN), Some(DecisionKind::Denied), "a nearer one does not stand for one above it");
}
