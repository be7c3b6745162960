//! Any lines from both sides and no decision: nothing that could be a `tools/call` is ever sent to the server.
//!
//! `cargo +nightly fuzz run intercept` (needs `cargo install cargo-fuzz`). The input is cut into lines at line feeds; a
//! line whose first byte is odd comes from the server.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sayso::intercept::{Effect, Event, Intercept, Settings};
use serde_json::Value;

fuzz_target!(|given: &[u8]| {
    let mut machine = Intercept::new(Settings::default());
    let mut out = Vec::new();
    for (now, line) in given.split(|byte| *byte == b'\n').enumerate() {
        let Some((side, line)) = line.split_first() else { continue };
        let event = if side % 2 == 1 { Event::ServerLine(line) } else { Event::HostLine(line) };
        machine.handle(now as u64, event, &mut out);
    }
    machine.handle(u64::MAX, Event::HubLost("gone".to_owned()), &mut out);
    assert_eq!(machine.held(), 0);
    for effect in out {
        match effect {
            Effect::ToServer(line) => {
                for piece in line.split(|byte| matches!(byte, b'\n' | b'\r')) {
                    let value: Value = serde_json::from_slice(piece).unwrap_or_default();
                    assert!(!value.is_array() && value["method"] != "tools/call");
                }
            }
            Effect::ToHost(line) => assert_eq!(line.iter().filter(|byte| **byte < 0x20).count(), 1),
            Effect::Warn(text) => assert!(text.chars().all(|c| !c.is_control())),
            Effect::ToHub(_) | Effect::CloseServer => {}
        }
    }
});
