//! What the server lists, and lists again.

use super::*;

fn page(tools: &str) -> Frame {
    let line = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":{tools}}}}}"#);
    Frame::from_server(line.as_bytes()).expect("it is a response")
}

#[test]
fn only_what_changed_is_given_out_again() {
    let mut catalog = Catalog::default();
    catalog.read(&page(r#"[{"name":"a","x":1},{"name":"b"}]"#), true);
    assert_eq!(catalog.take_fresh().concat().len(), 2);
    catalog.read(&page(r#"[{"x":1,"name":"a"},{"name":"b","description":"new"}]"#), true);
    let fresh = catalog.take_fresh().concat();
    assert_eq!(fresh.iter().map(|d| d.tool.as_str()).collect::<Vec<_>>(), ["b"]);
    catalog.all_fresh();
    assert_eq!(catalog.take_fresh().concat().len(), 2);
}
