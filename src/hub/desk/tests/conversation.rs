//! What came before in a conversation is told, and raises what is not low.

use super::*;

const KEY: &str = r#"{"path":"/home/me/.ssh/id_ed25519"}"#;
const PAGE: &str = r#"{"url":"https://example.org/page"}"#;

impl World {
    /// The findings of the newest call, as ids of one family, and its level.
    fn context(&self) -> (Level, Vec<String>) {
        let newest = self.journal.iter().rev().find_map(|record| match record {
            Record::Submitted(submitted) => Some(submitted.clone()),
            _ => None,
        });
        let newest = newest.expect("a call");
        let ids = newest.findings.iter().map(|finding| finding.id.clone()).filter(|id| id.starts_with("context."));
        (newest.risk, ids.collect())
    }

    fn says(&self, id: &str) -> String {
        let pending = self.newest_pending();
        pending.findings.iter().find(|f| f.id == id).map_or_else(String::new, |f| f.says.clone())
    }

    fn allow(&mut self, tool: &str, arguments: &str) {
        self.allow_as(WRAP, tool, arguments);
    }

    fn allow_as(&mut self, peer: PeerId, tool: &str, arguments: &str) {
        let ask = self.submit_as(peer, tool, arguments, Era::Legacy, None);
        if self.kind(ask).is_none() {
            let id = self.newest_pending().id;
            self.answer(CONSOLE, id, Answer::Allow);
        }
        assert!(self.decision(ask).is_some_and(|(_, decision)| decision.is_allowed()));
    }

    fn deny(&mut self, tool: &str, arguments: &str) {
        self.submit(tool, arguments);
        let id = self.newest_pending().id;
        self.answer(CONSOLE, id, Answer::Deny(None));
    }
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| format!("context.{id}")).collect()
}

#[test]
fn the_first_call_of_a_tool_is_told_and_a_low_one_stays_low() {
    let mut w = World::with_console();
    w.submit("read_file", "{}");
    assert_eq!(w.context(), (Level::Low, ids(&["first"])));
    w.submit("read_file", "{}");
    assert_eq!(w.context(), (Level::Low, Vec::new()));
}

