use super::*;
use crate::console::samples::{Desk, grant, high, long, medium, offers, report, row, settled};
use crate::decision::{By, DecisionKind, GrantId, Level};
use crate::wire::Pending;

const NONE: [&str; 0] = [];

fn desk() -> Desk {
    Desk::new(80, 24)
}

fn said(desk: &Desk) -> &str {
    desk.app.said.as_ref().map_or("", |(text, _)| text.as_str())
}

#[test]
fn a_key_answers_the_call_that_was_looked_at() {
    for (key, answer) in [('a', "7 Allow"), ('d', "7 Deny(None)")] {
        let mut desk = desk();
        desk.held(medium(7)).look().key(Key::Char(key));
        assert_eq!(desk.decided(), [answer]);
        assert_eq!(desk.app.queue.held().len(), 1, "the row leaves when the hub says so");
        desk.draw().key(Key::Char('a')).key(Key::Char('d'));
        assert_eq!(desk.decided(), NONE, "one answer a call");
        desk.hub(settled(7, DecisionKind::Allowed, By::Human));
        assert!(desk.app.queue.held().is_empty());
    }
}

#[test]
fn the_digest_is_that_of_the_params_that_are_shown() {
    let mut desk = desk();
    let call = medium(7);
    let digest = call.params.digest();
    desk.held(call).look().key(Key::Char('a'));
    assert!(desk.out.iter().any(
        |effect| matches!(effect, Effect::Send(ToHub::Decide(d)) if d.params_digest == digest && d.id == CallId(7))
    ));
}

#[test]
fn remembering_asks_for_how_long() {
    for (key, scope) in [('1', "Session"), ('2', "Hour"), ('3', "Day"), ('4', "Always")] {
        let mut desk = desk();
        desk.held(medium(7)).look().types("A").types(&key.to_string());
        assert_eq!(desk.decided(), [format!("7 Remember {{ scope: {scope}, cover: None }}")]);
    }
    let mut desk = desk();
    desk.held(medium(7)).look().types("A").key(Key::Esc).draw().key(Key::Char('1'));
    assert_eq!(desk.decided(), NONE);
    for slip in ["d", "a", "A", "r", "y", "\n", " "] {
        let mut desk = self::desk();
        desk.held(medium(7)).look().types("A").types(slip);
        assert_eq!(
            desk.decided(),
            NONE,
            "no key of the queue means how long: d after A is somebody who thought better"
        );
    }
}

#[test]
fn a_wider_approval_is_chosen_by_moving_to_it_and_looking_at_it() {
    let mut desk = desk();
    desk.held(medium(7)).look().types("A");
    assert!(desk.out.iter().any(|e| matches!(e, Effect::Send(ToHub::Suggest(id)) if *id == CallId(7))));
    desk.hub(offers(&medium(7), None)).draw().key(Key::Down).draw().types("4");
    assert_eq!(desk.decided(), NONE, "it has only just come up");
    desk.wait(499).types("4");
    assert_eq!(desk.decided(), NONE, "somebody who goes on typing chooses nothing");
    desk.wait(500).types("4");
    let cover = crate::console::samples::cover().digest();
    assert_eq!(desk.decided(), [format!("7 Remember {{ scope: Always, cover: Some({cover}) }}")]);
}

#[test]
fn b27_exactly_the_call_stays_chosen_whatever_the_hub_says_meanwhile() {
    let mut desk = desk();
    desk.held(medium(7)).look().types("A");
    desk.hub(offers(&medium(7), None));
    desk.key(Key::Char('4'));
    assert_eq!(desk.decided(), NONE, "what came up is not drawn yet");
    desk.draw().hub(offers(&medium(7), Some(3))).draw().types("4");
    assert_eq!(desk.decided(), ["7 Remember { scope: Always, cover: None }"]);
}

