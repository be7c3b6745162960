//! Tools beyond a server's access are left out of its list, and nothing else is changed.

use super::*;
use crate::risk::Access;

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read_file"},{"name":"delete_file","x":[1]},{"odd":1}],"nextCursor":"n"}}"#;

fn lines(out: &[Effect]) -> Vec<String> {
    let host = out.iter().filter_map(|effect| if let Effect::ToHost(line) = effect { Some(line) } else { None });
    host.map(|line| String::from_utf8(line.clone()).expect("text")).collect()
}

fn say(machine: &mut Intercept, event: Event<'_>) -> Vec<String> {
    let mut out = Vec::new();
    machine.handle(0, event, &mut out);
    lines(&out)
}

fn listed(machine: &mut Intercept) -> String {
    let ask = br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    say(machine, Event::HostLine(ask));
    say(machine, Event::ServerLine(LIST.as_bytes())).concat()
}

#[test]
fn what_needs_more_is_left_out_and_the_rest_stays_to_the_letter() {
    let mut machine = Intercept::new(Settings::default());
    assert_eq!(listed(&mut machine), format!("{LIST}\n"));
    assert_eq!(say(&mut machine, Event::Hub(FromHub::Hide(Some(Access::Read)))), Vec::<String>::new());
    let wanted = LIST.replace(r#",{"name":"delete_file","x":[1]}"#, "");
    assert_eq!(listed(&mut machine), format!("{wanted}\n"));
    say(&mut machine, Event::Hub(FromHub::Hide(Some(Access::Admin))));
    assert_eq!(listed(&mut machine), format!("{LIST}\n"));
    // What is hidden is known all the same: a call of it is judged with its definition.
    assert!(machine.catalog.get(&ToolName::new("delete_file").expect("a name")).is_some());
}

#[test]
fn a_host_that_listens_is_told_when_something_is_hidden_or_shown_anew() {
    let mut machine = Intercept::new(Settings::default());
    let hello = br#"{"jsonrpc":"2.0","id":9,"method":"initialize","params":{}}"#;
    say(&mut machine, Event::HostLine(hello));
    let can = br#"{"jsonrpc":"2.0","id":9,"result":{"capabilities":{"tools":{"listChanged":true}}}}"#;
    say(&mut machine, Event::ServerLine(can));
    let hide = |above| Event::Hub(FromHub::Hide(above));
    // Nothing was listed yet, so nothing has changed.
    assert_eq!(say(&mut machine, hide(Some(Access::Read))), Vec::<String>::new());
    listed(&mut machine);
    let changed = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n";
    assert_eq!(say(&mut machine, hide(None)), [changed]);
    assert_eq!(say(&mut machine, hide(Some(Access::Admin))), Vec::<String>::new());
    assert_eq!(say(&mut machine, hide(Some(Access::Write))), [changed]);
    assert_eq!(say(&mut machine, hide(Some(Access::Read))), Vec::<String>::new());
}
