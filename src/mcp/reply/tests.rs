//! What the model and the host read.

use super::*;

#[test]
fn b39_a_denial_is_never_reported_as_success() {
    let decision = Decision::new(DecisionKind::Denied, By::Human).because("not on \"prod\"\nplease");
    let line = denial("\"a\"", Era::Modern, &decision);
    let value: serde_json::Value = serde_json::from_slice(&line).expect("it is JSON");
    assert_eq!(value["id"], "a");
    assert_eq!(value["result"]["isError"], true);
    assert_eq!(value["result"]["resultType"], "complete");
    let text = value["result"]["content"][0]["text"].as_str().unwrap_or_default();
    assert!(text.contains("NOT executed") && text.contains("The user denied it and says"), "{text}");
    assert!(line.ends_with(b"\n") && line.iter().filter(|b| **b < 0x20).count() == 1);
}
