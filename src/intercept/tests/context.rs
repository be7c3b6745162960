//! What the hub hears of the host itself.

use super::*;

fn contexts(world: &World) -> Vec<(Option<String>, Option<Vec<String>>)> {
    let told = world.to_hub.iter().filter_map(|message| match message {
        ToHub::Context { client, roots } => Some((client.clone(), roots.clone())),
        _ => None,
    });
    told.collect()
}

fn opened() -> World {
    let mut world = World::new();
    let info = r#"{"name":"an-editor","version":"1"}"#;
    world.host(&format!(r#"{{"jsonrpc":"2.0","id":80,"method":"initialize","params":{{"clientInfo":{info}}}}}"#));
    world
}

fn roots(uris: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":"r","result":{{"roots":[{uris}]}}}}"#)
}

const ASKS: &str = r#"{"jsonrpc":"2.0","id":"r","method":"roots/list"}"#;

#[test]
fn the_hub_hears_of_host_and_roots_before_the_call_and_only_when_something_is_new() {
    let mut world = opened();
    assert!(world.to_hub.is_empty(), "nobody is connected to for this alone");
    world.server(ASKS).host(&roots(r#"{"uri":"file:///home/me/my%20project/","name":"p"},{"uri":"https://x/"}"#));
    world.host(&write(1)).host(&write(2));
    let told = (Some("an-editor".to_owned()), Some(vec!["/home/me/my project".to_owned()]));
    assert_eq!(contexts(&world), std::slice::from_ref(&told));
    assert!(matches!(world.to_hub.first(), Some(ToHub::Context { .. })));
    world.feed(Event::HubLost("gone".into())).host(&write(3));
    assert_eq!(contexts(&world), [told.clone(), told], "the next hub hears it anew");
}

#[test]
fn roots_that_the_server_did_not_ask_for_are_not_believed() {
    let mut world = opened();
    world.host(&roots(r#"{"uri":"file:///"}"#)).host(&write(1));
    assert_eq!(contexts(&world), [(Some("an-editor".to_owned()), None)]);
    world.server(ASKS).host(&roots(r#"{"uri":"file:///a"}"#)).host(&roots(r#"{"uri":"file:///b"}"#)).host(&write(2));
    assert_eq!(contexts(&world).last().and_then(|c| c.1.clone()), Some(vec!["/a".to_owned()]), "one answer a question");
}

#[test]
fn the_modern_era_tells_both_within_the_call() {
    let mut world = World::new();
    let meta = META.replace('}', r#","io.modelcontextprotocol/clientInfo":{"name":"new","version":"2"}}"#);
    let answers = r#""inputResponses":{"k":{"roots":[{"uri":"file:///c%3A/work"},{"uri":"file://localhost/w"}]}}"#;
    world.host(&call("1", &format!(r#"{{"name":"write","arguments":{{}},{answers},{meta}}}"#)));
    assert_eq!(contexts(&world), [(Some("new".to_owned()), Some(vec!["c:/work".to_owned(), "/w".to_owned()]))]);
}