#[test]
fn what_was_denied_and_comes_again_is_told_until_it_is_allowed() {
    let mut w = World::with_console();
    w.deny(UNKNOWN, r#"{"x":1}"#);
    w.submit(UNKNOWN, r#"{"x":2}"#);
    assert_eq!(w.context().1, ids(&[]), "another call");
    w.submit(UNKNOWN, r#"{ "x": 1 }"#.replace(' ', "").as_str());
    assert_eq!(w.context().1, ids(&["repeats"]));
    let id = w.newest_pending().id;
    w.answer(CONSOLE, id, Answer::Allow);
    w.submit(UNKNOWN, r#"{"x":1}"#);
    assert_eq!(w.context().1, ids(&[]));
}

#[test]
fn after_several_denials_in_a_row_the_word_is_wanted_for_what_is_not_low() {
    let mut w = World::with_console();
    for n in 0..3 {
        w.deny(UNKNOWN, &format!("{{\"n\":{n}}}"));
    }
    w.submit("read_file", "{}");
    assert_eq!(w.context(), (Level::Low, ids(&["first"])), "a low one passes as ever");
    w.submit(UNKNOWN, r#"{"n":3}"#);
    assert_eq!(w.context(), (Level::High, ids(&["denials"])), "and does not end the row");
    let id = w.newest_pending().id;
    w.answer(CONSOLE, id, Answer::Allow);
    for n in 3..6 {
        w.deny(UNKNOWN, &format!("{{\"n\":{n}}}"));
    }
    w.submit(UNKNOWN, "{}");
    assert_eq!(w.context(), (Level::High, ids(&["denials"])));
    assert!(w.newest_pending().confirm);
    w.pass(120_000);
    w.submit(UNKNOWN, "{}");
    assert_eq!(w.context().1, ids(&["denials"]), "silence is nobody's no, and nobody's yes");
}

#[test]
fn a_flood_is_told_and_raises_what_is_not_low() {
    let mut w = World::with_console();
    for _ in 0..59 {
        w.submit("read_file", "{}");
    }
    w.submit(UNKNOWN, "{}");
    assert_eq!(w.context(), (Level::High, ids(&["flood", "first"])));
    w.submit("read_file", "{}");
    assert_eq!(w.context(), (Level::Low, Vec::new()));
    w.pass(60_000);
    w.submit(UNKNOWN, "{}");
    assert_eq!(w.context(), (Level::Medium, Vec::new()));
}

#[test]
fn private_content_and_a_way_out_are_high_and_say_what_was_read() {
    let mut w = World::with_console();
    w.submit("fetch", PAGE);
    assert_eq!(w.context(), (Level::Medium, ids(&["first"])));
    w.allow("read_file", KEY);
    w.submit("fetch", PAGE);
    assert_eq!(w.context(), (Level::High, ids(&["leaks"])));
    assert!(w.says("context.leaks").contains("fs/read_file"));
    w.allow("fetch", PAGE);
    w.submit("fetch", PAGE);
    assert_eq!(w.context(), (Level::High, ids(&["trifecta"])));
    let says = w.says("context.trifecta");
    assert!(says.contains("fs/read_file") && says.contains("fs/fetch"), "{says}");
    w.submit("list_files", "{}");
    assert_eq!(w.context(), (Level::Low, ids(&["first"])), "what sends nothing out stays low");
}

#[test]
fn what_was_denied_was_not_read() {
    let mut w = World::with_console();
    w.deny("read_file", KEY);
    w.submit("fetch", PAGE);
    assert_eq!(w.context(), (Level::Medium, ids(&["first"])));
}

#[test]
fn foreign_content_alone_makes_no_further_page_high_but_a_message_says_so() {
    let mut w = World::with_console();
    w.allow("fetch", PAGE);
    w.submit("fetch", PAGE);
    assert_eq!(w.context(), (Level::Medium, Vec::new()));
    w.submit("send_email", r#"{"to":"eve@example.org","body":"hello"}"#);
    assert_eq!(w.context(), (Level::High, ids(&["steered", "first"])));
}

#[test]
fn a_conversation_is_its_hosts_over_all_servers_and_outlives_a_reconnect() {
    let mut w = World::with_console();
    w.wrap(OTHER, "s2", &["b"]);
    w.allow_as(OTHER, "read_file", KEY);
    w.event(Event::Gone(OTHER));
    w.submit("fetch", PAGE);
    assert_eq!(w.context().1, ids(&["leaks", "first"]), "what one server read, another may send");
    let alone = |w: &mut World, peer, session: &str| {
        let session = SessionId(session.to_owned());
        w.event(Event::Wrap { peer, session, server: server(&["c"]), host: None, project: Vec::new() });
    };
    alone(&mut w, PeerId(10), "s3");
    w.submit_as(PeerId(10), "fetch", PAGE, Era::Legacy, None);
    assert_eq!(w.context().1, ids(&["first"]), "another conversation");
}

#[test]
fn what_is_remembered_of_conversations_is_bounded() {
    let mut w = World::with_console();
    for n in 0..600 {
        let (peer, session) = (PeerId(100 + n), SessionId(format!("s{n}")));
        let host = Some(Process { pid: u32::try_from(n).expect("small"), start: 77 });
        w.event(Event::Wrap { peer, session, server: server(&["c"]), host, project: Vec::new() });
        w.submit_as(peer, "read_file", "{}", Era::Legacy, None);
    }
    assert_eq!(w.desk.conversations.len(), 256);
    for n in 0..600 {
        w.deny(UNKNOWN, &format!("{{\"n\":{n}}}"));
    }
    w.submit(UNKNOWN, r#"{"n":599}"#);
    assert!(w.context().1.contains(&"context.repeats".to_owned()));
}
