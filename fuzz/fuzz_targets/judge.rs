//! Any call: judged, without a panic, the same twice, and never below what its tool's name alone says, but where the tool
//! only runs what it is given.
//!
//! `cargo +nightly fuzz run judge` (needs `cargo install cargo-fuzz`). The input is the tool's name, a line feed, its
//! definition, a line feed, and the arguments; what is no strict JSON is taken as one text instead.
#![no_main]

use std::panic::{set_hook, take_hook};
use std::sync::{Arc, Once};

use libfuzzer_sys::fuzz_target;
use sayso::call::{Call, CallId, Definition, Digest, Params, Server, ServerName, SessionId, ToolName};
use sayso::json::{Duplicates, compact, quote};
use sayso::risk::{Facts, Known, assess, assess_known, meta};
use serde_json::value::RawValue;

fn raw(text: String) -> Option<Box<RawValue>> {
    RawValue::from_string(text).ok()
}

fn call(tool: &str, definition: &str, arguments: &str) -> Option<Call> {
    let name = ToolName::new(tool).ok()?;
    let text = format!(r#"{{"sql":{0},"command":{0},"path":[{0}],"url":{0},"args":{0}}}"#, quote(arguments));
    let arguments = compact(arguments.as_bytes(), Duplicates::Everywhere).ok().filter(|own| own.starts_with('{'));
    let params = format!(r#"{{"name":{},"arguments":{}}}"#, quote(tool), arguments.unwrap_or(text));
    let params = compact(params.as_bytes(), Duplicates::Everywhere).ok()?;
    let definition = compact(definition.as_bytes(), Duplicates::Envelope).ok().and_then(raw);
    Some(Call {
        id: CallId(1),
        session: SessionId(String::new()),
        server: Arc::new(Server {
            name: ServerName::new("server").expect("a name"),
            command: String::new(),
            args: vec!["/srv".to_owned()],
            cwd: "/".to_owned(),
            environment: Digest::of(b""),
        }),
        tool: name.clone(),
        params: Params::new(raw(params)?),
        definition: definition.map(|raw| Arc::new(Definition::new(name, raw))),
    })
}

/// The shell parser's panics are caught by the judge (such a line is unreadable): they end no run.
fn bear_with_the_parser() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ends = take_hook();
        set_hook(Box::new(move |panic| {
            if !panic.location().is_some_and(|place| place.file().contains("brush-parser")) {
                ends(panic);
            }
        }));
    });
}

fuzz_target!(|given: &[u8]| {
    bear_with_the_parser();
    let text = String::from_utf8_lossy(given);
    let mut parts = text.splitn(3, '\n');
    let (tool, definition) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Some(call) = call(tool, definition, parts.next().unwrap_or_default()) else { return };
    let facts = Facts::default();
    let known = Known::of(tool, call.definition.as_deref());
    let risk = assess_known(&known, &call, &facts);
    assert_eq!(risk, assess(&call, &facts));
    assert_eq!(Some(risk.level), risk.findings.iter().map(|f| f.level).max());
    // A tool that runs what it is given is as harmful as that.
    let given = risk.findings.iter().any(|f| f.id == "name.given");
    assert!(known.findings().iter().all(|f| f.level <= risk.level || given && f.id == "name.executes"));
    assert!(given || known.access() <= risk.access());
    for finding in &risk.findings {
        assert!(!finding.says.is_empty() && (finding.span.is_none() || finding.at.is_some()));
    }
    let _ = meta::holds_chooser(call.params.arguments());
});
