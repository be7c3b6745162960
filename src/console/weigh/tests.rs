//! A person at a console, and a policy that waits.

use super::*;
use crate::console::keymap::Key;
use crate::console::samples::{Desk, medium, status};
use crate::policy::{Change, Side, Way};
use crate::wire::{FromHub, Status};

pub(crate) fn proposal(lines: usize) -> Proposal {
    let allow = "[[rule]]\ntool = \"run_*\"\naction = \"allow\"\n";
    let more = (0..lines).map(|n| format!("# line {n}\n")).collect::<Vec<_>>().concat();
    let change = |way, says: &str, line| Change { way, says: says.to_owned(), line: Some(line), side: Side::New };
    Proposal {
        digest: Digest::of(more.as_bytes()),
        lost: false,
        old: Some("[levels]\nlow = \"allow\"\n".to_owned()),
        new: Some(format!("[levels]\nlow = \"ask\"\n\n{allow}{more}")),
        changes: vec![
            change(Way::Looser, "a new rule allows run_* of every server", 4),
            change(Way::Tighter, "low calls: allow becomes ask", 2),
        ],
        refused_by: None,
    }
}

fn tell(desk: &mut Desk, proposal: Option<Proposal>) {
    desk.hub(FromHub::Proposal(proposal.map(Box::new))).draw();
}

fn waits(lines: usize) -> Desk {
    let mut desk = Desk::new(80, 24);
    tell(&mut desk, Some(proposal(lines)));
    desk
}

/// What was said of policies since the last question.
fn weighed(desk: &mut Desk) -> Vec<(Digest, bool)> {
    let all = desk.out.drain(..).filter_map(|effect| match effect {
        Effect::Send(ToHub::Weigh { digest, accept }) => Some((digest, accept)),
        _ => None,
    });
    all.collect()
}

fn said(desk: &Desk) -> &str {
    desk.app.said.as_ref().map_or("", |(text, _)| text.as_str())
}

#[test]
fn a_policy_that_was_looked_at_is_accepted_with_the_word() {
    let mut desk = waits(0);
    let digest = proposal(0).digest;
    desk.types("P").wait(500).draw().types("a");
    assert_eq!(weighed(&mut desk), []);
    desk.types("yes\n");
    assert_eq!(weighed(&mut desk), [(digest, true)]);
    desk.types("ayes\nd");
    assert_eq!(weighed(&mut desk), [], "one answer");
    tell(&mut desk, None);
    assert_eq!(desk.app.overlay, Overlay::None);
}

#[test]
fn a_policy_that_was_looked_at_is_refused_with_a_key() {
    let mut desk = waits(200);
    let digest = proposal(200).digest;
    desk.types("P").wait(500).draw().types("d");
    assert_eq!(weighed(&mut desk), [(digest, false)]);
    tell(&mut desk, Some(Proposal { refused_by: Some("pid 1".to_owned()), ..proposal(200) }));
    assert!(desk.app.overlay == Overlay::None && said(&desk).starts_with("refused"));
    assert!(desk.app.notices().iter().any(|notice| notice.as_str().starts_with("POLICY REFUSED")));
}

#[test]
fn b24_no_enter_no_space_and_no_other_word_accepts_a_policy() {
    let mut desk = waits(0);
    desk.types("P").wait(500).draw().types("\n \n y");
    assert_eq!(weighed(&mut desk), []);
    for wrong in ["\n", "y\n", "YES\n", "yes \n", "no\n", " \n"] {
        let mut desk = waits(0);
        desk.types("P").wait(500).draw().types("a").types(wrong);
        assert_eq!((weighed(&mut desk), &desk.app.overlay), (Vec::new(), &Overlay::Policy), "{wrong:?}");
        desk.types("a");
        assert_eq!(desk.app.overlay, Overlay::Policy, "it has to be looked at anew");
    }
}

