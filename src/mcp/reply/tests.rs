//! What the model and the host read.

use serde_json::{Value, json};

use super::*;

fn parse(line: &[u8]) -> Value {
    let body = line.strip_suffix(b"\n").expect("every line ends");
    assert!(body.iter().all(|b| *b >= 0x20));
    serde_json::from_slice(body).expect("it is JSON")
}

fn text(decision: &Decision) -> String {
    let line = parse(&denial("1", Era::Legacy, decision));
    line["result"]["content"][0]["text"].as_str().expect("there is a text").to_owned()
}

#[test]
fn b39_a_denial_is_never_reported_as_success() {
    for kind in DecisionKind::ALL {
        for by in By::ALL {
            for era in [Era::Legacy, Era::Modern] {
                let value = parse(&denial("\"a\\u0062\"", era, &Decision::new(*kind, *by).because("x")));
                assert_eq!(value["id"], "ab");
                assert_eq!(value["result"]["isError"], true);
                assert!(value["error"].is_null());
                let words = value["result"]["content"][0]["text"].as_str().expect("there is a text");
                assert!(words.contains("NOT executed") && words.contains("Do not retry"), "{words}");
            }
        }
    }
}

#[test]
fn only_a_modern_denial_says_that_it_is_complete() {
    let decision = Decision::new(DecisionKind::Denied, By::Human);
    let result = |era| parse(&denial("7", era, &decision))["result"].clone();
    assert_eq!(result(Era::Modern)["resultType"], "complete");
    assert_eq!(result(Era::Legacy).as_object().map(serde_json::Map::len), Some(2));
}

#[test]
fn the_persons_reason_is_told_as_theirs() {
    let decision = Decision::new(DecisionKind::Denied, By::Human).because(" not on \"prod\"\nplease ");
    assert!(
        text(&decision).contains("The user denied it and says: \"not on \"prod\"\nplease\""),
        "{}",
        text(&decision)
    );
    let long = Decision::new(DecisionKind::Denied, By::Human).because("é".repeat(5_000));
    assert!(text(&long).chars().count() < 1_200);
    let empty = Decision::new(DecisionKind::Denied, By::Human).because("  ");
    assert!(text(&empty).contains("The user denied it."));
}

#[test]
fn a_denial_tells_no_rule_and_no_approval() {
    let decision = Decision { rule: Some("policy.toml:12".into()), ..Decision::new(DecisionKind::Denied, By::Rule) };
    assert!(!text(&decision).contains("policy.toml"));
}

#[test]
fn a_timeout_says_what_the_hub_says_of_it() {
    let decision = Decision::new(DecisionKind::TimedOut, By::Deadline).because("open a console by running `sayso`");
    assert!(text(&decision).contains("Nobody approved it in time: open a console by running `sayso`."));
}

#[test]
fn a_refusal_is_an_error_under_the_id_or_null() {
    let want =
        json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "refused by sayso: a \"b\"\n"}});
    assert_eq!(parse(&error(None, -32700, "a \"b\"\n")), want);
    assert_eq!(parse(&error(Some("12345678901234567890"), -32600, ""))["id"], json!(12_345_678_901_234_567_890_u64));
}

#[test]
fn signs_of_life_strictly_increase_and_stay_tiny() {
    let values: Vec<f64> = [1, 2, 9, 10, 999_999, 1_000_000, 1_000_001]
        .map(|count| parse(&progress("\"t\"", count, 42))["params"]["progress"].as_f64().expect("a number"))
        .into();
    assert!(values.is_sorted_by(|a, b| a < b) && values[0] > 0.0 && values[3] < 0.000_1, "{values:?}");
    let line = parse(&progress("18446744073709551616", 1, 42));
    assert_eq!(line["method"], "notifications/progress");
    assert_eq!(line["params"]["message"], "waiting for approval, 42 s left");
    assert!(progress("18446744073709551616", 1, 42).windows(20).any(|w| w == b"18446744073709551616"));
}
