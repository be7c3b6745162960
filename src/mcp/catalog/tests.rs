//! What the server lists, and lists again.

use super::*;

fn page(tools: &str) -> Frame {
    let line = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":{tools}}}}}"#);
    Frame::from_server(line.as_bytes()).expect("it is a response")
}

fn digest(catalog: &Catalog, tool: &str) -> Digest {
    catalog.get(&ToolName::new(tool).expect("a name")).expect("it is listed").digest
}

#[test]
fn only_what_changed_is_given_out_again() {
    let mut catalog = Catalog::default();
    catalog.read(&page(r#"[{"name":"a","x":1},{"name":"b"}]"#), true);
    assert_eq!(catalog.take_fresh().concat().len(), 2);
    catalog.read(&page(r#"[{"x":1,"name":"a"},{"name":"b","description":"new"}]"#), true);
    let fresh = catalog.take_fresh().concat();
    assert_eq!(fresh.iter().map(|d| d.tool.as_str()).collect::<Vec<_>>(), ["b"]);
    assert!(catalog.take_fresh().is_empty());
    catalog.all_fresh();
    assert_eq!(catalog.take_fresh().concat().len(), 2);
}

#[test]
fn a_tool_listed_twice_in_two_ways_is_neither() {
    let (one, two) = (r#"{"name":"a","x":1}"#, r#"{"name":"a","x":2}"#);
    let alone = |text: &str| {
        let mut catalog = Catalog::default();
        catalog.read(&page(&format!("[{text}]")), true);
        digest(&catalog, "a")
    };
    let mut catalog = Catalog::default();
    catalog.read(&page(&format!("[{one},{two}]")), true);
    let both = digest(&catalog, "a");
    assert!(both != alone(one) && both != alone(two));
    // Also when the second one comes on a later page, and both are told to the hub.
    catalog.read(&page(&format!("[{one}]")), true);
    assert_eq!(digest(&catalog, "a"), alone(one));
    catalog.read(&page(&format!("[{two}]")), false);
    assert_eq!(digest(&catalog, "a"), both);
    assert_eq!(catalog.take_fresh().concat()[0].raw.get(), format!("[{one},{two}]"));
    // The same page again changes nothing.
    catalog.read(&page(&format!("[{one},{two}]")), false);
    assert!(catalog.take_fresh().is_empty());
}

#[test]
fn what_is_not_a_definition_is_passed_over() {
    let mut catalog = Catalog::default();
    let long = "x".repeat(300);
    catalog.read(&page(&format!(r#"[1,null,[],{{}},{{"name":1}},{{"name":"{long}"}},{{"name":"ok"}}]"#)), true);
    assert_eq!(catalog.take_fresh().concat().len(), 1);
    catalog.read(&page("{}"), true);
    catalog.read(&Frame::from_server(br#"{"jsonrpc":"2.0","id":1,"result":[]}"#).expect("a response"), true);
    assert!(catalog.take_fresh().is_empty());
}

#[test]
fn a_definition_with_two_names_is_known_under_both() {
    let mut catalog = Catalog::default();
    catalog.read(&page(r#"[{"name":"a","name":"b"}]"#), true);
    assert_eq!(digest(&catalog, "a"), digest(&catalog, "b"));
}

#[test]
fn a_catalog_too_large_to_keep_still_knows_every_digest() {
    let mut catalog = Catalog::default();
    let filler = "x".repeat(3 << 20);
    for i in 0..12 {
        catalog.read(&page(&format!(r#"[{{"name":"t{i}","description":"{filler}"}}]"#)), i == 0);
    }
    let before = digest(&catalog, "t11");
    let chunks = catalog.take_fresh();
    assert!(chunks.len() > 4 && chunks.concat().len() == 12);
    catalog.read(&page(&format!(r#"[{{"name":"t11","description":"{filler}!"}}]"#)), true);
    assert_ne!(digest(&catalog, "t11"), before);
    assert_eq!(catalog.take_fresh().concat().len(), 1);
}