#[test]
fn b13_a_policy_that_does_not_fit_must_be_scrolled_to_its_end() {
    let mut desk = waits(200);
    desk.types("P").wait(500).draw().types("ayes\n");
    assert_eq!(weighed(&mut desk), []);
    desk.key(Key::End);
    desk.key(Key::Char('a'));
    assert_eq!(desk.app.overlay, Overlay::Policy, "the end has been asked for and not drawn");
    desk.draw().types("ayes\n");
    assert_eq!(weighed(&mut desk).len(), 1);
}

#[test]
fn b22_what_is_typed_as_the_policy_comes_up_does_not_answer_it() {
    let mut desk = waits(0);
    desk.out.clear();
    desk.types("Pd");
    assert!(desk.out.iter().any(|effect| matches!(effect, Effect::DrainInput)));
    assert_eq!(weighed(&mut desk), []);
    for _ in 0..5 {
        desk.wait(400).types("d");
    }
    assert_eq!(weighed(&mut desk), [], "somebody who goes on typing answers nothing");
    desk.msg(crate::console::app::Msg::Paste("ayes\n".to_owned())).wait(499).types("d");
    assert_eq!(weighed(&mut desk), [], "nor does a paste");
    desk.wait(500).draw().types("d");
    assert_eq!(weighed(&mut desk).len(), 1);
}

#[test]
fn b25_a_policy_that_changes_while_it_is_read_closes_the_question() {
    let mut desk = waits(0);
    desk.types("P").wait(500).draw().types("aye");
    tell(&mut desk, Some(proposal(1)));
    assert!(said(&desk).contains("has changed"));
    desk.types("s\nd");
    assert_eq!((weighed(&mut desk), &desk.app.overlay), (Vec::new(), &Overlay::Policy));
    desk.types("q").types("P").wait(500).draw().types("ay");
    tell(&mut desk, None);
    desk.types("es\n");
    assert_eq!((weighed(&mut desk), &desk.app.overlay), (Vec::new(), &Overlay::None));
}

#[test]
fn b23_behind_the_policy_no_call_is_answered_and_after_it_one_is_looked_at_anew() {
    let mut desk = waits(0);
    desk.held(medium(7)).look().types("P").wait(500).draw().types("d");
    assert_eq!(desk.app.queue.held().len(), 1);
    assert!(desk.decided().is_empty(), "d is for the policy");
    desk.key(Key::Esc).draw().types("a");
    assert!(desk.decided().is_empty());
    desk.look().types("a");
    assert_eq!(desk.decided(), ["7 Allow"]);
}

#[test]
fn a_console_that_may_not_decide_shows_the_policy_and_does_not_answer() {
    let mut desk = waits(0);
    desk.hub(FromHub::Status(Status { may_not_decide: Some("it is below a host".to_owned()), ..status() }));
    desk.types("P").wait(500).draw().types("ad");
    assert_eq!(weighed(&mut desk), []);
    assert!(said(&desk).contains("below a host"));
    let mut desk = waits(0);
    desk.types("P").wait(500).draw();
    desk.msg(crate::console::app::Msg::LinkDown("gone".to_owned()));
    assert!(desk.app.weighing.is_none() && desk.app.overlay == Overlay::None);
}

#[test]
fn a_word_that_came_too_late_is_told() {
    let mut desk = waits(0);
    let digest = proposal(0).digest;
    desk.types("P").wait(500).draw().types("ayes\n");
    desk.hub(FromHub::Unweighed { digest, why: "it was changed after it was shown".to_owned() });
    assert!(said(&desk).contains("changed after it was shown"));
    desk.look().types("d");
    assert_eq!(weighed(&mut desk).len(), 2);
}

#[test]
fn the_key_says_so_when_nothing_waits() {
    let mut desk = Desk::new(80, 24);
    desk.types("P");
    assert!(desk.app.overlay == Overlay::None && said(&desk).starts_with("no policy waits"));
}