#[test]
fn b27_suggestions_for_another_call_or_other_params_are_not_taken() {
    for told in
        [offers(&medium(8), None), offers(&crate::console::samples::call(7, Level::Medium, r#"{"name":"x"}"#), None)]
    {
        let mut desk = desk();
        desk.held(medium(7)).look().types("A").hub(told).draw().key(Key::Down).draw().wait(500).types("4");
        assert_eq!(desk.decided(), ["7 Remember { scope: Always, cover: None }"]);
    }
}

#[test]
fn b27_what_does_not_fit_the_screen_is_not_remembered() {
    let mut desk = Desk::new(60, 16);
    let FromHub::Suggestions(mut told) = offers(&medium(7), Some(3)) else { panic!("not suggestions") };
    told.offers[1].says = "word ".repeat(200);
    desk.held(medium(7)).look().types("A").hub(FromHub::Suggestions(told)).draw();
    desk.key(Key::Down).draw().wait(2_000).draw().types("4");
    assert_eq!(desk.decided(), NONE);
}

#[test]
fn b27_a_wide_approval_of_a_high_call_wants_the_word_and_stays_on_the_screen_until_it_stands_there() {
    let mut desk = desk();
    desk.held(high(7)).look().types("A").hub(offers(&high(7), Some(3))).draw();
    desk.key(Key::Down).draw().wait(500).draw().types("2");
    assert_eq!(desk.decided(), NONE);
    assert!(desk.app.choosing().is_some_and(|choice| choice.number() == 2), "what is approved can still be read");
    desk.types("yes\n");
    let cover = crate::console::samples::cover().digest();
    assert_eq!(desk.decided(), [format!("7 Remember {{ scope: Hour, cover: Some({cover}) }}")]);
}

/// How long the answer says that was looked.
fn looked(desk: &mut Desk) -> Option<u64> {
    desk.out.drain(..).find_map(|effect| match effect {
        Effect::Send(ToHub::Decide(decide)) => Some(decide.looked_ms),
        _ => None,
    })
}

#[test]
fn only_time_in_focus_and_on_the_screen_counts_as_looking() {
    let mut desk = desk();
    desk.held(medium(7)).wait(9_000).draw().wait(700).key(Key::Char('a'));
    assert_eq!(looked(&mut desk), Some(700), "before it was drawn nobody saw it");
    let mut desk = self::desk();
    desk.held(medium(7)).held(medium(8)).look().key(Key::Char('n')).draw().wait(5_000).key(Key::Char('p'));
    desk.draw().wait(600).draw().key(Key::Char('d'));
    assert_eq!(looked(&mut desk), Some(1_100), "another call was in focus meanwhile");
    for away in [Key::Tab, Key::Char('?')] {
        let mut desk = self::desk();
        desk.held(medium(7)).look().key(away).draw().wait(30_000);
        desk.key(if away == Key::Tab { Key::BackTab } else { Key::Esc }).draw().wait(600).draw().key(Key::Char('a'));
        assert_eq!(looked(&mut desk), Some(1_100), "{away:?} put something else on the screen");
    }
    let mut desk = self::desk();
    desk.held(medium(7)).look();
    desk.now += 60_000;
    desk.msg(Msg::Resumed).draw().wait(600).draw().key(Key::Char('a'));
    assert_eq!(looked(&mut desk), Some(1_100), "the process was stopped");
    let mut desk = self::desk();
    desk.held(high(7)).look().types("a").wait(2_000).types("yes\n");
    assert_eq!(looked(&mut desk), Some(2_500), "while the word is typed the call stands there");
}

#[test]
fn the_stats_are_asked_for_when_their_tab_comes_up() {
    let mut desk = desk();
    desk.key(Key::BackTab);
    assert!(desk.out.iter().any(|e| matches!(e, Effect::Send(ToHub::Stats { days: Some(30) }))));
    desk.hub(FromHub::Stats(Box::new(report()))).draw();
    assert!(!desk.app.stats.is_waiting() && !desk.app.stats.window().is_empty());
    for (key, top) in [(Key::Down, 1), (Key::Up, 0), (Key::PageDown, 12), (Key::Home, 0)] {
        desk.key(key);
        assert_eq!(desk.app.stats.beyond().0, top, "{key:?}");
    }
    desk.key(Key::End);
    assert_eq!(desk.app.stats.beyond().1, 0);
    desk.out.clear();
    desk.key(Key::Char('r')).key(Key::Char('a')).key(Key::Char('d'));
    assert!(desk.out.iter().any(|e| matches!(e, Effect::Send(ToHub::Stats { .. }))));
    assert_eq!(desk.decided(), NONE);
}

#[test]
fn a_reason_is_typed_and_goes_to_the_hub() {
    let mut desk = desk();
    desk.held(medium(7)).look().types("rnot there\n");
    assert_eq!(desk.decided(), ["7 Deny(Some(\"not there\"))"]);
}

#[test]
fn high_risk_wants_the_word_typed() {
    let mut desk = desk();
    desk.held(high(7)).look().types("ayes\n");
    assert_eq!(desk.decided(), ["7 Allow"]);
    for wrong in ["\n", "y\n", "YES\n", "yes \n", "no\n", " \n"] {
        let mut desk = self::desk();
        desk.held(high(7)).look().types("a").types(wrong);
        assert_eq!(desk.decided(), NONE, "{wrong:?}");
        assert_eq!(desk.app.overlay, Overlay::None);
        desk.key(Key::Enter).key(Key::Char('a'));
        assert_eq!(desk.decided(), NONE, "and it has to be looked at anew");
    }
    let mut desk = self::desk();
    desk.held(high(7)).look().types("A3").types("yes\n");
    assert_eq!(desk.decided(), ["7 Remember { scope: Day, cover: None }"]);
}

#[test]
fn b13_what_does_not_fit_must_be_scrolled_to_its_end_before_high_risk_is_allowed() {
    let mut desk = desk();
    desk.held(long(7)).look().types("ayes\n");
    assert_eq!(desk.decided(), NONE);
    assert!(said(&desk).contains("first look at all that will be sent"), "{}", said(&desk));
    desk.key(Key::End);
    desk.key(Key::Char('a'));
    assert_eq!(desk.app.overlay, Overlay::None, "the end has been asked for and not drawn");
    desk.look().types("ayes\n");
    assert_eq!(desk.decided(), ["7 Allow"]);
    let mut desk = self::desk();
    desk.held(long(7)).look().types("d");
    assert_eq!(desk.decided(), ["7 Deny(None)"], "a denial needs no reading");
}

#[test]
fn b13_a_long_definition_below_the_arguments_does_not_stand_for_their_end() {
    let mut call = long(7);
    let lines = vec!["\"x\""; 200].join(",");
    let definition = format!(r#"{{"name":"run","enum":[{lines}]}}"#);
    call.definition = Some(serde_json::value::RawValue::from_string(definition).expect("JSON"));
    let mut desk = desk();
    desk.held(call).look();
    for _ in 0..100 {
        desk.key(Key::PageDown);
    }
    desk.look().types("ayes\n");
    assert_eq!(desk.decided(), NONE, "the screen shows what the server says, not the end of what is sent");
    desk.key(Key::End).look().types("ayes\n");
    assert_eq!(desk.decided(), ["7 Allow"], "End goes to the end of what is sent first");
}

#[test]
fn b23_arguments_that_have_not_been_on_the_screen_are_not_allowed() {
    let mut call = medium(1);
    call.findings = vec![call.findings[0].clone(); 12];
    let mut desk = Desk::new(60, 16);
    desk.held(call).look().types("aA");
    assert_eq!(desk.decided(), NONE);
    assert!(said(&desk).starts_with("look at what will be sent first"), "{}", said(&desk));
    for _ in 0..4 {
        desk.key(Key::PageDown);
    }
    desk.key(Key::Char('a'));
    assert_eq!(desk.decided(), NONE, "scrolled to, and not drawn");
    desk.draw().types("a");
    assert_eq!(desk.decided(), ["1 Allow"]);
}

#[test]
fn b13_members_beside_the_arguments_must_have_been_on_the_screen_too() {
    let text = (0..40).map(|n| n.to_string()).collect::<Vec<_>>().join("\\n");
    let params = format!(r#"{{"name":"run","arguments":{{"a":1}},"_meta":{{"x":"{text}"}}}}"#);
    let mut desk = desk();
    desk.held(crate::console::samples::call(1, Level::High, &params)).look().types("a");
    assert_eq!(desk.app.overlay, Overlay::None);
    desk.key(Key::End).look().types("ayes\n");
    assert_eq!(desk.decided(), ["1 Allow"]);
}

#[test]
fn b18_nothing_of_the_params_is_left_out_or_masked() {
    let params = r#"{"name":"t","arguments":{"author":"me","password":"hunter2"},"_meta":{"token":"abc"},"x":[1]}"#;
    let mut desk = Desk::new(80, 40);
    desk.held(crate::console::samples::call(1, Level::Medium, params)).draw();
    let rows: Vec<_> = desk
        .app
        .focused
        .as_ref()
        .expect("focused")
        .window()
        .iter()
        .map(crate::console::detail::rows::Row::text)
        .collect();
    for part in ["\"author\": \"me\"", "\"password\": \"hunter2\"", "\"token\": \"abc\"", "\"x\": [1]"] {
        assert!(rows.iter().any(|row| row.contains(part)), "{part} is not in {rows:#?}");
    }
}

#[test]
fn b21_when_the_focused_call_leaves_no_key_answers_its_neighbour() {
    let mut desk = desk();
    desk.held(medium(1)).held(medium(2)).held(medium(3)).look();
    desk.key(Key::Char('n')).look();
    desk.hub(settled(2, DecisionKind::TimedOut, By::Deadline)).key(Key::Char('a')).draw().key(Key::Char('a'));
    desk.wait(499).key(Key::Char('a'));
    assert_eq!(desk.decided(), NONE);
    assert_eq!(desk.app.queue.focused().map(|h| h.call.id), Some(CallId(3)));
    desk.wait(500).key(Key::Char('a'));
    assert_eq!(desk.decided(), ["3 Allow"]);
}

#[test]
fn b21_other_calls_coming_and_going_do_not_move_the_focus() {
    let mut desk = desk();
    desk.held(medium(5)).look();
    desk.held(medium(9)).held(medium(3)).hub(settled(9, DecisionKind::Withdrawn, By::Client)).draw();
    desk.key(Key::Char('a'));
    assert_eq!(desk.decided(), ["5 Allow"]);
    let ids: Vec<_> = desk.app.queue.held().iter().map(|h| h.call.id.0).collect();
    assert_eq!(ids, [3, 5], "oldest first");
}

#[test]
fn b22_what_was_typed_before_the_call_came_up_does_not_answer_it() {
    let mut desk = desk();
    desk.held(medium(1)).types("");
    for key in "ada sAd r".chars() {
        desk.key(Key::Char(key));
    }
    desk.draw();
    assert!(desk.out.iter().any(|e| matches!(e, Effect::DrainInput)), "type-ahead is thrown away when it comes up");
    assert_eq!(desk.decided(), NONE);
}

#[test]
fn b22_somebody_who_goes_on_typing_answers_nothing() {
    let mut desk = desk();
    desk.held(medium(1)).draw();
    for key in "and so the text goes on and on, a word and another".chars() {
        desk.wait(120).key(Key::Char(key)).draw();
    }
    assert_eq!(desk.decided(), NONE);
    desk.wait(500).key(Key::Char('a'));
    assert_eq!(desk.decided(), ["1 Allow"]);
}

#[test]
fn b22_a_letter_that_means_nothing_makes_the_next_ones_mean_nothing_too() {
    for text in ["not today", "so a bad idea", "hold that, and deny it"] {
        let mut desk = desk();
        desk.held(medium(1)).draw().wait(100).types("r");
        desk.wait(1_500).draw();
        for key in text.chars() {
            desk.wait(150).key(Key::Char(key)).draw();
        }
        assert_eq!(desk.decided(), NONE, "{text}");
    }
}

#[test]
fn b22_pasted_text_is_no_key() {
    let mut desk = desk();
    desk.held(medium(1)).held(high(2)).look().msg(Msg::Paste("a".to_owned())).look();
    desk.key(Key::Char('n')).look().types("a").msg(Msg::Paste("yes\n".to_owned())).draw().key(Key::Enter);
    assert_eq!(desk.decided(), NONE);
    let mut desk = self::desk();
    desk.held(medium(1)).look().types("r").msg(Msg::Paste("line one\nline two".to_owned())).draw();
    assert_eq!(desk.decided(), NONE, "a pasted line break answers nothing");
    desk.key(Key::Enter);
    assert_eq!(desk.decided(), ["1 Deny(Some(\"line one line two\"))"]);
}

#[test]
fn b22_a_burst_of_keys_does_not_run_through_a_question() {
    let mut desk = desk();
    desk.held(high(1)).held(medium(2)).look();
    for key in [Key::Char('a'), Key::Char('y'), Key::Char('e'), Key::Char('s'), Key::Enter] {
        desk.key(key);
    }
    assert_eq!(desk.decided(), NONE, "the question had not been drawn");
}

#[test]
fn b23_a_call_that_is_not_drawn_is_not_answered() {
    let hide: [fn(&mut Desk); 4] = [
        |desk| {
            desk.key(Key::Char('?'));
        },
        |desk| {
            desk.key(Key::Tab);
        },
        |desk| {
            desk.size = (40, 10);
            desk.msg(Msg::Resize(40, 10));
        },
        |desk| {
            desk.msg(Msg::LinkDown("gone".to_owned()));
        },
    ];
    for (n, hide) in hide.iter().enumerate() {
        let mut desk = desk();
        desk.held(medium(1)).look();
        hide(&mut desk);
        desk.look().key(Key::Char('a')).key(Key::Char('d'));
        assert_eq!(desk.decided(), NONE, "{n}");
    }
}

#[test]
fn b23_after_a_gap_the_call_has_to_be_looked_at_anew() {
    let gaps: [fn(&mut Desk); 4] = [
        |desk| {
            desk.key(Key::Char('?')).draw().key(Key::Esc);
        },
        |desk| {
            desk.key(Key::Tab).draw().key(Key::Tab).draw().key(Key::Tab).draw().key(Key::Tab);
        },
        |desk| {
            desk.msg(Msg::Resumed);
        },
        |desk| {
            desk.msg(Msg::Resize(40, 10)).msg(Msg::Resize(80, 24));
        },
    ];
    for (n, gap) in gaps.iter().enumerate() {
        let mut desk = desk();
        desk.held(medium(1)).look();
        gap(&mut desk);
        desk.key(Key::Char('a')).draw().wait(400).key(Key::Char('a'));
        assert_eq!(desk.decided(), NONE, "{n}");
        desk.wait(500).key(Key::Char('a'));
        assert_eq!(desk.decided(), ["1 Allow"], "{n}");
    }
}

#[test]
fn b23_a_frame_of_another_size_was_not_seen() {
    let mut desk = desk();
    desk.held(medium(1));
    desk.msg(Msg::Drawn(70, 20)).wait(600).key(Key::Char('a'));
    assert_eq!(desk.decided(), NONE);
}

#[test]
fn b24_enter_and_space_never_allow() {
    for call in [medium(1), high(1)] {
        let mut desk = desk();
        desk.held(call).look();
        desk.types(" \n \n").wait(600).types("\n ").wait(600).types("A\n ").types("\n\n");
        assert_eq!(desk.decided(), NONE);
    }
}

#[test]
fn b25_a_prompt_goes_with_its_call_and_what_is_typed_goes_nowhere() {
    for open in ["a", "A", "r"] {
        let mut desk = desk();
        desk.held(high(1)).held(medium(2)).look().types(open);
        assert_ne!(desk.app.overlay, Overlay::None);
        desk.types("y").hub(settled(1, DecisionKind::TimedOut, By::Deadline));
        assert_eq!(desk.app.overlay, Overlay::None);
        desk.types("yes\n").types("ds\n");
        assert_eq!(desk.decided(), NONE, "{open}");
    }
}

#[test]
fn b25_an_answer_to_a_call_that_changed_is_not_sent() {
    let mut desk = desk();
    desk.held(high(1)).look().types("ayes");
    let other = Pending { params: medium(9).params, ..high(1) };
    desk.held(other).types("\n");
    assert_eq!(desk.decided(), NONE);
}

#[test]
fn a_stale_answer_is_said_and_may_be_given_again() {
    let mut desk = desk();
    desk.held(medium(1)).look().types("a");
    assert_eq!(desk.decided(), ["1 Allow"]);
    desk.hub(FromHub::Stale { id: CallId(1), why: "it was shown otherwise\u{1b}[2J".to_owned() });
    assert_eq!(said(&desk), "call 1: nothing was done: it was shown otherwise␛[2J");
    desk.types("d");
    assert_eq!(desk.decided(), ["1 Deny(None)"]);
}

#[test]
fn a_console_that_may_not_decide_says_why_and_sends_nothing() {
    let mut desk = desk();
    let status = crate::wire::Status {
        may_not_decide: Some("it runs inside the host's terminal".to_owned()),
        ..crate::console::samples::status()
    };
    desk.hub(FromHub::Status(status)).held(medium(1)).look().types("ad");
    assert_eq!(desk.decided(), NONE);
    assert!(said(&desk).contains("inside the host"));
    assert!(desk.app.notices()[0].as_str().starts_with("THIS CONSOLE CANNOT DECIDE"));
}

#[test]
fn a_lost_hub_empties_the_queue_and_says_so() {
    let mut desk = desk();
    desk.held(high(1)).look().types("ay").msg(Msg::LinkDown("it ended".to_owned()));
    assert_eq!((desk.app.queue.held().len(), &desk.app.overlay), (0, &Overlay::None));
    assert_eq!(desk.app.notices()[0].as_str(), "NOT CONNECTED: it ended");
    desk.msg(Msg::LinkUp).held(medium(2)).look().types("a");
    assert_eq!(desk.decided(), ["2 Allow"]);
}

#[test]
fn nothing_is_drawn_when_nothing_has_changed() {
    let mut desk = desk();
    desk.held(medium(1)).look();
    desk.out.clear();
    desk.wait(100).wait(100);
    assert!(desk.out.is_empty(), "{:?}", desk.out);
    desk.wait(1000);
    assert!(matches!(desk.out[..], [Effect::Redraw]), "the countdown");
    let mut empty = self::desk();
    empty.wait(5_000).wait(5_000).hub(FromHub::Status(crate::console::samples::status()));
    assert!(empty.out.is_empty(), "{:?}", empty.out);
    assert_eq!(empty.app.next_wake(), None);
}

#[test]
fn the_shell_is_told_when_to_wake_it() {
    let mut desk = desk();
    desk.now = 1_000_250;
    desk.held(medium(1)).draw();
    assert_eq!(desk.app.next_wake(), Some(1_000_750), "the guard");
    desk.now = 1_000_750;
    desk.msg(Msg::Tick);
    assert_eq!(desk.app.next_wake(), Some(1_001_000), "the next second");
}

#[test]
fn the_history_is_paged_filtered_and_never_mixed_up() {
    let mut desk = desk();
    desk.key(Key::Tab);
    assert!(matches!(&desk.out[..], [Effect::Send(ToHub::History { before: None, .. }), Effect::Redraw]));
    desk.out.clear();
    let page = |from: u64, to: u64| (from..to).rev().map(row).collect::<Vec<_>>();
    let filter = crate::record::Filter::default();
    desk.hub(FromHub::History { before: None, filter: filter.clone(), rows: page(100, 200), next: Some(CallId(100)) });
    assert_eq!(desk.app.history.selected().map(|r| r.id), Some(CallId(199)));
    desk.out.clear();
    for _ in 0..75 {
        desk.key(Key::Down);
    }
    let asks = desk.out.iter().filter(|e| matches!(e, Effect::Send(ToHub::History { before: Some(CallId(100)), .. })));
    assert_eq!(asks.count(), 1);
    desk.hub(FromHub::History { before: Some(CallId(100)), filter: filter.clone(), rows: page(0, 100), next: None });
    assert_eq!(desk.app.history.rows().len(), 200);
    desk.out.clear();
    desk.key(Key::Char('/')).draw().types("risk:high rm -rf\n");
    assert!(desk.out.iter().any(|e| matches!(e, Effect::Send(ToHub::History { filter, .. })
        if filter.risk == Some(Level::High) && filter.search.as_deref() == Some("rm -rf"))));
    desk.hub(FromHub::History { before: None, filter, rows: page(0, 100), next: None });
    assert!(desk.app.history.rows().is_empty(), "the answer to an older question");
    desk.key(Key::Char('/')).draw().types(" risk:hgih\n");
    let Overlay::Prompt(prompt) = &desk.app.overlay else { panic!("still open") };
    assert!(prompt.wrong.as_deref().is_some_and(|w| w.contains("hgih")));
}

#[test]
fn an_approval_is_taken_back_after_a_question() {
    let mut desk = desk();
    desk.key(Key::Tab).key(Key::Tab).hub(FromHub::Approvals(vec![(grant(4), 2), (grant(3), 0)])).draw();
    desk.out.clear();
    desk.types("x\n ");
    assert!(!desk.out.iter().any(|e| matches!(e, Effect::Send(_))));
    desk.types("y");
    assert!(desk.out.iter().any(|e| matches!(e, Effect::Send(ToHub::Revoke(ids)) if *ids == [GrantId(4)])));
    desk.hub(FromHub::Approvals(vec![(grant(3), 0)]));
    assert_eq!(desk.app.rules.selected().map(|g| g.id), Some(GrantId(3)));
}

mod interleavings {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Event {
        Key(Key),
        Word,
        Held(u64, u8),
        Settled(u64),
        Draw,
        Wait(u64),
        Paste,
        Resize(u16, u16),
        Resumed,
        Down,
        Up,
        Stale(u64),
    }

    fn key() -> impl Strategy<Value = Key> {
        let chars = prop::sample::select("aAdrshwxny/?jk pyes".chars().collect::<Vec<_>>()).prop_map(Key::Char);
        let others = prop::sample::select(vec![
            Key::Enter,
            Key::Esc,
            Key::Tab,
            Key::BackTab,
            Key::End,
            Key::Home,
            Key::PageDown,
            Key::Down,
            Key::Backspace,
        ]);
        prop_oneof![4 => chars, 2 => others]
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            8 => key().prop_map(Event::Key),
            2 => Just(Event::Word),
            3 => (0_u64..6, 0_u8..3).prop_map(|(id, kind)| Event::Held(id, kind)),
            2 => (0_u64..6).prop_map(Event::Settled),
            8 => Just(Event::Draw),
            4 => prop::sample::select(vec![1_u64, 50, 499, 500, 700]).prop_map(Event::Wait),
            1 => Just(Event::Paste),
            1 => prop::sample::select(vec![(80, 24), (40, 10), (120, 40)]).prop_map(|(w, h)| Event::Resize(w, h)),
            1 => Just(Event::Resumed),
            1 => Just(Event::Down),
            1 => Just(Event::Up),
            1 => (0_u64..6).prop_map(Event::Stale),
        ]
    }

    /// What somebody who only looks at the screen knows.
    #[derive(Default)]
    struct Witness {
        /// The call on the screen, and since when it has been there without a gap.
        seen: Option<(CallId, u64)>,
        /// Its digest as drawn.
        digest: Option<crate::call::Digest>,
        params: HashMap<CallId, crate::call::Digest>,
    }

    fn play(desk: &mut Desk, event: &Event) {
        match event {
            Event::Key(key) => desk.key(*key),
            Event::Word => desk.types("yes\n"),
            Event::Held(id, 0) => desk.held(medium(*id)),
            Event::Held(id, 1) => desk.held(high(*id)),
            Event::Held(id, _) => desk.held(long(*id)),
            Event::Settled(id) => desk.hub(settled(*id, DecisionKind::TimedOut, By::Deadline)),
            Event::Draw => desk.draw(),
            Event::Wait(ms) => desk.wait(*ms),
            Event::Paste => desk.msg(Msg::Paste("ayes\n".to_owned())),
            Event::Resize(width, height) => {
                desk.size = (*width, *height);
                desk.msg(Msg::Resize(*width, *height))
            }
            Event::Resumed => desk.msg(Msg::Resumed),
            Event::Down => desk.msg(Msg::LinkDown("gone".to_owned())),
            Event::Up => desk.msg(Msg::LinkUp),
            Event::Stale(id) => desk.hub(FromHub::Stale { id: CallId(*id), why: "settled".to_owned() }),
        };
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

        /// However keys, calls, frames and gaps fall together: a decision is only sent for the call in focus, that has
        /// been on the screen for half a second, with the digest of what was drawn.
        #[test]
        fn b21_b22_b23_b25_no_decision_but_on_what_was_seen(events in prop::collection::vec(event(), 1..120)) {
            let mut desk = Desk::new(80, 24);
            let mut witness = Witness::default();
            for event in &events {
                let before = desk.app.queue.focused().map(|h| (h.call.id, h.call.params.digest()));
                let confirm = desk.app.queue.focused().is_some_and(|h| h.call.confirm);
                let typed_yes = matches!(&desk.app.overlay, Overlay::Prompt(p) if matches!(p.ask, Ask::Yes(..)));
                play(&mut desk, event);
                let now = desk.now;
                for effect in std::mem::take(&mut desk.out) {
                    let Effect::Send(ToHub::Decide(decide)) = effect else { continue };
                    let (id, since) = witness.seen.expect("something was on the screen");
                    prop_assert_eq!(decide.id, id);
                    prop_assert_eq!(before, Some((id, decide.params_digest)));
                    prop_assert_eq!(Some(decide.params_digest), witness.digest);
                    prop_assert!(now >= since + crate::console::queue::GUARD_MS, "after {} ms", now - since);
                    prop_assert!(!matches!(event, Event::Paste | Event::Key(Key::Char(' '))));
                    if !matches!(decide.answer, Answer::Deny(_)) {
                        prop_assert!(!confirm || typed_yes, "high risk without the word");
                        prop_assert!(typed_yes || !matches!(event, Event::Key(Key::Enter)));
                    }
                }
                // The witness looks at the screen: it only trusts frames, and only calls whose row was there throughout.
                let shown = desk.app.on_screen() && desk.app.size == desk.size;
                let focused = desk.app.queue.focused().map(|h| (h.call.id, h.call.params.digest()));
                let replaced = matches!(event, Event::Held(id, _) if before.is_some_and(|(b, _)| b.0 == *id));
                match focused {
                    Some((id, digest)) if shown && !replaced && !matches!(event, Event::Resumed) => {
                        if witness.seen.is_some_and(|(seen, _)| seen != id) {
                            witness.seen = None;
                        }
                        if witness.seen.is_none() && matches!(event, Event::Draw | Event::Word) {
                            witness.seen = Some((id, now));
                            witness.digest = Some(digest);
                        }
                    }
                    _ => witness.seen = None,
                }
                witness.params.clear();
            }
        }
    }
}
