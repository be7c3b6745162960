//! Any bytes: refused, or what is emitted parses to the same value with no byte below 0x20.
//!
//! `cargo +nightly fuzz run frame` (needs `cargo install cargo-fuzz`).
#![no_main]

use libfuzzer_sys::fuzz_target;
use sayso::json;
use sayso::mcp::frame::{Frame, IdKey, Limits};
use serde_json::Value;

/// `None`: deeper than `serde_json` goes, though not deeper than sayso does.
fn value(text: &[u8]) -> Option<Value> {
    match serde_json::from_slice(text) {
        Ok(value) => Some(value),
        Err(error) => {
            assert!(error.to_string().starts_with("recursion limit"), "{error}");
            None
        }
    }
}

fn check(frame: &Frame, given: &[u8]) {
    let line = frame.clone().into_line();
    let (end, body) = line.split_last().expect("there is an end");
    assert!(*end == b'\n' && body.iter().all(|byte| *byte >= 0x20));
    let text = std::str::from_utf8(body).expect("text is emitted");
    assert!(!text.contains(['\u{85}', '\u{2028}', '\u{2029}']));
    let (before, after) = (value(given), value(body));
    assert_eq!(before, after);
    if let Some(value) = value(json::canonical(text).as_bytes()) {
        assert_eq!(Some(value), after);
    }
    assert_eq!(
        json::members(text).count(),
        after.map_or_else(|| json::members(text).count(), |v| v.as_object().expect("an object").len())
    );
}

fuzz_target!(|given: &[u8]| {
    match Frame::from_host(given, &Limits { max_line: 1 << 16 }) {
        Ok(frame) => {
            check(&frame, given);
            if let Ok(call) = frame.tool_call() {
                assert!(frame.text().contains(call.params));
            }
        }
        Err(refusal) => assert!(refusal.id.is_none_or(|id| IdKey::of(&id).is_some())),
    }
    if let Ok(frame) = Frame::from_server(given) {
        assert_eq!(frame.clone().into_line().iter().filter(|byte| **byte < 0x20).count(), 1);
    }
});
